//! What changed between two lists of conditions: a pure function of their items.

use std::collections::HashMap;

use crate::fold::fold;

/// What became of an item, with its number in the earlier and in the later list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemChange {
    /// The same words; case, diacritics, signs and articles do not count.
    Kept {
        /// Its number in the earlier list.
        earlier: usize,
        /// Its number in the later list.
        later: usize,
    },
    /// At least half of the words are the same, and no other item is closer.
    Reworded {
        /// Its number in the earlier list.
        earlier: usize,
        /// Its number in the later list.
        later: usize,
    },
    /// Only the later list has it.
    Added {
        /// Its number in the later list.
        later: usize,
    },
    /// Only the earlier list has it.
    Dropped {
        /// Its number in the earlier list.
        earlier: usize,
    },
}

/// Words that change nothing of what an item asks for.
const ARTICLES: &[&str] = &[
    "the", "a", "an", "der", "die", "das", "den", "dem", "des", "ein", "eine", "einen", "einer", "le", "la",
    "les", "l", "un", "une", "el", "los", "las", "una", "o", "os", "as", "um", "uma", "il", "lo", "gli",
];

/// Compares two lists: the items of the later one in its order, then those that it dropped.
#[must_use]
pub fn compare(earlier: &[&str], later: &[&str]) -> Vec<ItemChange> {
    let old: Vec<_> = earlier.iter().map(|item| words(item)).collect();
    let new: Vec<_> = later.iter().map(|item| words(item)).collect();
    let mut partner: Vec<Option<(usize, bool)>> = vec![None; new.len()]; // of each later item, and whether it is the same
    let mut is_taken = vec![false; old.len()];
    for (n, words) in new.iter().enumerate() {
        let same = (0..old.len()).find(|o| !is_taken[*o] && old[*o] == *words);
        if let Some(o) = same {
            (is_taken[o], partner[n]) = (true, Some((o, true)));
        }
    }
    let mut pairs = Vec::new();
    for (n, words) in new.iter().enumerate().filter(|(n, _)| partner[*n].is_none()) {
        let left = old.iter().enumerate().filter(|(o, _)| !is_taken[*o]);
        let close = left.map(|(o, other)| (shared_words(other, words), other.len() + words.len(), o, n));
        pairs.extend(close.filter(|(shared, all, ..)| *shared > 0 && 4 * shared >= *all));
    }
    // The closest first: shares as fractions, without rounding; then those that stand at like places.
    pairs.sort_by(|a, b| {
        (b.0 * a.1)
            .cmp(&(a.0 * b.1))
            .then(a.2.abs_diff(a.3).cmp(&b.2.abs_diff(b.3)))
            .then((a.3, a.2).cmp(&(b.3, b.2)))
    });
    for (_, _, o, n) in pairs {
        if !is_taken[o] && partner[n].is_none() {
            (is_taken[o], partner[n]) = (true, Some((o, false)));
        }
    }
    let found = partner.iter().enumerate().map(|(later, partner)| match partner {
        Some((earlier, true)) => ItemChange::Kept { earlier: *earlier, later },
        Some((earlier, false)) => ItemChange::Reworded { earlier: *earlier, later },
        None => ItemChange::Added { later },
    });
    let dropped = (0..old.len()).filter(|o| !is_taken[*o]).map(|earlier| ItemChange::Dropped { earlier });
    found.chain(dropped).collect()
}

/// Returns the words of an item or of a subject, folded, without articles; the articles where there is nothing else.
pub(crate) fn words(text: &str) -> Vec<String> {
    // A long text would be cut as a name is: its words are folded one by one.
    let pieces = text.split(|c: char| !c.is_alphanumeric() && !is_mark(c)).filter(|piece| !piece.is_empty());
    let all: Vec<String> = pieces.map(fold).filter(|word| !word.is_empty()).collect();
    let without: Vec<String> =
        all.iter().filter(|word| !ARTICLES.contains(&word.as_str())).cloned().collect();
    if without.is_empty() { all } else { without }
}

/// Marks of scripts whose vowels are marks belong to words.
fn is_mark(c: char) -> bool {
    ('\u{300}'..='\u{36F}').contains(&c) || ('\u{900}'..='\u{DFF}').contains(&c)
}

fn shared_words(a: &[String], b: &[String]) -> usize {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for word in a {
        *counts.entry(word).or_default() += 1;
    }
    let mut take = |word: &&String| match counts.get_mut(word.as_str()) {
        Some(count) if *count > 0 => {
            *count -= 1;
            true
        }
        _ => false,
    };
    b.iter().filter(|word| take(word)).count()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Cases {
        test: Vec<Case>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        name: String,
        earlier: Vec<String>,
        later: Vec<String>,
        changes: Vec<String>,
    }

    #[test]
    fn lists_are_compared_as_the_cases_say() {
        let cases: Cases = toml::from_str(include_str!("../tests/data/lists.toml")).unwrap();
        for case in &cases.test {
            let items = |list: &'static str| match list {
                "earlier" => case.earlier.iter().map(String::as_str).collect::<Vec<_>>(),
                _ => case.later.iter().map(String::as_str).collect(),
            };
            let found = compare(&items("earlier"), &items("later")).into_iter().map(|change| match change {
                ItemChange::Kept { earlier, later } => format!("{earlier} = {later}"),
                ItemChange::Reworded { earlier, later } => format!("{earlier} ~ {later}"),
                ItemChange::Added { later } => format!("+ {later}"),
                ItemChange::Dropped { earlier } => format!("- {earlier}"),
            });
            assert_eq!(found.collect::<Vec<_>>(), case.changes, "{}", case.name);
        }
    }
}
