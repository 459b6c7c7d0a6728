//! Where a sentence starts and ends, with brackets, quotation marks and abbreviations in mind; windows are bounded.

use std::ops::Range;

use super::words::is_word_char;

/// No sentence is looked for further back than this.
const MAX_BACK: usize = 700;

/// Returns whether `c` ends a sentence.
pub(super) fn is_sentence_end(c: char) -> bool {
    matches!(c, '.' | '!' | '?' | '…' | '。' | '！' | '？' | '।' | '؟' | '۔')
}

/// Returns the largest character boundary of `text` that is not beyond `at`.
pub(super) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// Returns the start of the sentence that holds `at`, not before `floor_at`.
pub(super) fn start(text: &str, at: usize, floor_at: usize) -> usize {
    let low = floor(text, at.saturating_sub(MAX_BACK).max(floor_at));
    let begin = text[low..at].char_indices().rev().find_map(|(offset, c)| {
        let here = low + offset;
        let line = c == '\n' && !wrapped_line(text, here, at);
        (line || is_sentence_end(c) && ends_here(text, here, c, at)).then_some(here + c.len_utf8())
    });
    let begin = begin.unwrap_or(low);
    let slice = &text[begin..at];
    begin + slice.len()
        - slice
            .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '”' | '"' | '»' | '’' | ')'))
            .len()
}

/// Returns whether the line break at `at` is inside a hard-wrapped sentence.
fn wrapped_line(text: &str, at: usize, limit: usize) -> bool {
    let line_start = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let line = text[line_start..at].trim_end();
    let next = text[at + 1..limit].trim_start_matches([' ', '\t']);
    line.len() >= 40
        && !line.ends_with(is_sentence_end)
        && !line.ends_with(':')
        && next.starts_with(|c: char| c.is_alphanumeric())
}

/// Returns the byte after the sentence that starts at `from`: after its end mark (and closing quotation mark), before a
/// quotation mark that closes a quotation opened earlier, or `limit`.
pub(super) fn end(text: &str, from: usize, limit: usize) -> usize {
    let mut depth = Depth::default();
    for (offset, c) in text[from..limit].char_indices() {
        let here = from + offset;
        if c.is_ascii_alphanumeric() || c == ' ' {
            continue; // nearly all
        }
        if depth.closes_outer(text, here, c) {
            return here;
        }
        depth.step(text, here, c);
        if is_sentence_end(c) && !depth.in_brackets() && ends_here(text, here, c, limit) {
            let after = here + c.len_utf8();
            if !depth.is_outside() {
                // The mark may end the quotation too: `… "leave." Next`.
                let close = text[after..limit].chars().next();
                match close {
                    Some(q) if depth.closed_by(q) => {
                        let rest = text[after + q.len_utf8()..limit].trim_start();
                        if rest.is_empty() || rest.starts_with(char::is_uppercase) {
                            return after + q.len_utf8();
                        }
                        continue;
                    }
                    _ => continue,
                }
            }
            return after;
        }
    }
    limit
}

/// Returns whether `text[range]` holds a closing quotation mark.
pub(super) fn quotes_closing(text: &str, range: Range<usize>) -> bool {
    text.get(floor(text, range.start)..range.end).is_some_and(|s| s.contains(['”', '»']))
}

/// Returns the pieces of `range` between the separators that stand outside quotation marks and brackets.
pub(super) fn splits(text: &str, range: Range<usize>, separator: impl Fn(char) -> bool) -> Vec<Range<usize>> {
    let mut pieces = Vec::new();
    let mut depth = Depth::default();
    let mut from = range.start;
    for (offset, c) in text[range.clone()].char_indices() {
        let here = range.start + offset;
        depth.step(text, here, c);
        let number = c == ',' && text[here + 1..].starts_with(|d: char| d.is_ascii_digit());
        if separator(c) && depth.is_outside() && !number {
            pieces.push(from..here);
            from = here + c.len_utf8();
        }
    }
    pieces.push(from..range.end);
    pieces.retain(|piece| text[piece.clone()].contains(is_word_char));
    pieces
}

/// Returns a test whether a byte of `range` stands outside quotation marks and brackets.
pub(super) fn outside(text: &str, range: Range<usize>) -> impl Fn(usize) -> bool {
    let mut inside: Vec<Range<usize>> = Vec::new();
    let mut depth = Depth::default();
    let mut since = range.start;
    for (offset, c) in text[range.clone()].char_indices() {
        let here = range.start + offset;
        let was = depth.is_outside();
        depth.step(text, here, c);
        match (was, depth.is_outside()) {
            (true, false) => since = here,
            (false, true) => inside.push(since..here),
            _ => {}
        }
    }
    move |at| !inside.iter().any(|r| r.contains(&at))
}

/// How deep in brackets and quotation marks.
#[derive(Debug, Default)]
struct Depth {
    brackets: u32,
    closing: Vec<char>,
}

impl Depth {
    fn step(&mut self, text: &str, at: usize, c: char) {
        match c {
            '(' | '[' | '（' => self.brackets += 1,
            ')' | ']' | '）' => self.brackets = self.brackets.saturating_sub(1),
            _ if self.closing.last() == Some(&c) => {
                self.closing.pop();
            }
            '“' => self.closing.push('”'),
            '«' if !closes_backwards(text, at) => self.closing.push('»'),
            '„' => self.closing.push('“'),
            '»' if opens_backwards(text, at) => self.closing.push('«'),
            '「' => self.closing.push('」'),
            '"' if at == 0 || text[..at].ends_with(|c: char| c.is_whitespace() || c == '(') => {
                self.closing.push('"');
            }
            _ => {}
        }
    }

    /// Returns whether `c` closes a quotation that was opened before the text at hand.
    fn closes_outer(&self, text: &str, at: usize, c: char) -> bool {
        match c {
            '»' => !self.closing.contains(&c) && !opens_backwards(text, at),
            '«' => !self.closing.contains(&c) && closes_backwards(text, at),
            '”' | '」' => !self.closing.contains(&c),
            '“' => {
                // In German marks this sign closes.
                !self.closing.contains(&c)
                    && text[..at].ends_with(|c: char| is_word_char(c) || is_sentence_end(c) || c == ',')
            }
            '"' => {
                !self.closing.contains(&c) && text[..at].ends_with(|c: char| !c.is_whitespace() && c != '(')
            }
            _ => false,
        }
    }

    fn closed_by(&self, c: char) -> bool {
        self.closing.last() == Some(&c)
    }

    fn in_brackets(&self) -> bool {
        self.brackets > 0
    }

    fn is_outside(&self) -> bool {
        self.brackets == 0 && self.closing.is_empty()
    }
}

/// Returns whether the mark at `at` opens a quotation in marks that point inwards, `»…«`.
fn opens_backwards(text: &str, at: usize) -> bool {
    let after = &text[at + '»'.len_utf8()..];
    (at == 0 || text[..at].ends_with([' ', '\n', '(', '\t'])) && after.starts_with(is_word_char)
}

/// Returns whether the mark at `at` closes such a quotation.
fn closes_backwards(text: &str, at: usize) -> bool {
    let after = &text[at + '«'.len_utf8()..];
    text[..at].ends_with(|c: char| is_word_char(c) || is_sentence_end(c) || c == ',')
        && !after.starts_with(is_word_char)
}

/// Returns whether the mark `c` at `at` ends a sentence: a full stop after an abbreviation, an initial, inside a number
/// or before a small letter does not.
fn ends_here(text: &str, at: usize, c: char, limit: usize) -> bool {
    let after = &text[at + c.len_utf8()..limit.max(at + c.len_utf8())];
    if c != '.' && c != '…' {
        return true;
    }
    let next = after.chars().next();
    if next.is_some_and(|n| is_word_char(n) || n == ',' || n == ';' || n == '-') {
        return false;
    }
    let following = after
        .trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '”' | '»' | '“' | '«' | '('));
    if following.starts_with(char::is_lowercase) && !after.starts_with('\n') {
        return false;
    }
    let word: &str = {
        let before = &text[floor(text, at.saturating_sub(24))..at];
        before.rsplit(|c: char| !is_word_char(c) && c != '.').next().unwrap_or("")
    };
    let letters = word.chars().count();
    let initial = letters == 1
        && word.starts_with(char::is_uppercase)
        && !following.is_empty()
        && !following.starts_with('\n');
    let dotted = word.contains('.')
        && letters <= 5
        && !word.chars().any(|c| c.is_ascii_digit())
        && following.starts_with(char::is_lowercase);
    // "the U.S. Department": capitals with points between them, before more of the sentence.
    let capitals = word.contains('.')
        && word.split('.').all(|part| part.chars().count() == 1 && part.starts_with(char::is_uppercase))
        && after.starts_with(' ')
        && following.starts_with(char::is_alphabetic);
    // A number directly before the mark at the start of a line is an enumerator.
    let enumerator = letters <= 2 && word.chars().all(|c| c.is_ascii_digit()) && !word.is_empty() && {
        let line = text[..at - word.len()].trim_end_matches([' ', '\t']);
        line.is_empty() || line.ends_with(['\n', ':', ';'])
    };
    !(initial || dotted || capitals || enumerator || ABBREVIATIONS.contains(&word))
}

/// Abbreviations that stand before a capital letter.
const ABBREVIATIONS: [&str; 32] = [
    "Mr", "Mrs", "Ms", "Dr", "St", "No", "Gen", "Sen", "Rep", "Gov", "Lt", "Col", "Prof", "Sr", "Sra", "Dra",
    "Art", "Nr", "vs", "Inc", "Ltd", "Hon", "Mme", "Ing", "Lic", "им", "г", "ст", "тов", "гр", "пп", "Jr",
];

/// Returns where the quotation opens that is still open at the end of `range`.
pub(super) fn open_quotation(text: &str, range: Range<usize>) -> Option<usize> {
    let mut depth = Depth::default();
    let mut opened: Vec<usize> = Vec::new();
    for (offset, c) in text[range.clone()].char_indices() {
        let here = range.start + offset;
        let before = depth.closing.len();
        depth.step(text, here, c);
        if depth.closing.len() > before {
            opened.push(here);
        } else if depth.closing.len() < before {
            opened.pop();
        }
    }
    opened.first().copied()
}
