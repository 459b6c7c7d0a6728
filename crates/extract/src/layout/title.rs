//! Headings: whose words they announce, who asked, where and when.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::AhoCorasick;
use dictum_core::{Occasion, Speaker};

use super::{
    labels::named_prefix,
    words::{WORDS, words_of},
};
use crate::{
    dates,
    people::{self, Naming},
};

/// Words of a heading that are looked at; longer ones are no headings.
const MAX_WORDS: usize = 60;
/// "Mayor Fenwick’s *short written opening* remarks": words between the owner and what is owned.
const MAX_WORDS_BETWEEN: usize = 4;
/// A place is short.
const MAX_PLACE_BYTES: usize = 120;

/// Whose words a heading announces.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Announced {
    pub(super) naming: Naming,
    pub(super) speaker: Speaker,
    /// The words that name them, in the heading.
    pub(super) range: Range<usize>,
}

/// Reads "X’s remarks", "remarks by X" and "X answers questions"; two speakers are nobody.
pub(super) fn announced(title: &str) -> Option<Announced> {
    let words: Vec<(usize, &str)> = words_of(title).take(MAX_WORDS).collect();
    for (n, (at, word)) in words.iter().enumerate() {
        let lower = word.to_lowercase();
        let is_noun = WORDS.speech_nouns.contains(&lower);
        let found =
            if is_noun { owner(title, &words[..n]).or_else(|| author(title, &words[n + 1..])) } else { None };
        let found = found.or_else(|| {
            let is_verb = n > 0 && WORDS.speech_verbs.contains(&lower);
            is_verb.then(|| whole(title, 0, title[..*at].trim_end().len())).flatten()
        });
        if found.is_some() {
            return found;
        }
    }
    None
}

/// Reads "X’s" before a word such as "remarks".
fn owner(title: &str, before: &[(usize, &str)]) -> Option<Announced> {
    let near = &before[before.len().saturating_sub(MAX_WORDS_BETWEEN + 1)..];
    let (at, word) = near.iter().rev().find(|(_, word)| is_possessive(word))?;
    whole(title, 0, at + word.len())
}

fn is_possessive(word: &str) -> bool {
    // "Lavrov ’s" is two words to us; the marks around the `s` were trimmed.
    word == "s"
        || word.ends_with("'s")
        || word.ends_with("’s")
        || word.ends_with("s’")
        || word.ends_with("s'")
}

/// Reads "by X" behind a word such as "remarks".
fn author(title: &str, after: &[(usize, &str)]) -> Option<Announced> {
    let (by, name) = match after {
        [by, name, ..] => (by, name),
        _ => return None,
    };
    if !WORDS.by_words.contains(&by.1.to_lowercase()) {
        return None;
    }
    let rest = &title[name.0..];
    let rest = &rest[..rest.find(['(', ':', '–', '—']).unwrap_or(rest.len())];
    let (naming, speaker, length) = named_prefix(rest)?;
    let next = rest[length..].trim_start();
    let joint =
        next.split_once(' ').filter(|(word, _)| WORDS.soft_stop_words.contains(*word) && *word == "and");
    if joint.is_some_and(|(_, other)| matches!(named_prefix(other), Some((Naming::Person, ..)))) {
        return None;
    }
    let range = name.0..name.0 + length;
    let is_bare = naming == Naming::Person && speaker.role.is_none() && !speaker.name.contains(' ');
    (naming != Naming::Role && !is_bare).then_some(Announced { naming, speaker, range })
}

/// Reads a phrase that must be a name from end to end.
fn whole(title: &str, start: usize, end: usize) -> Option<Announced> {
    let phrase = &title[start..end];
    let is_person = |part: &str| matches!(people::read(part), Some((Naming::Person, _)));
    if let Some((left, right)) = phrase.split_once(" and ")
        && is_person(left)
        && is_person(right)
    {
        return None;
    }
    let (naming, speaker) = people::read(phrase)?;
    let range = start..start + people::without_possessive(phrase).trim_end().len();
    (naming != Naming::Role && !people::starts_lowercase(phrase)).then_some(Announced {
        naming,
        speaker,
        range,
    })
}

/// Reads who asked: "interview to *Tide* magazine", "questions from the *Harbour Hour* programme".
pub(super) fn asker(title: &str) -> Option<Speaker> {
    let lower = title.to_lowercase();
    if lower.len() != title.len() || !ASKER_STARTS.is_match(&lower) {
        return None; // with another length, the places would differ
    }
    let from = WORDS.asker_starts.iter().filter_map(|start| Some(lower.find(start.as_str())? + start.len()));
    from.filter_map(|start| medium(title.get(start..)?)).next()
}

/// Finds the starts of all languages at once: nearly no heading holds one.
static ASKER_STARTS: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(&WORDS.asker_starts).expect("a few short phrases fit an automaton"));

/// Reads the name of a medium or person at the start of `rest`.
fn medium(rest: &str) -> Option<Speaker> {
    let rest = rest.strip_prefix(char::is_whitespace)?.trim_start();
    let rest = &rest[..rest.find(['(', ',', ':', '–', '—', ';']).unwrap_or(rest.len())];
    let stop = words_of(rest).find(|(_, word)| WORDS.stop_words.contains(&word.to_lowercase()));
    let phrase = rest[..stop.map_or(rest.len(), |(at, _)| at)].trim();
    if phrase.is_empty() || WORDS.generic_askers.contains(&phrase.to_lowercase()) {
        return None;
    }
    if let Some((Naming::Person, speaker)) =
        people::read(phrase).filter(|(_, speaker)| speaker.role.is_some())
    {
        return Some(speaker);
    }
    let words: Vec<&str> = phrase.split_whitespace().collect();
    let is_kind = |word: &&str| WORDS.medium_nouns.contains(&word.to_lowercase());
    let skip = words.iter().take_while(|word| people::is_article(word)).count();
    let kinds = words.iter().rev().take_while(|word| is_kind(word)).count();
    let name = if skip + kinds < words.len() { &words[skip..words.len() - kinds] } else { &words[skip..] };
    let name = name.join(" ");
    let starts_well = name.starts_with(|c: char| !c.is_lowercase());
    (starts_well && !WORDS.generic_askers.contains(&name.to_lowercase()))
        .then(|| Speaker { name, ..Speaker::default() })
}

/// Reads place and date of a heading: from the parenthesis at its end, else from its last words.
pub(super) fn occasion(title: &str) -> Occasion {
    let end = title.trim_end_matches(|c: char| c.is_whitespace() || c == '.');
    if let Some((_, inner)) = end.strip_suffix(')').and_then(|front| front.rsplit_once('('))
        && let Some(occasion) = place_and_date(inner, is_place)
    {
        return occasion;
    }
    let tail = tail(title, MAX_PLACE_BYTES);
    let Some(dated) = dates::find_last(tail) else { return Occasion::default() };
    Occasion { place: place_before(&tail[..dated.range.start]), date: dated.days }
}

/// Reads "…, Saltmarsh," and "… in Saltmarsh," before a date.
fn place_before(front: &str) -> Option<String> {
    let front = front.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | '–' | '—' | '-'));
    let comma = front.rfind(", ").map(|at| at + 2);
    let within = front.rfind(" in ").map(|at| at + 4);
    let place = front[comma.max(within)?..].trim();
    is_place(place).then(|| place.to_owned())
}

fn tail(text: &str, max_bytes: usize) -> &str {
    let start = (text.len().saturating_sub(max_bytes)..=text.len()).find(|at| text.is_char_boundary(*at));
    &text[start.unwrap_or(0)..]
}

/// Reads a short line that is a place and a date in either order, and nothing else.
pub(super) fn place_and_date(text: &str, is_place: fn(&str) -> bool) -> Option<Occasion> {
    if text.len() > MAX_PLACE_BYTES {
        return None;
    }
    let dated = dates::find_last(text)?;
    let trim = |part: &str| {
        let marks = |c: char| {
            c.is_whitespace()
                || matches!(c, ',' | '.' | ';' | '–' | '—' | '-' | '|' | '/' | '(' | ')' | '📅' | '🗓')
        };
        part.trim_matches(marks).to_owned()
    };
    let (before, after) = (trim(&text[..dated.range.start]), trim(&text[dated.range.end..]));
    let place = match (before.is_empty(), after.is_empty()) {
        (true, true) => None,
        (false, true) => Some(before),
        (true, false) => Some(after),
        (false, false) => return None,
    };
    match place {
        Some(place) if !is_place(&place) => None,
        place => Some(Occasion { place, date: dated.days }),
    }
}

/// A place in a heading: a few words with capitals.
pub(super) fn is_place(text: &str) -> bool {
    let mut words = 0;
    text.split_whitespace().all(|word| {
        words += 1;
        word.starts_with(|c: char| !c.is_lowercase() && (c.is_alphabetic() || c == '#'))
            || people::is_small_word(word)
    }) && (1..=6).contains(&words)
        && text.starts_with(|c: char| c.is_alphabetic() || c == '#')
}

/// A place behind 📍: a few words of any kind.
pub(super) fn is_pinned_place(text: &str) -> bool {
    text.split_whitespace().count() <= 9 && text.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn announces(title: &str, name: &str, role: Option<&str>) {
        let found = announced(title).unwrap_or_else(|| panic!("{title}: nobody"));
        assert_eq!((found.speaker.name.as_str(), found.speaker.role.as_deref()), (name, role), "{title}");
    }

    #[test]
    fn titles_announce_one_person() {
        let minister = Some("Harbour Minister");
        announces(
            "Harbour Minister Ada Fenwick’s statement and answers to questions",
            "Ada Fenwick",
            minister,
        );
        announces(
            "Harbour Minister Ada Fenwick ’s opening remarks at the Tide Forum",
            "Ada Fenwick",
            minister,
        );
        announces("Harbour Minister Ada Fenwick answers questions from Tide Radio", "Ada Fenwick", minister);
        announces(
            "Statement by Harbour Minister Ada Fenwick to the Tide Forum in Saltmarsh",
            "Ada Fenwick",
            minister,
        );
        announces(
            "Remarks by the Permanent Representative of Northland to the Tide Union Ada Fenwick at the 5th meeting",
            "Ada Fenwick",
            Some("Permanent Representative of Northland to the Tide Union"),
        );
        announces(
            "Northland’s Harbour Minister Ada Fenwick’s video address",
            "Ada Fenwick",
            Some("Northland’s Harbour Minister"),
        );
        announces("Interview with Harbour Minister Ada Fenwick", "Ada Fenwick", minister);
        announces("Comment by the Tide Ministry on the new gate", "Tide Ministry", None);
    }

    #[test]
    fn other_titles_announce_nobody() {
        for title in [
            "Harbour Minister Ada Fenwick and Mayor Bo Lind met in Saltmarsh",
            "Harbour Minister Ada Fenwick’s and Mayor Bo Lind’s remarks",
            "Statement by Harbour Minister Ada Fenwick and Mayor Bo Lind",
            "Joint statement by the Foreign Ministers of Northland and Southland",
            "The harbour’s new gate",
            "Report on fish",
        ] {
            assert_eq!(announced(title), None, "{title}");
        }
    }

    #[test]
    fn media_ask() {
        let name = |title| asker(title).map(|asker| asker.name);
        assert_eq!(name("Ada Fenwick’s interview to Tide magazine (May 5, 2024)").as_deref(), Some("Tide"));
        assert_eq!(
            name("Ada Fenwick answers questions from the Harbour Hour programme").as_deref(),
            Some("Harbour Hour")
        );
        assert_eq!(name("Ada Fenwick’s interview with journalist Bo Lind").as_deref(), Some("Bo Lind"));
        assert_eq!(name("Ada Fenwick’s answers to media questions following the forum"), None);
        assert_eq!(name("Ada Fenwick answers questions from the media"), None);
    }

    #[test]
    fn titles_say_where_and_when() {
        let found = |title| {
            let Occasion { place, date } = occasion(title);
            (place.unwrap_or_default(), date.map(|date| date.to_string()).unwrap_or_default())
        };
        let both = ("Port Saltmarsh".to_owned(), "2024-06-11".to_owned());
        assert_eq!(found("Remarks (June 11, 2024, Port Saltmarsh)"), both);
        assert_eq!(found("Remarks (Port Saltmarsh, 11 June 2024)"), both);
        assert_eq!(found("Remarks after the forum, Port Saltmarsh, 11 June 2024"), both);
        assert_eq!(found("Remarks at the forum in Port Saltmarsh, 11 June 2024"), both);
        assert_eq!(
            found("Remarks following the 21st Tide Forum, 11 June 2024"),
            (String::new(), both.1.clone())
        );
        assert_eq!(found("Remarks (11.6.2024)"), (String::new(), both.1));
        assert_eq!(found("Remarks in Saltmarsh"), (String::new(), String::new()));
    }
}
