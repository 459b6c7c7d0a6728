//! Opens and closes statements, questions and answers along the lines of a post.

use dictum_core::{
    Diagnostic, DiagnosticKind, Form, Manner, QuestionAnswer, QuotedStatement, Span, Speaker, UnknownSpeaker,
};

use super::{
    Heading,
    labels::{Label, Labelled},
    lines::{Line, Sign},
    roles::Role,
    words::is_first_person,
};
use crate::{
    people::{Naming, People},
    stretch::{Found, Layout, Stretch, Voice},
};

type Who = Result<Speaker, UnknownSpeaker>;

/// Reads the lines of a post, given what each of them is.
pub(super) fn read(
    text: &str,
    lines: &[Line<'_>],
    roles: &[Role],
    heading: &Heading,
    people: &mut People,
    diagnostics: &mut Vec<Diagnostic>,
) -> Layout {
    let mut reader = Reader {
        text,
        heading,
        people,
        diagnostics,
        layout: Layout::default(),
        open: Open::Nothing,
        last_speaker: None,
        default: default_for(text, lines, roles, heading),
        are_points: false,
    };
    let answered = answered(roles);
    for (at, (line, role)) in lines.iter().zip(roles).enumerate() {
        reader.step(line, role, answered[at]);
    }
    reader.close();
    reader.layout
}

/// For each line, whether a speech comes before the next question.
fn answered(roles: &[Role]) -> Vec<bool> {
    let mut answered = vec![false; roles.len()];
    let mut speech_follows = false;
    for (at, role) in roles.iter().enumerate().rev() {
        answered[at] = speech_follows;
        match role {
            Role::Speech(_) => speech_follows = true,
            Role::Question(_) => speech_follows = false,
            _ => {}
        }
    }
    answered
}

/// What a content line opens when nothing is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Default {
    Narrative,
    /// The announced speaker's statement.
    Statement,
}

/// In a post without 💬, a title that announces somebody's words opens them at the first content line.
fn default_for(text: &str, lines: &[Line<'_>], roles: &[Role], heading: &Heading) -> Default {
    let Some((_, speaker)) = &heading.speaker else { return Default::Narrative };
    if roles.iter().any(|role| matches!(role, Role::Speech(_) | Role::Label(_))) {
        return Default::Narrative;
    }
    // A plain headline over an article announces nothing unless the article speaks for itself.
    let first =
        lines.iter().zip(roles).find(|(_, role)| matches!(role, Role::Content)).map(|(line, _)| line.body);
    let speaks = first.is_some_and(|body| {
        is_first_person(body) && !is_about(body, speaker) && !text.contains(['“', '«', '"'])
    });
    if heading.has_sign || speaks { Default::Statement } else { Default::Narrative }
}

/// Whether a paragraph is a report about the speaker, not their words.
fn is_about(paragraph: &str, speaker: &Speaker) -> bool {
    let surname = speaker.name.rsplit(' ').next().unwrap_or(&speaker.name);
    paragraph.contains(surname) && !is_first_person(paragraph)
}

/// What is being read.
#[derive(Debug)]
enum Open {
    Nothing,
    Narrative(Block),
    /// A question that will be answered.
    Question(Block, Who),
    Statement(Statement),
}

/// First and last byte of some lines; no lines yet when `start` is `None`.
#[derive(Debug, Clone, Copy, Default)]
struct Block {
    start: Option<usize>,
    end: usize,
}

impl Block {
    fn new(start: usize, end: usize) -> Self {
        let mut block = Self::default();
        block.extend(start, end);
        block
    }

    fn extend(&mut self, start: usize, end: usize) {
        if start < end {
            self.start.get_or_insert(start);
            self.end = end;
        }
    }

    fn span(self) -> Option<Span> {
        Span::new(self.start?, self.end).ok().filter(|span| !span.is_empty())
    }
}

/// Somebody's words.
#[derive(Debug)]
struct Statement {
    block: Block,
    who: Who,
    source: Option<Span>,
    cue: Option<Span>,
    rule: &'static str,
    confidence: f32,
    /// The question that it answers.
    question: Option<(Span, Who)>,
    /// Each marked paragraph is a statement of its own.
    are_items: bool,
    /// Whether the first words came.
    is_begun: bool,
    /// The quotation that it starts with, while it may be all of it.
    quotation: Option<Quotation>,
}

struct Reader<'a> {
    text: &'a str,
    heading: &'a Heading,
    people: &'a mut People,
    diagnostics: &'a mut Vec<Diagnostic>,
    layout: Layout,
    open: Open,
    /// Whom the last label named.
    last_speaker: Option<Speaker>,
    default: Default,
    /// "Key points:" came.
    are_points: bool,
}

impl Reader<'_> {
    fn step(&mut self, line: &Line<'_>, role: &Role, is_answered: bool) {
        match role {
            Role::Skipped | Role::Tags | Role::Pin(_) => {}
            Role::Link | Role::Heading => self.close(),
            Role::Speech(label) => self.speech(line, label.as_ref()),
            Role::Label(label) => self.label(line, label),
            Role::Question(label) if is_answered => self.question(line, label.as_ref()),
            Role::Question(_) => {
                self.diagnose(DiagnosticKind::RhetoricalQuestion, line, "nobody answers the question");
                self.content(line);
            }
            Role::KeyPoints => self.key_points(line),
            Role::Content => self.content(line),
        }
    }

    /// 💬 opens an answer or a statement.
    fn speech(&mut self, line: &Line<'_>, label: Option<&Labelled>) {
        let question = match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Question(block, asker) => block.span().map(|span| (span, asker)),
            other => {
                self.open = other;
                None
            }
        };
        self.close();
        self.are_points = false;
        let is_answer = label.is_some_and(|label| matches!(label.label, Label::Answer));
        if is_answer && question.is_none() {
            self.diagnose(DiagnosticKind::AnswerWithoutQuestion, line, "an answer stands without a question");
        }
        let (who, source, voice) = self.voice(line, label);
        let start = label.map_or(line.body_start, |label| label.content_start);
        let (rule, confidence) = match (&question, voice) {
            (Some(_), From::Label) => ("pair-labelled", 0.97),
            (Some(_), From::Title) => ("pair-titled", 0.95),
            (Some(_), From::Before) => ("pair-titled", 0.85),
            (Some(_), From::Nowhere) => ("pair-unnamed", 0.7),
            (None, From::Label) => ("block-labelled", 0.97),
            (None, From::Title) => ("block-titled", 0.93),
            (None, From::Before) => ("block-inherited", 0.75),
            (None, From::Nowhere) => ("block-unnamed", 0.5),
        };
        self.open = Open::Statement(Statement {
            block: Block::new(start, line.end()),
            who,
            source,
            cue: line.sign_span(self.text),
            rule,
            confidence,
            question,
            are_items: false,
            is_begun: false,
            quotation: None,
        });
        self.close_after_quotation();
    }

    /// Decides who speaks behind 💬, which words name them, and where the name comes from.
    fn voice(&mut self, line: &Line<'_>, label: Option<&Labelled>) -> (Who, Option<Span>, From) {
        if let Some(Labelled { label: Label::Speaker(named), .. }) = label {
            let speaker = self.resolve(named.naming, named.speaker.clone());
            self.last_speaker = Some(speaker.clone());
            return (Ok(speaker), Some(named.source), From::Label);
        }
        if let Some((_, speaker)) = &self.heading.speaker {
            return (Ok(speaker.clone()), None, From::Title);
        }
        if let Some(speaker) = &self.last_speaker {
            return (Ok(speaker.clone()), None, From::Before);
        }
        self.diagnose(
            DiagnosticKind::UnknownSpeaker,
            line,
            "neither a label nor the title names the speaker",
        );
        (Err(UnknownSpeaker::NotNamed), None, From::Nowhere)
    }

    /// Fills in what the document said before about a speaker whom it now names in short.
    fn resolve(&mut self, naming: Naming, speaker: Speaker) -> Speaker {
        if naming == Naming::Role {
            let same = |known: &&Speaker| {
                known
                    .role
                    .as_ref()
                    .is_some_and(|role| role.to_lowercase().contains(&speaker.name.to_lowercase()))
            };
            let mut fitting = self.people.known().iter().filter(same);
            return match (fitting.next(), fitting.next()) {
                (Some(only), None) => only.clone(),
                _ => speaker,
            };
        }
        self.people.note(&speaker);
        self.people.complete(speaker)
    }

    /// A label behind another sign than 💬 opens a statement.
    fn label(&mut self, line: &Line<'_>, label: &Labelled) {
        let Label::Speaker(named) = &label.label else { return };
        self.close();
        self.are_points = false;
        let speaker = self.resolve(named.naming, named.speaker.clone());
        self.last_speaker = Some(speaker.clone());
        self.open = Open::Statement(Statement {
            block: Block::new(label.content_start, line.end()),
            who: Ok(speaker),
            source: Some(named.source),
            cue: line.sign_span(self.text),
            rule: "block-label-alone",
            confidence: 0.9,
            question: None,
            are_items: false,
            is_begun: false,
            quotation: None,
        });
        self.close_after_quotation();
    }

    /// ❓ that will be answered.
    fn question(&mut self, line: &Line<'_>, label: Option<&Labelled>) {
        self.close();
        self.are_points = false;
        let asker = match label {
            Some(Labelled { label: Label::Speaker(named), .. }) => {
                Some(self.resolve(named.naming, named.speaker.clone()))
            }
            _ => self.heading.asker.clone(),
        };
        let start = label.map_or(line.body_start, |label| label.content_start);
        let block = Block::new(start, line.end());
        self.open = Open::Question(block, asker.ok_or(UnknownSpeaker::NotNamed));
    }

    /// "Key points:" makes each item after it a statement of whoever speaks.
    fn key_points(&mut self, line: &Line<'_>) {
        let speaks = match &self.open {
            Open::Statement(statement) => statement.who.clone().ok(),
            _ => None,
        };
        let speaker = speaks
            .or_else(|| self.heading.speaker.clone().map(|(_, speaker)| speaker))
            .or_else(|| self.last_speaker.clone());
        if speaker.is_none() {
            self.content(line);
            return;
        }
        self.close();
        self.last_speaker = speaker;
        self.are_points = true;
    }

    /// A line without a role of its own continues what is open, or opens what the post opens by default.
    fn content(&mut self, line: &Line<'_>) {
        let opens_item = !matches!(line.sign, Sign::None | Sign::Stress | Sign::Question);
        if self.are_points && opens_item {
            self.close();
            self.open_item(line, "block-point", 0.85);
            return;
        }
        match &mut self.open {
            Open::Statement(statement) if !(statement.are_items && opens_item) => {
                statement.block.extend(
                    if statement.block.start.is_none() { line.body_start } else { line.start },
                    line.end(),
                );
                self.close_after_quotation();
            }
            Open::Question(block, _) => block.extend(line.start, line.end()),
            Open::Statement(_) | Open::Nothing | Open::Narrative(_) => self.unclaimed(line),
        }
    }

    /// A line that continues no statement.
    fn unclaimed(&mut self, line: &Line<'_>) {
        let speaker = self.heading.speaker.as_ref().filter(|_| self.default == Default::Statement);
        match (speaker, &mut self.open) {
            (Some((naming, speaker)), _) if !is_about(line.body, speaker) => {
                let (rule, confidence) = match naming {
                    Naming::Institution => ("block-institution", 0.6),
                    Naming::Person | Naming::Role => ("block-announced", 0.85),
                };
                self.close();
                self.open_item(line, rule, confidence);
            }
            (_, Open::Narrative(block)) => block.extend(line.start, line.end()),
            _ => {
                self.close();
                self.open = Open::Narrative(Block::new(line.start, line.end()));
            }
        }
    }

    /// Opens a statement of the announced speaker that ends at the next marked paragraph.
    fn open_item(&mut self, line: &Line<'_>, rule: &'static str, confidence: f32) {
        let announced = self.heading.speaker.clone().map(|(_, speaker)| speaker);
        let speaker = if self.are_points { self.last_speaker.clone().or(announced) } else { announced };
        self.open = Open::Statement(Statement {
            block: Block::new(line.body_start, line.end()),
            who: speaker.ok_or(UnknownSpeaker::NotNamed),
            source: None,
            cue: line.sign_span(self.text),
            rule,
            confidence,
            question: None,
            are_items: true,
            is_begun: false,
            quotation: None,
        });
    }

    /// A labelled statement in quotation marks ends where they close, and so does the voice.
    fn close_after_quotation(&mut self) {
        let Open::Statement(statement) = &mut self.open else { return };
        let (Some(start), Some(_), None) = (statement.block.start, statement.source, &statement.question)
        else {
            return;
        };
        if !statement.is_begun {
            statement.is_begun = true;
            statement.quotation = Quotation::at(self.text, start);
        }
        let Some(quotation) = &mut statement.quotation else { return };
        let opening_bytes = quotation.open.len_utf8();
        match quotation.look(self.text, statement.block.end) {
            Look::Open => {}
            Look::Term => statement.quotation = None,
            Look::Closed(end) => {
                statement.block = Block::new(start + opening_bytes, end);
                self.close();
                self.last_speaker = None;
            }
        }
    }

    /// Ends whatever is open.
    fn close(&mut self) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing => {}
            Open::Narrative(block) | Open::Question(block, _) => self.stretch(block.span(), Voice::Narrator),
            Open::Statement(statement) => self.finish(statement),
        }
    }

    fn finish(&mut self, statement: Statement) {
        let Some(whole) = statement.block.span() else { return };
        let Statement { who, source, cue, rule, confidence, question, .. } = statement;
        if rule == "block-unnamed" && !whole.slice(self.text).is_some_and(is_first_person) {
            self.stretch(Some(whole), Voice::Narrator); // some channels put 💬 before their own reports
            return;
        }
        let voice = who.clone().map_or(Voice::Unknown, Voice::Of);
        let form = match question {
            Some((question, asker)) => {
                let asks = asker.clone().map_or(Voice::Unknown, Voice::Of);
                self.stretch(Some(question), asks);
                Form::QuestionAnswer(QuestionAnswer { question, asker, answer: whole, respondent: who })
            }
            None => Form::QuotedStatement(QuotedStatement {
                speaker: who,
                source,
                cue,
                content: whole,
                content_parts: Vec::new(),
                manner: Manner::Block,
                attribution_chain: Vec::new(),
            }),
        };
        self.stretch(Some(whole), voice);
        self.layout.found.push(Found { form, rule, confidence });
    }

    fn stretch(&mut self, span: Option<Span>, voice: Voice) {
        self.layout.stretches.extend(span.map(|span| Stretch { span, voice }));
    }

    fn diagnose(&mut self, kind: DiagnosticKind, line: &Line<'_>, message: &str) {
        let span = Span::new(line.start, line.end()).ok();
        self.diagnostics.push(Diagnostic { kind, span, message: message.to_owned() });
    }
}

/// Where the name of a speaker comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum From {
    Label,
    Title,
    Before,
    Nowhere,
}

/// A quotation that a statement starts with, while it is not known yet whether it is all of the statement.
#[derive(Debug, Clone, Copy)]
struct Quotation {
    open: char,
    close: char,
    /// Marks that are open; the first one too.
    depth: u32,
    /// Bytes before this were looked at.
    read_to: usize,
}

/// What a further look at a quotation says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// It goes on.
    Open,
    /// It closed at this byte, and nothing but a full stop stands behind it.
    Closed(usize),
    /// It closed and the sentence goes on: a term, not the statement.
    Term,
}

impl Quotation {
    const PAIRS: [(char, char); 5] = [('“', '”'), ('«', '»'), ('„', '“'), ('"', '"'), ('‘', '’')];

    /// Returns the quotation that the text at `start` opens with.
    fn at(text: &str, start: usize) -> Option<Self> {
        let open = text.get(start..)?.chars().next()?;
        let (_, close) = Self::PAIRS.into_iter().find(|(first, _)| *first == open)?;
        Some(Self { open, close, depth: 1, read_to: start + open.len_utf8() })
    }

    /// Reads on up to `end`, which ends a line. Every byte is read once.
    fn look(&mut self, text: &str, end: usize) -> Look {
        let from = self.read_to;
        let mut chars = text.get(from..end).unwrap_or("").char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            let in_word = chars.peek().is_some_and(|(_, next)| next.is_alphanumeric());
            if c == self.close && !(c == '’' && in_word) {
                self.depth = self.depth.saturating_sub(1);
            } else if c == self.open {
                self.depth = self.depth.saturating_add(1);
            }
            if self.depth == 0 {
                let after = &text[from + at + c.len_utf8()..end];
                let is_end = after.chars().all(|c| c.is_whitespace() || matches!(c, '.' | ',' | '!' | '…'));
                return if is_end { Look::Closed(from + at) } else { Look::Term };
            }
        }
        self.read_to = end.max(from);
        Look::Open
    }
}
