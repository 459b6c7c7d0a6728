//! Lines of a post and the signs that lead them.

use dictum_core::Span;
use memchr::memchr;

/// What the signs at the start of a line say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sign {
    /// No sign: plain words.
    None,
    /// 💬: somebody speaks.
    Speech,
    /// ❓: somebody asks.
    Question,
    /// 🎙: the heading of the post.
    Title,
    /// 📍: a place and a date, or a bullet.
    Pin,
    /// An item of a list.
    Bullet,
    /// ☝️ 👉 ❗️ 🤝: the line stresses something in what is being said.
    Stress,
    /// ⚡️ ❗ 🗣 and flags often lead the name of a speaker; ❗ is also a [`Sign::Stress`] and is listed there.
    Announcement,
    /// Any other emoji.
    Other,
}

/// One line, without the blanks around it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'t> {
    /// The words behind the signs.
    pub body: &'t str,
    /// Where the line starts and ends in the text, signs included.
    pub start: usize,
    pub body_start: usize,
    pub sign: Sign,
}

impl Line<'_> {
    pub(super) fn end(&self) -> usize {
        self.body_start + self.body.len()
    }

    pub(super) fn is_blank(&self) -> bool {
        self.start == self.end()
    }

    /// The span of the signs, without blanks; `None` when there are none.
    pub(super) fn sign_span(&self, text: &str) -> Option<Span> {
        let signs = text.get(self.start..self.body_start)?.trim_end();
        Span::new(self.start, self.start + signs.len()).ok().filter(|span| !span.is_empty())
    }
}

/// Splits a text into lines; both `\n` and `\r\n` end one.
pub(super) fn split(text: &str) -> Vec<Line<'_>> {
    let mut lines = Vec::with_capacity(text.len() / 128 + 1);
    let mut start = 0;
    while start < text.len() {
        let end = memchr(b'\n', &text.as_bytes()[start..]).map_or(text.len(), |at| start + at);
        lines.push(line(text, start, end));
        start = end + 1;
    }
    lines
}

fn line(text: &str, start: usize, end: usize) -> Line<'_> {
    let whole = text[start..end].trim_end();
    let trimmed = whole.trim_start_matches(|c: char| c.is_whitespace() || is_invisible(c));
    let start = start + (whole.len() - trimmed.len());
    let (sign, length) = leading_sign(trimmed);
    Line { body: &trimmed[length..], start, body_start: start + length, sign }
}

/// Returns the kind of the signs at the start of a line and their length with the blanks after them.
fn leading_sign(line: &str) -> (Sign, usize) {
    if line.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) {
        return (Sign::None, 0);
    }
    if let Some(length) = number(line) {
        return (Sign::Bullet, length);
    }
    let length =
        line.find(|c: char| !is_sign(c) && !is_invisible(c) && !c.is_whitespace()).unwrap_or(line.len());
    let mut kind = Sign::None;
    for c in line[..length].chars() {
        kind = match (kind, kind_of(c)) {
            (_, decisive @ (Sign::Speech | Sign::Question | Sign::Title)) => return (decisive, length),
            (Sign::None, first) => first,
            (known, _) => known,
        };
    }
    match dash(line) {
        Some(length) if kind == Sign::None => (Sign::Bullet, length),
        _ => (kind, length),
    }
}

/// Returns the length of `1. `, `2) `, `3️⃣ ` at the start of a line, with the blanks after it.
fn number(line: &str) -> Option<usize> {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 2 {
        return None;
    }
    let rest = &line[digits..];
    let after = rest
        .strip_prefix("\u{FE0F}\u{20E3}")
        .or_else(|| rest.strip_prefix('\u{20E3}'))
        .or_else(|| rest.strip_prefix(['.', ')']).filter(|after| after.starts_with(char::is_whitespace)))?;
    Some(line.len() - after.trim_start().len())
}

/// Returns the length of a dash that leads an item, with the blanks after it.
fn dash(line: &str) -> Option<usize> {
    let after = line.strip_prefix(['-', '–', '—', '*', '·'])?;
    after.starts_with(char::is_whitespace).then(|| line.len() - after.trim_start().len())
}

fn kind_of(c: char) -> Sign {
    match c {
        '💬' => Sign::Speech,
        '❓' | '❔' | '⁉' => Sign::Question,
        '🎙' => Sign::Title,
        '📍' => Sign::Pin,
        '•' | '‣' | '●' | '○' | '◦' | '■' | '□' | '▪' | '▫' | '◼' | '◻' | '◾' | '◽' | '⬛' | '⬜'
        | '🔹' | '🔸' | '🔷' | '🔶' | '🔺' | '🔻' | '➖' | '✅' | '✔' | '☑' | '⭕' | '⚫' | '⚪' | '🔴'
        | '🔵' | '🟢' | '🟡' | '🟠' | '🟣' | '♦' | '◆' | '◇' | '▶' | '▸' | '►' | '➡' | '➢' | '➤' | '✦' => {
            Sign::Bullet
        }
        '☝' | '👆' | '❗' | '❕' | '‼' | '👉' | '🤝' | '⚠' => Sign::Stress,
        '⚡' | '🗣' | '🗨' | '📣' | '📢' | '💭' | '🇦'..='🇿' => Sign::Announcement,
        c if is_invisible(c) || c.is_whitespace() => Sign::None,
        _ => Sign::Other,
    }
}

/// Variation selectors, joiners, keycaps, skin tones and the like: part of the sign before them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{FE0E}' | '\u{FE0F}' | '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{20E3}' | '\u{1F3FB}'..='\u{1F3FF}' | '\u{E0020}'..='\u{E007F}')
}

/// Whether `c` is an emoji, a bullet or an arrow.
pub(super) fn is_sign(c: char) -> bool {
    matches!(c,
        '\u{2022}' | '\u{2023}' | '\u{203C}' | '\u{2049}' | '\u{25E6}' | '\u{2139}' | '\u{2190}'..='\u{21FF}' | '\u{2300}'..='\u{23FF}'
        | '\u{2460}'..='\u{24FF}' | '\u{25A0}'..='\u{27BF}' | '\u{2900}'..='\u{297F}' | '\u{2B00}'..='\u{2BFF}'
        | '\u{3030}' | '\u{1F000}'..='\u{1FAFF}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, sign: Sign, body: &str) {
        let lines = split(line);
        assert_eq!((lines[0].sign, lines[0].body), (sign, body), "{line:?}");
    }

    #[test]
    fn signs_lead_lines() {
        check("💬 We agree.", Sign::Speech, "We agree.");
        check("💬🇦🇶 We agree. \r\n", Sign::Speech, "We agree.");
        check("❓Why?", Sign::Question, "Why?");
        check("🎙️ Title", Sign::Title, "Title");
        check("🔹️Item", Sign::Bullet, "Item");
        check("1️⃣ Item", Sign::Bullet, "Item");
        check("12) Item", Sign::Bullet, "Item");
        check("— Item", Sign::Bullet, "Item");
        check("❗ Look", Sign::Stress, "Look");
        check("⚡️ Look", Sign::Announcement, "Look");
        check("🤷‍♂️ Look", Sign::Other, "Look");
        check("\u{A0}Plain", Sign::None, "Plain");
    }

    #[test]
    fn plain_lines_have_no_sign() {
        check("12 people", Sign::None, "12 people");
        check("3.5 tons", Sign::None, "3.5 tons");
        check("-5 degrees", Sign::None, "-5 degrees");
        check("“Quoted”", Sign::None, "“Quoted”");
        check("<...>", Sign::None, "<...>");
        check("#Topic", Sign::None, "#Topic");
        check("नदी", Sign::None, "नदी");
    }
}
