//! Transcripts: briefings and interviews in speaker turns, plain or Markdown.
//!
//! `mark` reads where turns start, `role` decides who asks and who answers, this file makes pairs and statements.
//!
//! What counts as a pair follows what a careful reader would mark:
//!
//! - Question turns in a row are one question; the turns that follow, up to the next question, are its answer.
//! - A remark from the floor that is answered ("But —", "Is that a yes?") is a question of its own.
//! - A moderator's turns ("Next question, please.") at either end of an answer are no part of it; if nothing else
//!   is left, there is no pair.
//! - Neither is a word of parting at the end of the transcript, nor a short word behind a moderator ("Okay. Tony.").
//! - An answer as short as "Go ahead." is kept when it is the respondent's own.
//! - Turns that are in no pair are block statements when they are long enough to say something: opening remarks,
//!   panels without questions.
//!
//! Absent on purpose: posts with ❓ and 💬, which `layout` reads. A text is a transcript only when its turns say so:
//! one colon, or ten colons after different words, do not.

mod mark;
mod role;

use dictum_core::{
    Diagnostic, Form, FormKind, Manner, QuestionAnswer, QuotedStatement, Span, Speaker, UnknownSpeaker,
};

use self::{
    mark::{Kind, Turn},
    role::Part,
};
use crate::{
    Rule,
    people::{self, Naming, People},
    stretch::{Found, Layout, Stretch, Voice},
};

const RULE_PAIR: &str = "turns-question-answer";
const RULE_STATEMENT: &str = "turns-statement";
const RULE_BOLD: &str = "turns-bold-question";

/// The rules of this module.
pub(crate) const RULES: &[Rule] = &[
    Rule {
        id: RULE_PAIR,
        form: FormKind::QuestionAnswer,
        manner: None,
        description: "In a transcript, the turns of those who ask and the turns of those who answer.",
        source: "turns.toml",
    },
    Rule {
        id: RULE_BOLD,
        form: FormKind::QuestionAnswer,
        manner: None,
        description: "In an interview without labels, a bold or dashed paragraph that asks and the paragraphs after it.",
        source: "signs of the layout",
    },
    Rule {
        id: RULE_STATEMENT,
        form: FormKind::QuotedStatement,
        manner: Some(Manner::Block),
        description: "A long turn of a transcript that answers no question: opening remarks, a panel.",
        source: "turns.toml",
    },
];

/// A turn shorter than this, outside pairs, says nothing of its own ("Good morning.").
const MIN_STATEMENT: usize = 140;
/// "Thank you very much. All the best!": the last words of a transcript are no longer.
const MAX_PARTING: usize = 80;
/// The names of a transcript's people are looked for in so many bytes of its start.
const HEAD: usize = 3_000;

/// Reads a text without signs of a post as a transcript, or returns `None` when it is none.
pub(crate) fn read(text: &str, people: &mut People, _diagnostics: &mut Vec<Diagnostic>) -> Option<Layout> {
    let has = |sign: &str| memchr::memmem::find(text.as_bytes(), sign.as_bytes()).is_some();
    if has("💬") || has("❓") {
        return None;
    }
    let mut transcript = mark::read(text)?;
    role::assign(text, &mut transcript)?;
    let turns = &transcript.turns;
    let names =
        Names { text, head: &text[..floor(text, HEAD.min(text.len()))], first_turn: turns[0].label.start() };
    let mut speakers: Vec<Result<Speaker, UnknownSpeaker>> =
        turns.iter().map(|turn| names.of(turn, people)).collect();
    name_answers(turns, &mut speakers);
    let rule = if transcript.unlabelled { RULE_BOLD } else { RULE_PAIR };

    let mut layout = Layout { title: title(text, names.first_turn), ..Layout::default() };
    let mut in_pair = vec![false; turns.len()];
    for (questions, answers) in pairs(turns) {
        let (question, answer) = (across(turns, &questions), across(turns, &answers));
        in_pair[questions.start..answers.end].fill(true);
        layout.found.push(Found {
            form: Form::QuestionAnswer(QuestionAnswer {
                question,
                asker: speakers[questions.start].clone(),
                answer,
                respondent: speakers[answers.start].clone(),
            }),
            rule,
            confidence: if transcript.unlabelled { 0.8 } else { 0.95 },
        });
    }
    for (n, turn) in turns.iter().enumerate() {
        if let Ok(speaker) = &speakers[n] {
            people.note(speaker);
        }
        if !in_pair[n] && turn.part == Part::Answers && turn.content.len() >= MIN_STATEMENT {
            layout.found.push(statement(turn, &speakers[n]));
        }
    }
    layout.stretches = stretches(text, turns, &speakers);
    Some(layout)
}

/// Where the labels name one who answers, "Answer:" is theirs too.
fn name_answers(turns: &[Turn], speakers: &mut [Result<Speaker, UnknownSpeaker>]) {
    let named = |n: &usize| turns[*n].kind == Kind::Named && turns[*n].part == Part::Answers;
    let mut keys = (0..turns.len()).filter(named);
    let Some(first) = keys.next() else { return };
    if keys.any(|n| turns[n].key != turns[first].key) {
        return;
    }
    let who = speakers[first].clone();
    for (turn, speaker) in turns.iter().zip(speakers) {
        if turn.kind == Kind::Answer {
            speaker.clone_from(&who);
        }
    }
}

/// Returns, for each pair, the numbers of its question turns and of its answer turns.
fn pairs(turns: &[Turn]) -> Vec<(std::ops::Range<usize>, std::ops::Range<usize>)> {
    let mut pairs = Vec::new();
    let mut n = 0;
    while n < turns.len() {
        if turns[n].part != Part::Asks {
            n += 1;
            continue;
        }
        let questions = n..run(turns, n, |part| part == Part::Asks);
        let end = run(turns, questions.end, |part| part != Part::Asks);
        let mut answers: Vec<usize> =
            (questions.end..end).filter(|i| turns[*i].part == Part::Answers).collect();
        while let [first, .., last] = answers[..]
            && said_once(turns, last)
            && turns[first].key != turns[last].key
        {
            answers.pop();
        }
        while let [.., before, last] = answers[..]
            && hands_over(turns, before, last)
        {
            answers.pop();
        }
        if let (Some(first), Some(last)) = (answers.first(), answers.last()) {
            pairs.push((questions, *first..*last + 1));
        }
        n = end;
    }
    pairs
}

/// Returns whether somebody speaks shortly, and only here: "Thank you, colleagues." ends a briefing, no answer.
fn said_once(turns: &[Turn], n: usize) -> bool {
    turns[n].content.len() < MIN_STATEMENT
        && turns.iter().filter(|turn| turn.key == turns[n].key).count() == 1
}

/// Returns whether a turn is a word of parting at the very end, or a short word behind a moderator: "Okay. Tony."
fn hands_over(turns: &[Turn], before: usize, last: usize) -> bool {
    let length = turns[last].content.len();
    last + 1 == turns.len() && length < MAX_PARTING || before + 1 < last && length < MAX_PARTING / 2
}

fn run(turns: &[Turn], from: usize, is: impl Fn(Part) -> bool) -> usize {
    turns[from..].iter().position(|turn| !is(turn.part)).map_or(turns.len(), |n| from + n)
}

fn across(turns: &[Turn], numbers: &std::ops::Range<usize>) -> Span {
    let (first, last) = (turns[numbers.start].content, turns[numbers.end - 1].content);
    Span::new(first.start(), last.end().max(first.start())).unwrap_or(first)
}

fn statement(turn: &Turn, speaker: &Result<Speaker, UnknownSpeaker>) -> Found {
    Found {
        form: Form::QuotedStatement(QuotedStatement {
            speaker: speaker.clone(),
            source: (turn.kind == Kind::Named).then_some(turn.label),
            cue: None,
            content: turn.content,
            content_parts: Vec::new(),
            manner: Manner::Block,
            attribution_chain: Vec::new(),
        }),
        rule: RULE_STATEMENT,
        confidence: 0.9,
    }
}

/// Every turn is searched in its speaker's voice; what is before the first, as narrative.
fn stretches(text: &str, turns: &[Turn], speakers: &[Result<Speaker, UnknownSpeaker>]) -> Vec<Stretch> {
    let before = Span::new(0, turns.first().map_or(text.len(), |turn| turn.label.start())).ok();
    let before = before.filter(|span| !span.is_empty()).map(|span| Stretch { span, voice: Voice::Narrator });
    let spoken =
        turns.iter().zip(speakers).filter(|(turn, _)| !turn.content.is_empty()).map(|(turn, speaker)| {
            Stretch { span: turn.content, voice: speaker.clone().map_or(Voice::Unknown, Voice::Of) }
        });
    before.into_iter().chain(spoken).collect()
}

/// The first line before the turns, when it is short enough to be a heading.
fn title(text: &str, first_turn: usize) -> Option<Span> {
    let head = text.get(..first_turn)?;
    let line = head.lines().find(|line| line.chars().any(char::is_alphabetic))?;
    let clean = line.trim().trim_matches(['#', '*', '_', ' ']);
    let start = clean.as_ptr() as usize - text.as_ptr() as usize;
    (clean.len() <= 300).then(|| Span::new(start, start + clean.len()).ok()).flatten()
}

/// Finds whose a turn is.
struct Names<'t> {
    text: &'t str,
    head: &'t str,
    first_turn: usize,
}

impl Names<'_> {
    fn of(&self, turn: &Turn, people: &mut People) -> Result<Speaker, UnknownSpeaker> {
        if let Some(named) = turn.named_in_content.and_then(|span| span.slice(self.text)) {
            return Ok(Speaker { name: named.trim().to_owned(), ..Speaker::default() });
        }
        match turn.kind {
            Kind::Named => Ok(people.complete(self.named(turn))),
            Kind::Answer => self.guest().ok_or(UnknownSpeaker::NotNamed),
            Kind::Question | Kind::Moderator => Err(UnknownSpeaker::NotNamed),
        }
    }

    /// Completes `MS. LEE`, `THE PRESIDENT`, `В.Петров` with what the head of the text calls them.
    fn named(&self, turn: &Turn) -> Speaker {
        let label = turn.label.slice(self.text).unwrap_or_default().trim_matches(['*', '_', ' ']);
        let label = label.split('(').next().unwrap_or(label).trim();
        let parsed = people::read(&people::in_small_letters(label)).or_else(|| people::read(label));
        let (naming, speaker) = parsed
            .unwrap_or_else(|| (Naming::Person, Speaker { name: label.to_owned(), ..Speaker::default() }));
        let wanted = match naming {
            Naming::Person | Naming::Institution => {
                speaker.name.rsplit([' ', '.']).next().unwrap_or_default().to_lowercase()
            }
            Naming::Role => String::new(),
        };
        let full = self.in_head(|found, found_speaker| match naming {
            Naming::Role => {
                let role = found_speaker.role.as_deref().unwrap_or_default().to_lowercase();
                found == Naming::Person && role.ends_with(&speaker.name.to_lowercase())
            }
            _ => {
                found == Naming::Person
                    && found_speaker.name.to_lowercase().rsplit(' ').next() == Some(wanted.as_str())
            }
        });
        match full {
            Some(full) if full.name.contains(' ') || naming == Naming::Role => {
                Speaker { role: full.role.or(speaker.role), ..full }
            }
            _ => speaker,
        }
    }

    /// The person whom the head names first: for answers labelled "A".
    fn guest(&self) -> Option<Speaker> {
        self.in_head(|naming, speaker| naming == Naming::Person && speaker.name.contains(' '))
    }

    /// Returns the first name in the head, before the turns, that fits.
    fn in_head(&self, fits: impl Fn(Naming, &Speaker) -> bool) -> Option<Speaker> {
        let head = self.head.get(..self.first_turn.min(self.head.len())).unwrap_or(self.head);
        capital_runs(head).find_map(|phrase| {
            let (naming, speaker) = people::read(phrase)?;
            fits(naming, &speaker).then_some(speaker)
        })
    }
}

/// Returns the runs of capitalised words of a text, with the small words inside titles ("Secretary of State").
fn capital_runs(head: &str) -> impl Iterator<Item = &str> {
    head.split(['\n', ',', ';', ':', '(', ')', '"', '“', '”', '—', '–', '/']).flat_map(|clause| {
        let mut runs = Vec::new();
        let mut open: Option<(usize, usize)> = None;
        for word in clause.split_whitespace() {
            let start = word.as_ptr() as usize - clause.as_ptr() as usize;
            let end = start + word.len();
            let bare = word.trim_start_matches(['*', '#', '_']);
            let capital = bare.starts_with(char::is_uppercase);
            let inner =
                matches!(word, "of" | "for" | "the" | "de" | "del" | "la" | "van" | "von" | "al" | "bin");
            open = match open {
                Some((from, _)) if capital => Some((from, end)),
                Some((from, to)) if inner => {
                    runs.push((from, to));
                    Some((from, to))
                }
                None if capital => Some((start, end)),
                Some(run) => {
                    runs.push(run);
                    None
                }
                None => None,
            };
        }
        runs.extend(open);
        runs.into_iter()
            .map(move |(from, to)| clause[from..to].trim_matches(['*', '#', '_']))
            .collect::<Vec<_>>()
    })
}

fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
