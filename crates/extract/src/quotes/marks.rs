//! Quotation marks of one paragraph: which open, which close, which are apostrophes.
//!
//! Marks are paired by the type of their glyph within the paragraph, never by counting. Only the outermost pairs
//! are kept: marks inside marks belong to the words that are quoted.

/// The words between two outermost marks of a paragraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Quote {
    /// The first byte of the opening mark.
    pub start: usize,
    /// The byte after the opening mark.
    pub inner_start: usize,
    /// The first byte of the closing mark; the end of the paragraph where there is none.
    pub inner_end: usize,
    /// The byte after the closing mark.
    pub end: usize,
    /// Whether there is a closing mark.
    pub closed: bool,
    /// The type of the marks.
    pub family: Family,
}

/// Types of marks that close each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    /// “…”, ”…”, „…“ and „…”.
    Curly,
    /// "…"
    Straight,
    /// ''…'' and ``…''.
    Apostrophes,
    /// «…» and »…«.
    Guillemets,
    /// ‹…› and ›…‹.
    Angles,
    /// 「…」 and 『…』.
    Corners,
    /// ‘…’ and ‚…‘.
    SingleCurly,
    /// '…'
    SingleStraight,
}

impl Family {
    /// Returns whether it is one of the two double marks of English keyboards.
    const fn is_double(self) -> bool {
        matches!(self, Self::Curly | Self::Straight)
    }

    /// Returns whether the sign is an apostrophe elsewhere, so that one without a partner means nothing.
    const fn doubles_as_apostrophe(self) -> bool {
        matches!(self, Self::SingleCurly | Self::SingleStraight)
    }
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    at: usize,
    end: usize,
    family: Family,
    hint: Hint,
    opens: bool,
    closes: bool,
    after_punctuation: bool,
}

/// What the glyph alone says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hint {
    Opening,
    Closing,
    Either,
}

/// Bytes that a single quotation in single marks may span: beyond it, the sign was an apostrophe.
const LONGEST_SINGLE_BYTES: usize = 2_000;

/// Pairs the marks of `text[start..end]`, one paragraph, in order. The unpaired are in the result, not `closed`.
pub(super) fn pair(text: &str, start: usize, end: usize, quotes: &mut Vec<Quote>) {
    let marks = find(text, start, end);
    let mut at = 0;
    while let Some(open) = marks.get(at) {
        at += 1;
        if !can_open(open) {
            continue;
        }
        match closer(&marks[at..], open) {
            Closer::At(offset) => {
                let close = marks[at + offset];
                at += offset + 1;
                quotes.push(quote(open, close.at, close.end, true));
            }
            Closer::Reopened(offset) => {
                let next = marks[at + offset];
                at += offset;
                quotes.push(quote(open, next.at, next.at, false));
            }
            Closer::None if open.family.doubles_as_apostrophe() => {}
            Closer::None => {
                quotes.push(quote(open, end, end, false));
                break;
            }
        }
    }
}

fn quote(open: &Mark, inner_end: usize, end: usize, closed: bool) -> Quote {
    Quote { start: open.at, inner_start: open.end, inner_end, end, closed, family: open.family }
}

enum Closer {
    At(usize),
    /// The same mark opens again before any closes.
    Reopened(usize),
    None,
}

fn can_open(mark: &Mark) -> bool {
    match mark.hint {
        Hint::Opening => mark.opens || !mark.family.doubles_as_apostrophe(),
        Hint::Closing => mark.opens && !mark.closes && !mark.family.doubles_as_apostrophe(),
        Hint::Either => mark.opens,
    }
}

fn closer(later: &[Mark], open: &Mark) -> Closer {
    let mut weak = None;
    let mut nested = 0_u32; // marks of the other double family that are open inside
    for (offset, mark) in later.iter().enumerate() {
        if mark.family != open.family {
            // Typists mix “ and ": a mark that can only close does.
            if mark.family.is_double() && open.family.is_double() {
                if mark.closes && !mark.opens && mark.hint != Hint::Opening {
                    if nested == 0 {
                        return Closer::At(offset);
                    }
                    nested -= 1;
                } else {
                    nested += 1;
                }
            }
            continue;
        }
        if open.family.doubles_as_apostrophe() {
            if mark.at - open.at > LONGEST_SINGLE_BYTES {
                break;
            }
            // "the owners' plan" ends in the same sign: a closing mark after punctuation is surer.
            if mark.closes && mark.hint != Hint::Opening {
                if mark.after_punctuation {
                    return Closer::At(offset);
                }
                weak = weak.or(Some(offset));
            } else if mark.opens && mark.hint == Hint::Opening {
                break;
            }
            continue;
        }
        let reopens = match mark.hint {
            Hint::Opening => mark.opens || !mark.closes,
            Hint::Closing => false,
            Hint::Either => mark.opens && !mark.closes,
        };
        return if reopens { Closer::Reopened(offset) } else { Closer::At(offset) };
    }
    weak.map_or(Closer::None, Closer::At)
}

fn find(text: &str, start: usize, end: usize) -> Vec<Mark> {
    let bytes = text.as_bytes();
    let mut marks = Vec::new();
    let mut at = start;
    while at < end {
        // Few bytes can start a mark.
        let Some(next) = bytes[at..end].iter().position(|byte| STARTS_MARK[usize::from(*byte)]) else {
            break;
        };
        at += next;
        let Some((family, hint, length)) = glyph(&bytes[at..end]) else {
            at += 1;
            continue;
        };
        let before = text[start..at].chars().next_back();
        let after = text[at + length..end].chars().next();
        let left_open = before.is_none_or(|c| {
            is_mark(c)
                || c.is_whitespace()
                || matches!(c, '(' | '[' | '{' | '—' | '–' | '-' | '/' | ':' | '=' | '\u{feff}')
        });
        let right_open = after.is_none_or(|c| {
            is_mark(c)
                || c.is_whitespace()
                || matches!(
                    c,
                    ',' | '.' | ';' | ':' | '!' | '?' | ')' | ']' | '}' | '—' | '–' | '-' | '/' | '…'
                )
        });
        let left_space = before.is_none_or(char::is_whitespace);
        let right_space = after.is_none_or(char::is_whitespace);
        if family == Family::Guillemets && left_open && right_open {
            // French sets a blank inside: « … ».
            let opens = bytes[at..].starts_with("«".as_bytes());
            marks.push(Mark {
                at,
                end: at + length,
                family,
                hint,
                opens: opens && after.is_some(),
                closes: !opens,
                after_punctuation: false,
            });
            at += length;
            continue;
        }
        marks.push(Mark {
            at,
            end: at + length,
            family,
            hint,
            opens: left_open && !right_space || left_space && right_space && after.is_some(),
            closes: !left_space && (right_open || !left_open) || left_space && right_space,
            after_punctuation: before.is_some_and(|c| matches!(c, ',' | '.' | '?' | '!' | '…')),
        });
        at += length;
    }
    // An apostrophe inside or before a word is no mark.
    marks.retain(|mark| {
        !(mark.family.doubles_as_apostrophe() && (inside_word(text, mark) || shortens_year(text, mark)))
    });
    marks
}

fn inside_word(text: &str, mark: &Mark) -> bool {
    let before = text[..mark.at].chars().next_back();
    let after = text[mark.end..].chars().next();
    before.is_some_and(char::is_alphanumeric) && after.is_some_and(char::is_alphanumeric)
}

/// Returns whether the mark stands for the century of a year: "in ’08".
fn shortens_year(text: &str, mark: &Mark) -> bool {
    let digits = text[mark.end..].bytes().take_while(u8::is_ascii_digit).count();
    let next = text[mark.end + digits..].chars().next();
    digits == 2 && next.is_none_or(|c| !c.is_alphanumeric() && c != ':')
}

/// Returns whether the sign is a quotation mark or looks like one.
pub(super) fn is_mark(c: char) -> bool {
    matches!(
        c,
        '"' | '\''
            | '“'
            | '”'
            | '„'
            | '‟'
            | '‘'
            | '’'
            | '‚'
            | '«'
            | '»'
            | '‹'
            | '›'
            | '「'
            | '」'
            | '『'
            | '』'
            | '`'
    )
}

/// The bytes that [`glyph`] looks at first.
const STARTS_MARK: [bool; 256] = {
    let mut starts = [false; 256];
    let first = [b'"', b'\'', b'`', 0xC2, 0xE2, 0xE3];
    let mut n = 0;
    while n < first.len() {
        starts[first[n] as usize] = true;
        n += 1;
    }
    starts
};

/// Reads the mark at the start of `bytes`.
fn glyph(bytes: &[u8]) -> Option<(Family, Hint, usize)> {
    Some(match bytes {
        [b'"', ..] => (Family::Straight, Hint::Either, 1),
        [b'\'', b'\'', b'\'', rest @ ..] if rest.first() != Some(&b'\'') => {
            // A single mark inside closes first: «''He said 'no'''».
            return Some((Family::Apostrophes, Hint::Either, 3));
        }
        [b'\'', b'\'', ..] => (Family::Apostrophes, Hint::Either, 2),
        [b'`', b'`', ..] => (Family::Apostrophes, Hint::Opening, 2),
        [b'\'', ..] => (Family::SingleStraight, Hint::Either, 1),
        [0xC2, 0xAB, ..] => (Family::Guillemets, Hint::Either, 2),
        [0xC2, 0xBB, ..] => (Family::Guillemets, Hint::Either, 2),
        [0xE2, 0x80, kind, ..] => match kind {
            0x9C => (Family::Curly, Hint::Either, 3),
            0x9D => (Family::Curly, Hint::Closing, 3),
            0x9E | 0x9F => (Family::Curly, Hint::Opening, 3),
            0x98 => (Family::SingleCurly, Hint::Either, 3),
            0x99 => (Family::SingleCurly, Hint::Closing, 3),
            0x9A => (Family::SingleCurly, Hint::Opening, 3),
            0xB9 | 0xBA => (Family::Angles, Hint::Either, 3),
            _ => return None,
        },
        [0xE3, 0x80, 0x8C | 0x8E, ..] => (Family::Corners, Hint::Opening, 3),
        [0xE3, 0x80, 0x8D | 0x8F, ..] => (Family::Corners, Hint::Closing, 3),
        _ => return None,
    })
}
