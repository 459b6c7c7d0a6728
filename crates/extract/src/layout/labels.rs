//! Labels such as `Role Name (from greetings …):`, and the phrases in them that name a speaker.

use std::ops::Range;

use dictum_core::{Span, Speaker};

use super::words::{WORDS, after_start, words_of};
use crate::people::{self, Naming, People};

/// A colon farther from the start of a line belongs to a sentence.
const MAX_LABEL_BYTES: usize = 320;
/// A verb and what follows it in a label: "had the following to say at a briefing".
const MAX_CUE_WORDS: usize = 14;

/// What stands before the colon.
#[derive(Debug, Clone)]
pub(super) enum Label {
    /// `Question:`
    Question,
    /// `Answer:`
    Answer,
    /// Somebody's name or role.
    Speaker(Named),
}

/// Somebody who is named in the text.
#[derive(Debug, Clone)]
pub(super) struct Named {
    pub(super) naming: Naming,
    pub(super) speaker: Speaker,
    /// The words that name them, in the document.
    pub(super) source: Span,
}

/// A label and where the words behind it start in the document.
#[derive(Debug, Clone)]
pub(super) struct Labelled {
    pub(super) label: Label,
    pub(super) content_start: usize,
}

/// How sure one must be that a phrase before a colon is a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Care {
    /// Behind 💬 nearly everything before a colon is a name.
    Low,
    /// Elsewhere the phrase must hold a role or an institution, or name somebody known.
    High,
}

/// Reads the label at the start of `body`, which starts at byte `start` of the document.
pub(super) fn read(body: &str, start: usize, care: Care, people: &People) -> Option<Labelled> {
    let (phrase, content) = split_at_colon(body)?;
    let content_start = start + content;
    if let Some(label) = question_or_answer(phrase) {
        return Some(Labelled { label, content_start });
    }
    let (naming, speaker, range) = speaker_of(phrase)?;
    if !is_plausible(naming, &speaker, &phrase[range.clone()], care, people) {
        return None;
    }
    let source = Span::new(start + range.start, start + range.end).ok()?;
    Some(Labelled { label: Label::Speaker(Named { naming, speaker, source }), content_start })
}

/// Reads `Question:` and `Answer:`, also with more words or a name: `Question (from Tide Radio):`.
pub(super) fn question_or_answer(phrase: &str) -> Option<Label> {
    let plain = phrase.split('(').next().unwrap_or(phrase).trim().trim_matches('*').to_lowercase();
    if WORDS.question_labels.contains(&plain) {
        Some(Label::Question)
    } else if WORDS.answer_labels.contains(&plain) {
        Some(Label::Answer)
    } else {
        None
    }
}

/// Splits at the colon that ends a label: the phrase before it, and the place of the first word after it.
///
/// No label ends behind the end of a sentence, inside a clock time or an address.
pub(super) fn split_at_colon(body: &str) -> Option<(&str, usize)> {
    // Most lines have no colon; 0xEF begins the wide one.
    let near = &body.as_bytes()[..body.len().min(MAX_LABEL_BYTES)];
    memchr::memchr2(b':', 0xEF, near)?;
    let mut depth = 0_u32;
    let mut previous = ' ';
    for (at, c) in body.char_indices().take_while(|(at, _)| *at < MAX_LABEL_BYTES) {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ':' | '：' if depth == 0 => {
                let rest = &body[at + c.len_utf8()..];
                if rest.starts_with(|next: char| next.is_ascii_digit() || next == '/' || next == ':') {
                    return None;
                }
                let content = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '*');
                return (at > 0).then(|| (body[..at].trim_end(), body.len() - content.len()));
            }
            '?' | '!' | '\n' if depth == 0 => return None,
            // A quotation before the colon: the line is a sentence.
            '“' | '«' | '"' if depth == 0 && at == 0 => return None,
            c if c.is_whitespace() && depth == 0 && previous == '.' && ends_at_full_stop(&body[..at]) => {
                return None;
            }
            _ => {}
        }
        previous = c;
    }
    None
}

/// Whether the full stop at the end of `front` ends a sentence: not one of an initial, a title, an abbreviation.
fn ends_at_full_stop(front: &str) -> bool {
    let word = front.trim_end_matches('.').rsplit(char::is_whitespace).next().unwrap_or("");
    let is_abbreviation = word.chars().count() <= 4 && word.starts_with(char::is_uppercase);
    !is_abbreviation && !word.contains('.')
}

/// Finds whom a phrase names, and where in the phrase: `As Mayor Ada Fenwick herself noted`.
pub(super) fn speaker_of(phrase: &str) -> Option<(Naming, Speaker, Range<usize>)> {
    let phrase = &phrase[..phrase.find('(').unwrap_or(phrase.len())];
    let rest = after_start(phrase, &WORDS.label_starts).filter(|rest| rest.starts_with(char::is_whitespace));
    let offset = rest.map_or(0, |rest| phrase.len() - rest.trim_start().len());
    let rest = phrase[offset..].trim_end();
    if let Some(announced) = super::title::announced(rest) {
        let range = offset + announced.range.start..offset + announced.range.end;
        return Some((announced.naming, announced.speaker, range));
    }
    let (naming, speaker, length) = named_prefix(rest)?;
    Some((naming, speaker, offset..offset + length))
}

/// Finds whom the start of a phrase names, and how long that is: "*Mayor Ada Fenwick* at the opening".
pub(super) fn named_prefix(phrase: &str) -> Option<(Naming, Speaker, usize)> {
    // "Ada Fenwick, Director of the Tide Office": the role comes last and must not be cut at "of".
    let name_first = phrase.split_once(',').is_some_and(|(name, _)| {
        matches!(people::read(name), Some((Naming::Person, speaker)) if speaker.role.is_none() && speaker.name.contains(' '))
    });
    let mut hard = Vec::new();
    let mut all = Vec::new();
    let mut rests = 0;
    for (at, word) in words_of(phrase) {
        let lower = word.to_lowercase();
        let is_hard = WORDS.stop_words.contains(&lower);
        if at > 0 && is_hard && words_of(&phrase[at..]).count() <= MAX_CUE_WORDS {
            hard.push(at);
        }
        if at > 0 && (is_hard || (!name_first && WORDS.soft_stop_words.contains(&lower))) {
            all.push(at);
        }
        rests += 1;
        if rests > MAX_LABEL_BYTES / 4 {
            break;
        }
    }
    hard.push(phrase.len());
    all.push(phrase.len());
    let read = |cut: usize| {
        let front = phrase[..cut]
            .trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '-' | '–' | '—' | ';'));
        people::read(front).map(|(naming, speaker)| (naming, speaker, front.len()))
    };
    let full_name = |(naming, speaker, _): &(Naming, Speaker, usize)| {
        *naming == Naming::Person && speaker.name.contains(' ')
    };
    let short_name = |(naming, speaker, _): &(Naming, Speaker, usize)| {
        *naming == Naming::Person && (speaker.role.is_some() || !people::starts_with_article(phrase))
    };
    all.iter()
        .filter_map(|cut| read(*cut))
        .find(full_name)
        .or_else(|| all.iter().filter_map(|cut| read(*cut)).find(short_name))
        .or_else(|| {
            hard.iter().filter_map(|cut| read(*cut)).find(|(naming, ..)| *naming == Naming::Institution)
        })
        .or_else(|| read(*hard.first()?))
}

/// Whether a phrase that could be a name is meant as one.
fn is_plausible(naming: Naming, speaker: &Speaker, phrase: &str, care: Care, people: &People) -> bool {
    let is_known = people.known().iter().any(|known| known.name == speaker.name);
    match naming {
        Naming::Person if speaker.role.is_none() => {
            let says_nothing =
                speaker.name.split(' ').any(|word| WORDS.not_names.contains(&word.to_lowercase()));
            let with_article = people::starts_with_article(phrase);
            is_known || (care == Care::Low && !says_nothing && !with_article)
        }
        Naming::Person | Naming::Institution => true,
        Naming::Role => care == Care::Low,
    }
}

/// Reads a label that ends its line without a colon: "Mayor Fenwick’s opening remarks 👇".
pub(super) fn read_open(body: &str, start: usize) -> Option<Labelled> {
    let phrase =
        body.trim_end_matches(|c: char| super::lines::is_sign(c) || c == '\u{FE0F}' || c.is_whitespace());
    let is_open = phrase.len() < body.len() || !super::words::ends_sentence(body);
    if phrase.len() > MAX_LABEL_BYTES / 2 || !is_open {
        return None;
    }
    let announced = super::title::announced(phrase)?;
    let source = Span::new(start + announced.range.start, start + announced.range.end).ok()?;
    let named = Named { naming: announced.naming, speaker: announced.speaker, source };
    Some(Labelled { label: Label::Speaker(named), content_start: start + body.len() })
}
