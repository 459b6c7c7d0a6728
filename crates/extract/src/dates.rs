//! Days in short texts: "July 13, 2023", "10–13 September 2023", "9.2.2026".
//!
//! Only whole days with a year become a date: no year is guessed.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::LazyLock,
};

use dictum_core::{Date, DateInterval};
use serde::Deserialize;

use crate::lexicon;

/// A day or some days in a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dated {
    /// Where it stands.
    pub range: Range<usize>,
    /// The days; `None` without a year.
    pub days: Option<DateInterval>,
}

/// Returns the last date of a short text: a heading ends with its own, earlier ones belong to what it is about.
pub(crate) fn find_last(text: &str) -> Option<Dated> {
    let tokens = tokens(text);
    let (mut at, mut last) = (0, None);
    while at < tokens.len() {
        match date_at(&tokens[at..]) {
            Some((length, days)) => {
                let range = tokens[at].range.start..tokens[at + length - 1].range.end;
                last = Some(Dated { range, days });
                at += length;
            }
            None => at += 1,
        }
    }
    last
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    /// One or two digits.
    Small(i8),
    /// Four digits.
    Year(i16),
    Month(i8),
    Dash,
    Dot,
    Other,
}

#[derive(Debug, Clone)]
struct Token {
    kind: Kind,
    range: Range<usize>,
}

/// Splits a text into what dates are made of; blanks, commas and fillers vanish.
fn tokens(text: &str) -> Vec<Token> {
    let mut tokens: Vec<Token> = Vec::new();
    let mut chars = text.char_indices().peekable();
    while let Some((start, c)) = chars.next() {
        let same = |next: char| if c.is_ascii_digit() { next.is_ascii_digit() } else { next.is_alphabetic() };
        let mut end = start + c.len_utf8();
        if c.is_alphanumeric() {
            while let Some((_, next)) = chars.next_if(|(_, next)| same(*next)) {
                end += next.len_utf8();
            }
        }
        let word = &text[start..end];
        let kind = match c {
            '0'..='9' => match (word.len(), word.parse::<i16>()) {
                (1 | 2, Ok(number)) => Kind::Small(i8::try_from(number).unwrap_or(0)),
                (4, Ok(number)) => Kind::Year(number),
                _ => Kind::Other,
            },
            '-' | '–' | '—' => Kind::Dash,
            '.' if text[..start].ends_with(|c: char| c.is_ascii_digit()) => Kind::Dot,
            _ if c.is_whitespace() || matches!(c, ',' | '.') => continue,
            _ if c.is_alphabetic() => match WORDS.months.get(&word.to_lowercase()) {
                Some(month) => Kind::Month(*month),
                None if WORDS.fillers.contains(&word.to_lowercase()) && !tokens.is_empty() => {
                    // "2024 года": the word belongs to the year before it.
                    if let Some(year @ Token { kind: Kind::Year(_), .. }) = tokens.last_mut() {
                        year.range.end = end;
                    }
                    continue;
                }
                None => Kind::Other,
            },
            _ => Kind::Other,
        };
        tokens.push(Token { kind, range: start..end });
    }
    tokens
}

/// Reads a date at the start of the tokens: how many it takes, and its days.
fn date_at(tokens: &[Token]) -> Option<(usize, Option<DateInterval>)> {
    use Kind::{Dash, Dot, Month, Small, Year};
    let kinds: Vec<Kind> = tokens.iter().take(9).map(|token| token.kind).collect();
    Some(match kinds.as_slice() {
        // Digits alone: day.month.year, year-month-day.
        [Small(d), Dot, Small(m), Dot, Year(y), ..] => (5, interval(*y, *m, *d, *y, *m, *d)),
        [Year(y), Dash, Small(m), Dash, Small(d), ..] => (5, interval(*y, *m, *d, *y, *m, *d)),
        // Month first: "June 30 - July 2, 2024", "June 1-3, 2024", "June 1, 2024", "June 1".
        [Month(m), Small(d), Dash, Month(n), Small(e), Year(y), ..] => (6, interval(*y, *m, *d, *y, *n, *e)),
        [Month(m), Small(d), Year(y), Dash, Month(n), Small(e), Year(z), ..] => {
            (7, interval(*y, *m, *d, *z, *n, *e))
        }
        [Month(m), Small(d), Dash, Small(e), Year(y), ..] => (5, interval(*y, *m, *d, *y, *m, *e)),
        [Month(m), Small(d), Year(y), ..] => (3, interval(*y, *m, *d, *y, *m, *d)),
        [Month(_), Small(_), Dash, Small(_), ..] => (4, None),
        [Month(_), Small(_), ..] => (2, None),
        // Day first.
        [Small(d), Month(m), Dash, Small(e), Month(n), Year(y), ..] => (6, interval(*y, *m, *d, *y, *n, *e)),
        [Small(d), Month(m), Year(y), Dash, Small(e), Month(n), Year(z), ..] => {
            (7, interval(*y, *m, *d, *z, *n, *e))
        }
        [Small(d), Dash, Small(e), Month(m), Year(y), ..] => (5, interval(*y, *m, *d, *y, *m, *e)),
        [Small(d), Month(m), Year(y), ..] => (3, interval(*y, *m, *d, *y, *m, *d)),
        // German: "9. Februar 2026".
        [Small(d), Dot, Month(m), Year(y), ..] => (4, interval(*y, *m, *d, *y, *m, *d)),
        [Small(_), Dash, Small(_), Month(_), ..] => (4, None),
        [Small(_), Month(_), ..] => (2, None),
        [Small(_), Dot, Month(_), ..] => (3, None),
        _ => return None,
    })
}

fn interval(y: i16, m: i8, d: i8, z: i16, n: i8, e: i8) -> Option<DateInterval> {
    DateInterval::new(Date::new(y, m, d).ok()?, Date::new(z, n, e).ok()?)
}

#[derive(Debug, Default)]
struct Words {
    months: HashMap<String, i8>,
    fillers: HashSet<String>,
}

/// The part of `layout.toml` that is about dates.
#[derive(Debug, Deserialize)]
struct LayoutFile {
    dates: Dates,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dates {
    months: [Vec<String>; 12],
    fillers: Vec<String>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut words = Words::default();
    for (_, LayoutFile { dates }) in lexicon::load("layout.toml") {
        words.fillers.extend(dates.fillers);
        for (number, names) in (1..).zip(dates.months) {
            words.months.extend(names.into_iter().map(|name| (name, number)));
        }
    }
    words
});

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, range: &str, days: Option<&str>) {
        let found = find_last(text).unwrap_or_else(|| panic!("{text}: no date"));
        assert_eq!(&text[found.range], range, "{text}");
        assert_eq!(found.days.map(|days| days.to_string()).as_deref(), days, "{text}");
    }

    #[test]
    fn days_in_both_orders() {
        check("Saltmarsh, July 13, 2023", "July 13, 2023", Some("2023-07-13"));
        check("after the 21th Tide Forum, 10 December 2023", "10 December 2023", Some("2023-12-10"));
        check("June 11, 2024, Saltmarsh", "June 11, 2024", Some("2024-06-11"));
        check("9.2.2026", "9.2.2026", Some("2026-02-09"));
        check("5 мая 2024 года, утром", "5 мая 2024 года", Some("2024-05-05"));
        check("2026-02-09", "2026-02-09", Some("2026-02-09"));
        check("the 9th of February, 2026", "9th of February, 2026", Some("2026-02-09"));
        check("Sept. 5, 2024", "Sept. 5, 2024", Some("2024-09-05"));
    }

    #[test]
    fn ranges_of_days() {
        check("on 10–13 September 2023 in", "10–13 September 2023", Some("2023-09-10/2023-09-13"));
        check("June 30 – July 2, 2024", "June 30 – July 2, 2024", Some("2024-06-30/2024-07-02"));
        check("June 1-3, 2024", "June 1-3, 2024", Some("2024-06-01/2024-06-03"));
    }

    #[test]
    fn no_year_is_guessed_and_no_day_invented() {
        check("Saltmarsh, December 20", "December 20", None);
        check("On February 21-22, the council", "February 21-22", None);
        check("February 30, 2024", "February 30, 2024", None);
        for text in ["", "2024", "in May 2024", "10 people", "3.5 million", "version 1.2"] {
            assert_eq!(find_last(text), None, "{text}");
        }
    }
}
