//! Where turns start: labels at the start of lines, and inside lines where breaks were lost.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use dictum_core::Span;
use serde::Deserialize;

use super::{floor, role::Part};
use crate::lexicon;

/// A label is no longer, in bytes.
const MAX_LABEL: usize = 180;
/// Turns beyond this number belong to the last one.
const MAX_TURNS: usize = 20_000;
/// Fewer turns make no transcript.
const MIN_TURNS: usize = 3;

/// What a label says about its turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// "Q", "QUESTION:", "Вопрос:".
    Question,
    /// "A", "Answer:".
    Answer,
    /// "MODERATOR:".
    Moderator,
    /// Somebody's name or role.
    Named,
}

/// One turn.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub kind: Kind,
    /// The label without signs around it.
    pub label: Span,
    /// By which turns of one speaker are known: the last word of the label in small letters.
    pub key: String,
    /// What is said, without label, blanks and furniture.
    pub content: Span,
    /// "Q (Ada Lee, Tide Radio)": who asks.
    pub named_in_content: Option<Span>,
    pub part: Part,
}

/// The turns of a text.
#[derive(Debug)]
pub(super) struct Transcript {
    pub turns: Vec<Turn>,
    /// Questions are told by bold letters or dashes, not by labels.
    pub unlabelled: bool,
}

#[derive(Debug, Default)]
struct Words {
    question: HashSet<String>,
    answer: HashSet<String>,
    moderator: HashSet<String>,
    honorifics: HashSet<String>,
    small: HashSet<String>,
    roles: HashSet<String>,
    not_speakers: HashSet<String>,
}

/// One `turns.toml`, lower case.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TurnsFile {
    question: Vec<String>,
    answer: Vec<String>,
    moderator: Vec<String>,
    honorifics: Vec<String>,
    small: Vec<String>,
    roles: Vec<String>,
    not_speakers: Vec<String>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut all = Words::default();
    for (_, file) in lexicon::load::<TurnsFile>("turns.toml") {
        all.question.extend(file.question);
        all.answer.extend(file.answer);
        all.moderator.extend(file.moderator);
        all.honorifics.extend(file.honorifics);
        all.small.extend(file.small);
        all.roles.extend(file.roles);
        all.not_speakers.extend(file.not_speakers);
    }
    all
});

/// A place where a turn may start.
#[derive(Debug, Clone)]
struct Mark {
    /// Where the label's line or sign starts.
    start: usize,
    label: Span,
    content: usize,
    kind: Kind,
    key: String,
    style: Style,
    named: Option<Span>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// "Q    text": a letter and blanks.
    Letter,
    /// "Q text": a letter and one blank; counts only beside surer signs.
    WeakLetter,
    /// "QUESTION:", "MS. LEE:".
    Capitals,
    /// "Ada Lee:".
    Mixed,
}

/// Reads the turns of a text; `None` when there are too few for a transcript.
pub(super) fn read(text: &str) -> Option<Transcript> {
    let lines = line_marks(text);
    let by_line =
        kept(&lines, text).map(|marks| with_inner(text, marks)).filter(|marks| looks_like_transcript(marks));
    match by_line.or_else(|| inner_only(text, lines).filter(|marks| looks_like_transcript(marks))) {
        Some(marks) => Some(Transcript { turns: turns(text, &marks), unlabelled: false }),
        None => unlabelled(text),
    }
}

/// Reads a mark at the start of every line.
fn line_marks(text: &str) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim_end();
        if let Some(mark) = mark_at(text, start, start + body.len()) {
            marks.push(mark);
            if marks.len() == MAX_TURNS {
                break;
            }
        }
        start += line.len();
    }
    marks
}

/// Reads `Q    `, `**NAME:**`, `Pregunta.-` at `start`.
fn mark_at(text: &str, start: usize, end: usize) -> Option<Mark> {
    let line = &text[start..end];
    let body = line
        .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '_' | '#' | '>' | '\u{FEFF}'));
    let body = after_number(body);
    let at = start + line.len() - body.len();
    body.starts_with(|c: char| c.is_uppercase() || c == '[' || c.is_alphabetic() && !c.is_lowercase())
        .then_some(())?;
    letter_mark(text, start, at, end)
        .or_else(|| president_mark(text, start, at))
        .or_else(|| label_mark(text, start, at, end))
}

/// Skips the number of a question, `[12.] `, in collections of papers.
fn after_number(body: &str) -> &str {
    let inner = body.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    match inner {
        Some((number, rest))
            if !number.is_empty() && number.chars().all(|c| c.is_ascii_digit() || c == '.') =>
        {
            rest.trim_start()
        }
        _ => body,
    }
}

/// `Q    text`, `Q: text`, `Q. text`, `Q) text`, `A.- text`, `Q (Name, Medium) text`.
fn letter_mark(text: &str, start: usize, at: usize, end: usize) -> Option<Mark> {
    let body = &text[at..end];
    let first = body.chars().next()?;
    if body[first.len_utf8()..]
        .starts_with(|c: char| !matches!(c, ':' | ')' | '.' | ' ' | '\t' | '\u{A0}' | '*' | '_'))
    {
        return None;
    }
    let letter = first.to_lowercase().to_string();
    let kind = generic(&letter)?;
    let after_letter = &body[first.len_utf8()..];
    let (sign, style) = if let Some(rest) =
        after_letter.strip_prefix("**").or_else(|| after_letter.strip_prefix("__"))
    {
        (after_letter.len() - rest.trim_start_matches([':', '.', '*', '_', ' ']).len(), Style::Letter)
    } else if after_letter.starts_with([':', ')'])
        || after_letter.starts_with(".-")
        || after_letter.starts_with(".–")
        || after_letter.starts_with(".—")
    {
        (
            after_letter.len()
                - after_letter.trim_start_matches([':', ')', '.', '-', '–', '—', '*', '_']).len(),
            Style::Letter,
        )
    } else if after_letter.starts_with(". ") {
        (1, Style::Letter)
    } else if let Some(rest) = after_letter.strip_prefix(".**").or_else(|| after_letter.strip_prefix(".__")) {
        (after_letter.len() - rest.trim_start_matches([' ', '*', '_']).len(), Style::Letter)
    } else if let Some(dash) = [" - ", " – ", " — "].iter().find(|dash| after_letter.starts_with(**dash))
        && first.is_uppercase()
    {
        (dash.len(), Style::Letter)
    } else if after_letter.starts_with("  ")
        || after_letter.starts_with('\t')
        || after_letter.starts_with('\u{A0}')
        || after_letter.is_empty()
    {
        (0, if after_letter.is_empty() { Style::WeakLetter } else { Style::Letter })
    } else if after_letter.starts_with(" (") && kind == Kind::Question {
        (0, Style::Letter)
    } else if after_letter.starts_with(' ') && first == 'Q' {
        (0, Style::WeakLetter)
    } else {
        return None;
    };
    let rest = &after_letter[sign..];
    let mut content = at + first.len_utf8() + sign + rest.len()
        - rest.trim_start_matches([' ', '\t', '\u{A0}', '*', '_']).len();
    let named = asker_in_brackets(text, content, end);
    if let Some((_, after)) = named {
        content = after;
    }
    let label = Span::new(at, at + first.len_utf8()).ok()?;
    Some(Mark { start, label, content, kind, key: letter, style, named: named.map(|(span, _)| span) })
}

/// Reads `(Ada Lee, Tide Radio)`; returns the words inside and the byte behind.
fn asker_in_brackets(text: &str, at: usize, end: usize) -> Option<(Span, usize)> {
    let rest = text[at..end].strip_prefix('(')?;
    let close = rest[..floor(rest, rest.len().min(100))].find(')')?;
    let inner = &rest[..close];
    let aside = [
        "laughter",
        "inaudible",
        "applause",
        "off-mic",
        "off mic",
        "crosstalk",
        "through",
        "in ",
        "speaks",
        "as interpreted",
    ];
    let lower = inner.to_lowercase();
    let named = inner.starts_with(char::is_uppercase)
        && !aside.iter().any(|word| lower.starts_with(word))
        && !inner.ends_with('.');
    let after = at + 1 + close + 1;
    let after = after + text[after..end].len()
        - text[after..end].trim_start_matches([' ', ':', '\t', '\u{A0}']).len();
    named.then(|| Span::new(at + 1, at + 1 + close).ok().map(|span| (span, after))).flatten()
}

/// Skips the time of a recording, `(00:12)`, behind a label.
fn after_clock(text: &str, at: usize, end: usize) -> usize {
    let at = at.min(end);
    let Some((clock, rest)) =
        text[at..end].strip_prefix(['(', '[']).and_then(|rest| rest.split_once([')', ']']))
    else {
        return at;
    };
    let is_clock = clock.contains(':') && clock.chars().all(|c| c.is_ascii_digit() || c == ':');
    if is_clock { end - rest.trim_start().len() } else { at }
}

/// `NAME:`, `Name Name (Medium):`, `Presidente.-`.
fn label_mark(text: &str, start: usize, at: usize, end: usize) -> Option<Mark> {
    let window = &text[at..floor(text, (at + MAX_LABEL).min(end))];
    let colon = window.find([':', '：']).map(|n| (n, if window[n..].starts_with(':') { 1 } else { 3 }));
    // One look for any dash spares five searches in most lines; 0xE2 begins the longer ones.
    let dashed = if memchr::memchr2(b'-', 0xE2, window.as_bytes()).is_some() { window } else { "" };
    let dash = [".-", ".–", ".—"].iter().find_map(|sign| dashed.find(sign).map(|n| (n, sign.len())));
    // "ADA LEE – Why?", "Question – Pourquoi ?": a dash makes a label only of capitals and of the words for turns.
    let spaced = [" – ", " — ", " - "].iter().find_map(|sign| dashed.find(sign).map(|n| (n, sign.len())));
    let spaced = spaced.filter(|(n, sign)| {
        let label = &window[..*n];
        *n > 2 && generic(&label.to_lowercase()).is_some()
            || *sign > 3
                && !label.chars().any(char::is_lowercase)
                && label.chars().filter(|c| c.is_uppercase()).count() > 3
    });
    let dash = dash.or(spaced);
    let (cut, sign) = match (colon, dash) {
        (Some(c), Some(d)) => {
            if c.0 < d.0 {
                c
            } else {
                d
            }
        }
        (Some(c), None) => c,
        (None, Some(d)) => d,
        (None, None) => return None,
    };
    let raw = window[..cut].trim_end_matches(['*', '_', ' ']);
    let after = &text[at + cut + sign..end];
    if after.starts_with("//") || raw.is_empty() {
        return None;
    }
    let content =
        at + cut + sign + after.len() - after.trim_start_matches([' ', '\t', '\u{A0}', '*', '_']).len();
    let content = after_clock(text, content, end);
    let (kind, key, style) = read_label(raw)?;
    let bracket = raw.find('(').map(|n| &raw[n + 1..]).and_then(|inner| inner.strip_suffix(')'));
    let named = bracket.filter(|_| kind == Kind::Question).and_then(|inner| {
        let from = inner.as_ptr() as usize - text.as_ptr() as usize;
        inner.starts_with(char::is_uppercase).then(|| Span::new(from, from + inner.len()).ok()).flatten()
    });
    Some(Mark { start, label: Span::new(at, at + raw.len()).ok()?, content, kind, key, style, named })
}

/// `The President. Well, …`: the label of collections of papers, with a full stop.
fn president_mark(text: &str, start: usize, at: usize) -> Option<Mark> {
    const LABELS: [&str; 2] = ["The President", "THE PRESIDENT"];
    let label = LABELS.iter().find(|label| {
        text[at..]
            .strip_prefix(**label)
            .is_some_and(|rest| rest.starts_with(". ") && !rest.starts_with(". . "))
    })?;
    let (key, style) = ("president".to_owned(), Style::Capitals);
    let span = Span::new(at, at + label.len()).ok()?;
    Some(Mark {
        start,
        label: span,
        content: at + label.len() + 2,
        kind: Kind::Named,
        key,
        style,
        named: None,
    })
}

fn generic(lower: &str) -> Option<Kind> {
    let words = &*WORDS;
    if words.question.contains(lower) {
        Some(Kind::Question)
    } else if words.answer.contains(lower) {
        Some(Kind::Answer)
    } else if words.moderator.contains(lower) {
        Some(Kind::Moderator)
    } else {
        None
    }
}

/// Decides whether the words before a colon can be a label, and whose.
fn read_label(raw: &str) -> Option<(Kind, String, Style)> {
    let outside = raw.split(['(', '[']).next().unwrap_or(raw).trim().trim_end_matches(['.', ',']);
    let timed = raw.starts_with('[').then(|| raw.split(']').nth(1)).flatten().map(str::trim);
    let label = timed.unwrap_or(outside);
    let lower = label.to_lowercase();
    let style = if label.chars().any(char::is_lowercase) { Style::Mixed } else { Style::Capitals };
    if let Some(kind) = generic(lower.trim_end_matches('.')) {
        return Some((kind, lower, style));
    }
    // "ADA LEE, HEAD OF THE HARBOUR OFFICE": the name comes first.
    let name = label.split(',').next().unwrap_or(label).trim();
    let cut = style == Style::Capitals || name.len() < label.len() && is_full_name(name);
    let (label, lower) = if cut { (name, name.to_lowercase()) } else { (label, lower) };
    let words: Vec<&str> = label.split([' ', '\u{A0}']).filter(|word| !word.is_empty()).collect();
    // "QUESTION 3", "Pregunta 2", "Вопрос 1"
    if let [first, number] = words[..] {
        let numbered = number.trim_start_matches('#').chars().all(|c| c.is_ascii_digit());
        if let (true, Some(kind)) = (numbered, generic(&first.to_lowercase())) {
            return Some((kind, first.to_lowercase(), style));
        }
    }
    if words.is_empty() || words.len() > 9 || label.contains(['?', '!', ';', '"', '“', '«', '@', '=', '/'])
    {
        return None;
    }
    let all = &*WORDS;
    if all.not_speakers.contains(lower.as_str()) || all.not_speakers.contains(&words[0].to_lowercase()) {
        return None;
    }
    let fits = words.iter().enumerate().all(|(n, word)| {
        let bare = word.trim_matches([',', '.', '-', '’', '\'']);
        let capital = bare.starts_with(|c: char| c.is_uppercase() || c.is_alphabetic() && !c.is_lowercase());
        let small =
            n > 0 && (all.small.contains(&bare.to_lowercase()) || all.roles.contains(&bare.to_lowercase()));
        let dotted = !word.ends_with('.') || bare.chars().count() <= 5;
        (capital || small) && dotted && !bare.contains(|c: char| c.is_ascii_digit())
    });
    let last = words.last()?.rsplit('.').find(|part| !part.is_empty())?;
    let last_lower = last.to_lowercase();
    let by_role = all.roles.contains(&last_lower) || words.len() == 1;
    let key = if by_role { lower.clone() } else { last_lower };
    let key = key.trim_start_matches("the ").to_owned();
    let key = if words.len() == 1 { last.to_lowercase() } else { key };
    fits.then_some((Kind::Named, key, style))
}

/// Takes out marks that are no labels: words that come once, in a text whose labels look otherwise.
fn kept(marks: &[Mark], text: &str) -> Option<Vec<Mark>> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for mark in marks {
        *counts.entry(mark.key.as_str()).or_default() += 1;
    }
    let named = |style: Style| {
        marks
            .iter()
            .filter(|m| m.kind == Kind::Named && m.style == style && counts[m.key.as_str()] > 1)
            .count()
    };
    let capitals = named(Style::Capitals);
    let mixed = named(Style::Mixed);
    let sure_letters = marks.iter().filter(|m| m.style == Style::Letter && m.kind == Kind::Question).count();
    let weak_letters = marks.iter().filter(|m| m.style == Style::WeakLetter).count();
    let generic = marks.iter().filter(|m| m.kind == Kind::Question).count();
    let bold = marks.iter().filter(|m| is_bold(text, m)).count();
    let keep: Vec<bool> = marks
        .iter()
        .map(|mark| match (mark.kind, mark.style) {
            (_, Style::WeakLetter) => {
                (sure_letters > 0 || weak_letters > 1) && capitals + mixed + generic > weak_letters.min(3)
            }
            (Kind::Question | Kind::Moderator, _) => true,
            (Kind::Answer, _) => generic > 0 || counts[mark.key.as_str()] > 1,
            (Kind::Named, Style::Capitals) => {
                let often = counts[mark.key.as_str()] > 1;
                often
                    || is_bold(text, mark) && bold > 2
                    || mark.label.slice(text).is_some_and(|label| {
                        label.contains(' ') && capitals + generic > 0 && mark.content < text.len()
                    })
            }
            (Kind::Named, _) => {
                let often = counts[mark.key.as_str()] > 1;
                let full = mark
                    .label
                    .slice(text)
                    .is_some_and(|label| is_full_name(label.split(',').next().unwrap_or(label)));
                // "Ministra:", "Ministro de Fomento.-", "Le porte-parole :": a role speaks once among questions.
                let mut words = mark.label.slice(text).unwrap_or_default().split(' ').take(2);
                let role = words.any(|word| WORDS.roles.contains(&word.to_lowercase()));
                is_bold(text, mark) && bold > 2
                    || often && capitals <= 2 * mixed.max(1)
                    || full && (mixed > 0 || generic > 0)
                    || role && generic > 1
            }
        })
        .collect();
    let marks: Vec<Mark> =
        marks.iter().zip(keep).filter(|(_, keep)| *keep).map(|(mark, _)| mark.clone()).collect();
    (!marks.is_empty()).then_some(marks)
}

/// Returns whether a label stands in bold letters of Markdown, with what ends it: `**Ada Lee:**`.
fn is_bold(text: &str, mark: &Mark) -> bool {
    text[..mark.label.start()].ends_with("**")
        && text[mark.label.end()..floor(text, mark.content)].trim_end_matches([' ', '*']).len() < 4
        && text[mark.label.end()..floor(text, mark.content)].contains("**")
}

/// "Ada Lee", "В.Петров", "Mr. Lee", "Ada Lee (Tide Radio)".
fn is_full_name(label: &str) -> bool {
    let outside = label.split('(').next().unwrap_or(label).trim();
    let initials = outside.contains('.') && outside.chars().filter(|c| c.is_uppercase()).count() >= 2;
    let words: Vec<&str> = outside.split_whitespace().collect();
    initials
        || (2..=6).contains(&words.len()) && words.iter().all(|word| word.starts_with(char::is_uppercase))
}

/// Adds the turns that start inside lines, for labels that also start lines.
fn with_inner(text: &str, marks: Vec<Mark>) -> Vec<Mark> {
    let known: HashSet<String> = marks
        .iter()
        .filter(|mark| !matches!(mark.style, Style::Letter | Style::WeakLetter))
        .filter_map(|mark| mark.label.slice(text).map(str::to_owned))
        .collect();
    let letters = marks
        .iter()
        .any(|mark| mark.style == Style::Letter && mark.kind == Kind::Question && mark.key == "q");
    together(marks, inner_marks(text, &known, letters))
}

fn together(marks: Vec<Mark>, inner: Vec<Mark>) -> Vec<Mark> {
    let starts: HashSet<usize> = marks.iter().map(|mark| mark.label.start()).collect();
    let mut all = marks;
    all.extend(inner.into_iter().filter(|mark| !starts.contains(&mark.label.start())));
    all.sort_by_key(|mark| mark.label.start());
    all.truncate(MAX_TURNS);
    all
}

/// Reads a text whose line breaks are lost: labels in capitals that come often.
fn inner_only(text: &str, lines: Vec<Mark>) -> Option<Vec<Mark>> {
    let mut counts: HashMap<String, usize> = HashMap::new();
    for colon in memchr::memchr_iter(b':', text.as_bytes()) {
        if let Some(label) = capitals_before(text, colon) {
            *counts.entry(label.to_owned()).or_default() += 1;
        }
    }
    counts.retain(|label, count| *count > 1 || generic(&label.to_lowercase()).is_some());
    let asked = memchr::memmem::find_iter(text.as_bytes(), " Q: ").take(2).count();
    if counts.is_empty() && asked < 2 {
        return None;
    }
    let known: HashSet<String> = counts.into_keys().collect();
    let inner = inner_marks(text, &known, true);
    let started = lines.into_iter().filter(|mark| {
        matches!(mark.style, Style::Letter)
            || mark.label.slice(text).is_some_and(|label| known.contains(label))
    });
    (!inner.is_empty()).then(|| together(started.collect(), inner))
}

/// Returns the label in capitals that ends at `colon`, such as `MS. LEE`, without what belongs to the sentence before.
fn capitals_before(text: &str, colon: usize) -> Option<&str> {
    let low = floor(text, colon.saturating_sub(60));
    let window = &text[low..colon];
    let start = window
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_uppercase() || matches!(c, ' ' | '.' | '-' | '’' | '\''))
        .last()
        .map(|(n, _)| n)?;
    let label = window[start..].trim_start_matches([' ', '.', '-', '’', '\'']);
    let label = label.rsplit("  ").next().unwrap_or(label).trim();
    // "… THE U.S. MS. LEE:": what stands before an honorific is no part of the label.
    let words: Vec<&str> = label.split(' ').collect();
    let honorific = |word: &&str| WORDS.honorifics.contains(&word.to_lowercase());
    let from = words
        .iter()
        .rposition(honorific)
        .map_or(0, |last| last + 1 - words[..=last].iter().rev().take_while(|word| honorific(word)).count());
    let label = &label[words[..from].iter().map(|word| word.len() + 1).sum::<usize>()..];
    (label.chars().filter(|c| c.is_uppercase()).count() >= 3).then_some(label)
}

/// Returns the `Q` or `A` before a colon that is followed by a blank.
fn letter_before(text: &str, colon: usize) -> Option<&str> {
    let at = colon.checked_sub(1)?;
    let letter = text.get(at..colon).filter(|letter| matches!(*letter, "Q" | "A"))?;
    (text[..at].ends_with(' ') && text[colon..].starts_with(": ")).then_some(letter)
}

/// Finds known labels, and `Q` with blanks, behind the end of a sentence inside a line.
fn inner_marks(text: &str, known: &HashSet<String>, letters: bool) -> Vec<Mark> {
    let mut marks = Vec::new();
    let bytes = text.as_bytes();
    let mut lengths: Vec<usize> = known.iter().map(String::len).collect();
    lengths.sort_unstable_by_key(|len| std::cmp::Reverse(*len)); // the longest label that fits is the label
    lengths.dedup();
    let mut cited_until = 0;
    for colon in memchr::memchr_iter(b':', bytes) {
        let suffix = |len: &usize| colon.checked_sub(*len).and_then(|at| text.get(at..colon));
        let label = lengths.iter().filter_map(suffix).find(|suffix| known.contains(*suffix));
        let label = label.or_else(|| letters.then(|| letter_before(text, colon)).flatten());
        let Some(label) = label else { continue };
        let at = colon - label.len();
        // `"QUESTION: … ANSWER: …"`: an article cites a transcript.
        if text[..at].ends_with(['"', '“', '«']) && colon >= cited_until {
            cited_until = text[colon..].find(['"', '”', '»']).map_or(colon, |n| colon + n);
        }
        if colon < cited_until || !after_sentence(text, at) {
            continue;
        }
        let end = text[colon..].find('\n').map_or(text.len(), |n| colon + n);
        let after = &text[colon + 1..end];
        let content =
            colon + 1 + after.len() - after.trim_start_matches([' ', '\t', '\u{A0}', '*', '_']).len();
        if let (Some((kind, key, style)), Ok(span)) = (read_label(label), Span::new(at, colon)) {
            let style = if label.len() == 1 { Style::Letter } else { style };
            marks.push(Mark { start: at, label: span, content, kind, key, style, named: None });
        }
    }
    if letters {
        for at in memchr::memchr_iter(b'Q', bytes) {
            let rest = &text[at + 1..];
            let blanks = rest.starts_with("  ") || rest.starts_with(" \u{A0}") || rest.starts_with('\u{A0}');
            if !blanks || !after_sentence(text, at) {
                continue;
            }
            let content = at + 1 + rest.len() - rest.trim_start_matches([' ', '\u{A0}']).len();
            if let Ok(label) = Span::new(at, at + 1) {
                marks.push(Mark {
                    start: at,
                    label,
                    content,
                    kind: Kind::Question,
                    key: "q".into(),
                    style: Style::Letter,
                    named: None,
                });
            }
        }
    }
    marks.sort_by_key(|mark| mark.label.start());
    marks
}

/// Returns whether `at` is inside a line and a sentence ended before it.
fn after_sentence(text: &str, at: usize) -> bool {
    let before = text[..at].trim_end_matches([' ', '\t', '\u{A0}', '*', '_']);
    // A mark right before the label opens a quotation: an article cites a transcript.
    !text[..at].ends_with(['"', '“', '«', '„', '‘', '\''])
        && !before.is_empty()
        && !before.ends_with('\n')
        && before.ends_with(['.', '?', '!', ')', '”', '"', '…', '—', '–', '-', ']', '»', '’'])
}

/// Decides whether marks make a transcript.
fn looks_like_transcript(marks: &[Mark]) -> bool {
    let questions = marks.iter().filter(|mark| mark.kind == Kind::Question).count();
    let others = marks.len() - questions;
    let answers = marks.iter().filter(|mark| mark.kind == Kind::Answer).count();
    if questions >= 1 && answers >= 1 {
        return true;
    }
    if questions >= 2 && others >= 2 || questions >= 1 && others >= 2 && marks.len() >= 4 {
        return true;
    }
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for mark in marks.iter().filter(|mark| matches!(mark.kind, Kind::Named | Kind::Moderator)) {
        *counts.entry(mark.key.as_str()).or_default() += 1;
    }
    let often = counts.values().filter(|count| **count > 1).count();
    marks.len() > MIN_TURNS && often >= 2
}

/// Cuts the text at its marks.
fn turns(text: &str, marks: &[Mark]) -> Vec<Turn> {
    marks
        .iter()
        .enumerate()
        .filter_map(|(n, mark)| {
            let end = marks.get(n + 1).map_or(text.len(), |next| next.start);
            let content = trim(text, mark.content.min(end), end)?;
            Some(Turn {
                kind: mark.kind,
                label: mark.label,
                key: mark.key.clone(),
                content,
                named_in_content: mark.named,
                part: Part::Answers,
            })
        })
        .collect()
}

/// Takes blanks, signs of bold letters, page numbers, end marks and headings off a turn.
fn trim(text: &str, start: usize, end: usize) -> Option<Span> {
    let end = furniture_start(&text[start..end]).map_or(end, |n| start + n);
    let body = &text[start..end];
    // A label on a line of its own may be followed by a dash.
    let lead = |c: char| c.is_whitespace() || c == '\u{FEFF}';
    let bare = body.trim_start_matches(lead);
    let bare = bare
        .strip_prefix("- ")
        .or_else(|| bare.strip_prefix("– "))
        .or_else(|| bare.strip_prefix("— "))
        .unwrap_or(bare);
    let bare = bare.trim_start();
    let skipped = body.len() - bare.len();
    let mut body = bare.trim_end();
    loop {
        let line_start = body.rfind('\n').map_or(0, |n| n + 1);
        let line = body[line_start..].trim();
        if line_start == 0 || !is_furniture(line) {
            break;
        }
        body = body[..line_start].trim_end();
    }
    if !body.contains("**") || body.matches("**").count() % 2 == 1 {
        body = body.trim_end_matches(['*', '_', ' ']);
    }
    Span::new(start + skipped, start + skipped + body.len()).ok()
}

/// Finds the line that ends a transcript: "END 2:13 P.M. EDT", "(END)".
fn furniture_start(body: &str) -> Option<usize> {
    let mut start = 0;
    for line in body.split_inclusive('\n') {
        let bare = line.trim().trim_matches(['*', '_', '#', '(', ')', '-', ' ', '[', ']']);
        let time = bare.strip_prefix("END").map(str::trim_start);
        let ends = time.is_some_and(|time| time.is_empty() || time.starts_with(|c: char| c.is_ascii_digit()))
            || bare.eq_ignore_ascii_case("end of transcript");
        if ends {
            return Some(start);
        }
        start += line.len();
    }
    // "… Thank you.  END  2:13 P.M. EDT" in one line.
    let at = body.rfind("END ")?;
    let rest = body[at + 3..].trim_start();
    let timed =
        rest.len() < 40 && rest.starts_with(|c: char| c.is_ascii_digit()) && rest.contains(['M', 'm']);
    timed.then_some(at)
}

/// A line at the end of a turn that nobody said: page numbers, rules, headings, times.
fn is_furniture(line: &str) -> bool {
    let bare = line.trim_matches(['*', '_', '-', '=', '~', ' ', '—', '–', '.']);
    if bare.is_empty() || line.starts_with('#') || line == "###" {
        return true;
    }
    let lower = bare.to_lowercase();
    let number = lower.strip_prefix("page ").unwrap_or(&lower);
    let page = number.len() <= 12
        && number
            .split([' ', '/'])
            .all(|w| w == "of" || !w.is_empty() && w.chars().all(|c| c.is_ascii_digit()));
    let clock = bare.len() <= 24
        && bare.starts_with(|c: char| c.is_ascii_digit())
        && (bare.contains("P.M") || bare.contains("A.M"));
    // "(The briefing was concluded at 2:58 p.m.)", "(SOUNDBITE OF ENGINE)", but not "(Laughter.)".
    let loud = !line.chars().any(char::is_lowercase) && line.split_whitespace().count() > 1;
    let remark =
        line.starts_with('(') && line.ends_with(')') && (loud || line.split_whitespace().count() >= 4);
    page || clock || remark
}

/// Reads interviews whose questions are bold paragraphs, or paragraphs that alternate behind dashes.
fn unlabelled(text: &str) -> Option<Transcript> {
    bold_questions(text).or_else(|| dashed(text)).map(|turns| Transcript { turns, unlabelled: true })
}

fn turn(text: &str, kind: Kind, start: usize, end: usize) -> Option<Turn> {
    let content = trim(text, start, end)?;
    let part = if kind == Kind::Question { Part::Asks } else { Part::Answers };
    let label = Span::new(start, start).ok()?;
    (!content.is_empty()).then(|| Turn {
        kind,
        label,
        key: String::new(),
        content,
        named_in_content: None,
        part,
    })
}

/// `**Why now?**` on a line of its own, three times or more; what follows is the answer.
fn bold_questions(text: &str) -> Option<Vec<Turn>> {
    memchr::memmem::find(text.as_bytes(), b"**")?;
    let mut asked: Vec<(usize, usize, usize)> = Vec::new(); // line start, question start, question end
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim();
        let inner = body.strip_prefix("**").and_then(|b| b.strip_suffix("**")).filter(|b| !b.contains("**"));
        if let Some(inner) =
            inner.filter(|inner| inner.trim_end().ends_with(['?', '؟']) || inner.contains("? "))
        {
            let at = inner.as_ptr() as usize - text.as_ptr() as usize;
            asked.push((start, at, at + inner.len()));
        }
        start += line.len();
    }
    if asked.len() < MIN_TURNS {
        return None;
    }
    let mut turns = Vec::new();
    for (n, (_, from, to)) in asked.iter().enumerate() {
        let next = asked.get(n + 1).map_or(text.len(), |next| next.0);
        turns.extend(turn(text, Kind::Question, *from, *to));
        turns.extend(turn(text, Kind::Answer, floor(text, to + 2), next));
    }
    Some(turns)
}

/// Paragraphs that start with a dash: those that ask, and those that answer. Strict, for novels have dashes too.
fn dashed(text: &str) -> Option<Vec<Turn>> {
    let dash = |line: &str| {
        line.strip_prefix(['—', '–']).map(str::trim_start).filter(|rest| !rest.is_empty()).map(str::len)
    };
    let anywhere = |sign: &str| memchr::memmem::find(text.as_bytes(), sign.as_bytes()).is_some();
    if !anywhere("\n—") && !anywhere("\n–") {
        return None;
    }
    let mut places: Vec<(usize, usize, bool)> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let body = line.trim();
        if let Some(len) = dash(body) {
            let line_end = start + line.trim_end().len();
            places.push((start, line_end - len, body.ends_with('?')));
        }
        start += line.len();
    }
    let asks = places.iter().filter(|place| place.2).count();
    let alternates = places.windows(2).filter(|pair| pair[0].2 && !pair[1].2).count();
    let first_asks = places.iter().position(|place| place.2)?;
    if asks < MIN_TURNS || alternates * 10 < asks * 8 || first_asks > 1 || places.len() > asks * 5 / 2 {
        return None;
    }
    let long = places
        .windows(2)
        .filter(|pair| pair[0].2 && !pair[1].2)
        .map(|pair| text[pair[1].1..].lines().next().map_or(0, str::len))
        .sum::<usize>();
    // A novel's dialogue is shorter; but nobody there asks and answers from end to end without a word in between.
    let strict =
        alternates == asks && places.len() <= 2 * asks && !text.contains(", –") && !text.contains(", —");
    if long < alternates * if strict { 30 } else { 120 } {
        return None;
    }
    let turns = places[first_asks..].iter().enumerate().filter_map(|(n, (_, from, asks))| {
        let next = places.get(first_asks + n + 1).map_or(text.len(), |next| next.0);
        turn(text, if *asks { Kind::Question } else { Kind::Answer }, *from, next)
    });
    Some(turns.collect())
}
