//! A paragraph as a row of tokens: words with what the lexicon knows of them, stops, and whole quotations.
//!
//! Words inside outermost quotation marks are no tokens here: a quotation is one token.

use super::{
    marks::Quote,
    words::{Classes, Forms, Word, Words},
};
use crate::{
    eights,
    table::{Key, LONGEST_BYTES},
};

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A word in small letters.
    Word,
    /// A word with a capital first letter.
    Name,
    /// Figures.
    Number,
    /// "'s" or the apostrophe after a plural.
    Possessive,
    /// `,`
    Comma,
    /// `.`, `?`, `!` or `…` that may end a sentence.
    Stop,
    /// `:`
    Colon,
    /// `;`
    Semicolon,
    /// A dash between words.
    Dash,
    /// `(` or `[`
    Open,
    /// `)` or `]`
    Close,
    /// Everything between two outermost marks, marks included.
    Quote,
    /// Any other sign.
    Sign,
}

/// One token.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Token {
    /// First byte in the text.
    pub start: usize,
    /// Byte after the last.
    pub end: usize,
    /// What it is.
    pub kind: Kind,
    /// What the lexicon knows of it.
    pub word: Word,
    /// For [`Kind::Quote`], its place among the quotes.
    pub quote: usize,
}

impl Token {
    /// Returns whether it is of one of the classes.
    pub(super) const fn is(&self, classes: Classes) -> bool {
        self.word.classes.any(classes)
    }

    /// Returns whether it is one of the forms of a cue.
    pub(super) const fn cues(&self, forms: Forms) -> bool {
        self.word.forms.any(forms)
    }

    /// Returns whether it is made of letters or figures.
    pub(super) const fn is_wordlike(&self) -> bool {
        matches!(self.kind, Kind::Word | Kind::Name | Kind::Number)
    }
}

/// Appends the tokens of `text[start..end]` to `tokens`. `quotes` are those of the same range, in order.
pub(super) fn read(
    text: &str,
    (start, end): (usize, usize),
    quotes: &[Quote],
    words: &Words,
    tokens: &mut Vec<Token>,
) {
    let mut at = start;
    for (place, quote) in quotes.iter().enumerate() {
        read_between(text, at, quote.start, words, tokens);
        tokens.push(token(quote.start, quote.end, Kind::Quote, place));
        at = quote.end;
    }
    read_between(text, at, end, words, tokens);
}

/// Appends the tokens of a range without quotations.
fn read_between(text: &str, start: usize, end: usize, words: &Words, tokens: &mut Vec<Token>) {
    let bytes = text.as_bytes();
    let mut at = start;
    while at < end {
        let byte = bytes[at];
        at = match STARTS[usize::from(byte)] {
            Start::Blank => at + 1,
            Start::Plain => read_plain(text, at, end, words, tokens)
                .unwrap_or_else(|| read_word(text, at, end, words, tokens)),
            Start::Word => read_word(text, at, end, words, tokens),
            Start::Sign => read_sign(bytes, at, end, tokens),
        };
    }
}

/// What a byte starts.
#[derive(Clone, Copy)]
enum Start {
    Blank,
    /// A letter or figure of ASCII.
    Plain,
    /// Another word, or a sign outside ASCII.
    Word,
    Sign,
}

const STARTS: [Start; 256] = {
    let mut starts = [Start::Sign; 256];
    let mut byte = 0_u8;
    loop {
        starts[byte as usize] = match byte {
            b' ' | b'\n' | b'\t' | b'\r' => Start::Blank,
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => Start::Plain,
            b'#' | b'@' | b'$' | b'\'' | 0x80.. => Start::Word,
            _ => Start::Sign,
        };
        if byte == u8::MAX {
            break starts;
        }
        byte += 1;
    }
};

/// What words are by their first byte, if that is ASCII.
const KINDS: [Kind; 128] = {
    let mut kinds = [Kind::Number; 128];
    let mut letter = b'a';
    while letter <= b'z' {
        kinds[letter as usize] = Kind::Word;
        kinds[letter.to_ascii_uppercase() as usize] = Kind::Name;
        letter += 1;
    }
    kinds
};

/// Reads a word of ASCII letters and figures that the sign behind it cannot lengthen, as nearly all are, and returns the
/// byte after it; `None` for others.
#[inline]
fn read_plain(
    text: &str,
    start: usize,
    limit: usize,
    words: &Words,
    tokens: &mut Vec<Token>,
) -> Option<usize> {
    let bytes = text.as_bytes();
    let lane = eights::load(bytes, start, limit);
    let mut end = start + eights::first_marked(eights::other_than_alphanumeric(lane));
    let is_short = end < start + 8;
    while end >= start + 8 && end < limit {
        let run = eights::first_marked(eights::other_than_alphanumeric(eights::load(bytes, end, limit)));
        end += run;
        if run < 8 {
            break;
        }
    }
    let first = bytes[start];
    if end < limit {
        match bytes[end] {
            b'\'' | b'-' | b'.' | b'&' | b'/' | b'_' | 0x80.. => return None,
            b',' if bytes[end - 1].is_ascii_digit() => return None,
            _ => {}
        }
    }
    let word = if is_short {
        words.find_eight(eights::first(lane, end - start))
    } else if end - start <= LONGEST_BYTES {
        Key::at(text, start, end).map_or(NO_WORD, |key| words.find(&key))
    } else {
        NO_WORD
    };
    let kind = KINDS[usize::from(first)];
    push(text, start, end, kind, word, words, tokens);
    Some(end)
}

const fn token(start: usize, end: usize, kind: Kind, quote: usize) -> Token {
    Token { start, end, kind, word: NO_WORD, quote }
}

const NO_WORD: Word = Word { classes: Classes::NONE, forms: Forms::NONE, verb: 0, noun: 0 };

fn read_sign(bytes: &[u8], at: usize, limit: usize, tokens: &mut Vec<Token>) -> usize {
    let run = |sign: u8| bytes[at..limit].iter().take_while(|b| **b == sign).count();
    let (kind, length) = match bytes[at] {
        b',' => (Kind::Comma, 1),
        b'.' => (Kind::Stop, run(b'.')),
        b'?' | b'!' => (Kind::Stop, bytes[at..limit].iter().take_while(|b| matches!(b, b'?' | b'!')).count()),
        b':' => (Kind::Colon, 1),
        b';' => (Kind::Semicolon, 1),
        b'-' => (Kind::Dash, run(b'-')),
        b'(' | b'[' => (Kind::Open, 1),
        b')' | b']' => (Kind::Close, 1),
        _ => (Kind::Sign, 1),
    };
    tokens.push(token(at, at + length, kind, 0));
    at + length
}

/// Reads a word, or a sign outside ASCII, and returns the byte after it.
fn read_word(text: &str, start: usize, limit: usize, words: &Words, tokens: &mut Vec<Token>) -> usize {
    let bytes = text.as_bytes();
    let mut at = start;
    let mut first = None; // the first letter or figure
    let mut apostrophe = None; // where the last one is
    let mut letters = 0;
    let mut elided = 0; // bytes of the apostrophe that ends the word
    if matches!(bytes[at], b'#' | b'@' | b'$') {
        at += 1;
    }
    while at < limit {
        let byte = bytes[at];
        if byte.is_ascii_alphanumeric() {
            first = first.or(Some(byte as char));
            let run = bytes[at..limit].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
            letters += run;
            at += run;
        } else if byte < 0x80 {
            let joins = matches!(byte, b'\'' | b'-' | b'.' | b',' | b'&' | b'/' | b'_') && letters > 0;
            let next = bytes.get(at + 1).filter(|_| at + 1 < limit).copied().unwrap_or(b' ');
            let previous_digit = bytes[at - usize::from(at > start)].is_ascii_digit();
            let goes_on = match byte {
                b'\'' | b'-' | b'&' | b'/' | b'_' => next.is_ascii_alphanumeric() || next >= 0xC3,
                b'.' => next.is_ascii_alphanumeric(),
                b',' => previous_digit && next.is_ascii_digit(),
                _ => false,
            };
            if !(joins && goes_on) {
                break;
            }
            if byte == b'\'' {
                if elides(words, &text[start..at]) {
                    elided = 1;
                    break;
                }
                apostrophe = Some(at);
            }
            at += 1;
        } else if let (0xD0 | 0xD1, Some(second)) = (byte, bytes[at..limit].get(1)) {
            // All two-byte characters that start so are letters.
            first = first.or_else(|| char::from_u32(u32::from(byte & 0x1F) << 6 | u32::from(second & 0x3F)));
            letters += 1;
            at += 2;
        } else {
            let Some(c) = text[at..limit].chars().next() else { break };
            let length = c.len_utf8();
            if c == '’' {
                let next = text[at + length..limit].chars().next();
                if letters == 0 || !next.is_some_and(char::is_alphanumeric) {
                    break;
                }
                if elides(words, &text[start..at]) {
                    elided = length;
                    break;
                }
                apostrophe = Some(at);
            } else if !is_letter(c) {
                break;
            }
            first = first.or(Some(c));
            letters += 1;
            at += length;
        }
    }
    let Some(first) = first else {
        return read_other(text, start, limit, tokens);
    };
    let limit = if elided > 0 { at } else { limit }; // an elision's apostrophe is no possessive: "s’il"
    push_word(text, (start, at), limit, first, apostrophe, words, tokens) + elided
}

/// Returns whether the word before an apostrophe ends there: "qu" in "qu'il".
fn elides(words: &Words, word: &str) -> bool {
    words.grammar().is_some_and(|grammar| grammar.elides(word))
}

/// Letters, and the marks that belong to them in scripts that write vowels as marks.
fn is_letter(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{900}'..='\u{DFF}') || c.is_alphanumeric()
}

fn push_word(
    text: &str,
    (start, end): (usize, usize),
    limit: usize,
    first: char,
    apostrophe: Option<usize>,
    words: &Words,
    tokens: &mut Vec<Token>,
) -> usize {
    let bytes = text.as_bytes();
    let kind = match first {
        'a'..='z' | 'а'..='я' => Kind::Word,
        'A'..='Z' | 'А'..='Я' => Kind::Name,
        _ if first.is_numeric() => Kind::Number,
        _ if first.is_uppercase() => Kind::Name,
        _ => Kind::Word,
    };
    let find = |end: usize| Key::at(text, start, end).map_or(NO_WORD, |key| words.find(&key));
    let mut word = find(end);
    if let Some((ending, hyphens)) = words.grammar().and_then(|grammar| grammar.enclitic(&text[start..end])) {
        let (verb, pronoun) = (end - ending, end - ending + hyphens);
        push(text, start, verb, kind, words.look_up(&text[start..verb]), words, tokens);
        push(text, pronoun, end, Kind::Word, words.look_up(&text[pronoun..end]), words, tokens);
        return end;
    }
    if let Some(at) = apostrophe
        && word == NO_WORD
    {
        // "Fenwick's": a name and its ending.
        word = find(at);
        push(text, start, at, kind, word, words, tokens);
        tokens.push(token(at, end, Kind::Possessive, 0));
        return end;
    }
    if bytes.get(end) == Some(&b'.') && end < limit {
        let last_part = bytes[start..end].iter().rev().take_while(|byte| **byte != b'.').count();
        let inner_stop = last_part <= 2 && last_part < end - start; // "U.S.", not "alder.com."
        let initial = end - start == 1 && kind == Kind::Name;
        let marked = words.grammar();
        // "(D-Calif.)": the last part is the abbreviation.
        let last =
            text[start..end].rfind('-').map_or(word, |hyphen| words.look_up(&text[start + hyphen + 1..end]));
        let abbreviation =
            (kind == Kind::Name || marked.is_some()) && last.classes.any(Classes::ABBREVIATION);
        let ordinal = kind == Kind::Number
            && marked.is_some_and(|grammar| grammar.ordinal_stop)
            && end - start <= 2
            && text[end + 1..limit].trim_start().starts_with(char::is_alphabetic);
        let numbering = word.classes.any(Classes::NUMBERING)
            && text[end + 1..limit].trim_start().starts_with(|c: char| c.is_ascii_digit());
        let abbreviation = abbreviation || ordinal || numbering;
        if inner_stop && !first.is_ascii_digit() && end - start <= 8 || initial || abbreviation {
            push(text, start, end + 1, kind, word, words, tokens);
            return end + 1;
        }
    }
    push(text, start, end, kind, word, words, tokens);
    let last_s = matches!(bytes[end - 1], b's' | b'S' | b'z' | b'x');
    if last_s && end < limit {
        if bytes[end] == b'\'' {
            tokens.push(token(end, end + 1, Kind::Possessive, 0));
            return end + 1;
        } else if text[end..limit].starts_with('’') {
            tokens.push(token(end, end + 3, Kind::Possessive, 0));
            return end + 3;
        }
    }
    end
}

#[inline]
fn push(
    text: &str,
    start: usize,
    end: usize,
    kind: Kind,
    mut word: Word,
    words: &Words,
    tokens: &mut Vec<Token>,
) {
    if words.may_end(text.as_bytes()[end - 1]) && kind == Kind::Word && !word.is_known() {
        word.classes = words.by_ending(&text[start..end]);
    }
    tokens.push(Token { start, end, kind, word, quote: 0 });
}

/// Reads a sign outside ASCII, or a sign that began no word.
fn read_other(text: &str, start: usize, limit: usize, tokens: &mut Vec<Token>) -> usize {
    let Some(c) = text[start..limit].chars().next() else { return limit };
    let end = start + c.len_utf8();
    let kind = match c {
        '—' | '–' | '―' => Kind::Dash,
        '…' | '。' | '？' | '！' | '।' => Kind::Stop,
        '，' | '、' => Kind::Comma,
        '：' => Kind::Colon,
        c if c.is_whitespace()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{FEFF}' | '\u{FE0F}' | '\u{2060}') =>
        {
            return end;
        }
        // Emoji and flags stand beside words and belong to none.
        c if !c.is_ascii() => return end,
        _ => Kind::Sign,
    };
    tokens.push(token(start, end, kind, 0));
    end
}
