//! Which forms of a name are one person: conservatively, and with the reason. No input, no output: pure functions.
//!
//! Forms that spell one name (case, diacritics, blanks, hyphens, title, Latin or Cyrillic letters) are joined for what
//! they are. Shorter forms (initials, middle names left out, a surname alone) are joined only where one person alone fits
//! and something besides the name speaks for it; see [`Evidence`]. A wrong person is worse than two.

mod known;
mod parse;

pub(crate) use known::KnownForms;
use parse::Name;

/// Why a form is one of a person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NameJoin {
    /// It is the name that the others are joined to.
    Itself,
    /// The same letters: case, diacritics, blanks, hyphens and order ("Marsh, Ada") do not count.
    Spelling,
    /// The same but for a title.
    Title,
    /// The same in other letters, or in another spelling of Cyrillic letters.
    Transliteration,
    /// Initials in the place of given names; no other known person fits, and a document, an office or a channel is shared.
    Initials,
    /// Middle names are left out, likewise.
    MiddleName,
    /// The surname alone, in documents that each name this person in full and no other of that surname.
    Surname,
}

/// A form with the reason why it is one of a person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Joined {
    /// The form, by number.
    pub(crate) form: usize,
    pub(crate) how: NameJoin,
}

/// What speaks for two forms being one person, besides the name.
pub(crate) trait Evidence<E> {
    /// Returns whether two forms share a document, an office (role or organization) or a channel.
    fn share(&self, a: usize, b: usize) -> Result<bool, E>;

    /// Returns which of `people` (each given by its forms) is named in every document that has the form `short`, where
    /// no other of them is.
    fn named_beside(&self, short: usize, people: &[Vec<usize>]) -> Result<Option<usize>, E>;
}

/// Returns what all forms of one person share: only forms of one bucket need to be compared.
pub(crate) fn bucket(form: &str) -> String {
    Name::parse(form).bucket()
}

/// Returns the people that forms of one bucket name: each the forms in the order of how much they say, the first being
/// the name itself. The most frequent form comes first among equals: `claims` counts the claims of each.
pub(crate) fn join<E>(forms: &[(&str, u64)], evidence: &impl Evidence<E>) -> Result<Vec<Vec<Joined>>, E> {
    let names: Vec<Name> = forms.iter().map(|(text, _)| Name::parse(text)).collect();
    let mut order: Vec<usize> = (0..forms.len()).collect();
    order.sort_by(|a, b| {
        let key = |n: usize| (names[n].weight(), !names[n].titled, forms[n].1);
        key(*b).cmp(&key(*a)).then_with(|| forms[*a].0.cmp(forms[*b].0))
    });

    let mut people: Vec<Vec<Joined>> = Vec::new();
    for form in order {
        let name = &names[form];
        let place = if let Some(found) = same_name(&people, &names, form) {
            Some(found)
        } else if name.is_surname_alone() {
            beside(&people, &names, form, evidence)?
        } else {
            shortened(&people, &names, form, evidence)?
        };
        match place {
            Some((person, how)) => people[person].push(Joined { form, how }),
            None => people.push(vec![Joined { form, how: NameJoin::Itself }]),
        }
    }
    Ok(people)
}

/// Returns the person who has the same name in another writing.
fn same_name(people: &[Vec<Joined>], names: &[Name], form: usize) -> Option<(usize, NameJoin)> {
    let name = &names[form];
    let how = |other: &Name| {
        if name.is_spelled_as(other) {
            let differs_by = if name.titled == other.titled { NameJoin::Spelling } else { NameJoin::Title };
            let scripts = name.cyrillic != other.cyrillic;
            return Some(if scripts { NameJoin::Transliteration } else { differs_by });
        }
        let may_differ = name.is_transliterated() || other.is_transliterated();
        (may_differ && name.sounds_as(other)).then_some(NameJoin::Transliteration)
    };
    let of_person = |person: &Vec<Joined>| person.iter().find_map(|joined| how(&names[joined.form]));
    people.iter().enumerate().find_map(|(n, person)| Some((n, of_person(person)?)))
}

/// Returns the one person whose name this may be a shorter form of, if something else speaks for it too.
fn shortened<E>(
    people: &[Vec<Joined>],
    names: &[Name],
    form: usize,
    evidence: &impl Evidence<E>,
) -> Result<Option<(usize, NameJoin)>, E> {
    let name = &names[form];
    let fits =
        |person: &&(usize, &Vec<Joined>)| person.1.iter().any(|joined| name.may_shorten(&names[joined.form]));
    let candidates: Vec<_> = people.iter().enumerate().collect();
    let mut candidates = candidates.iter().filter(fits);
    let (Some((person, joined)), None) = (candidates.next(), candidates.next()) else { return Ok(None) };
    for fuller in joined.iter().filter(|joined| name.may_shorten(&names[joined.form])) {
        if evidence.share(form, fuller.form)? {
            let how = if name.has_initials() { NameJoin::Initials } else { NameJoin::MiddleName };
            return Ok(Some((*person, how)));
        }
    }
    Ok(None)
}

/// Returns the one person who is named in full wherever this surname stands alone.
fn beside<E>(
    people: &[Vec<Joined>],
    names: &[Name],
    form: usize,
    evidence: &impl Evidence<E>,
) -> Result<Option<(usize, NameJoin)>, E> {
    let name = &names[form];
    let has_surname = |joined: &&Joined| {
        let other = &names[joined.form];
        !other.given.is_empty() && (other.surname == name.surname && other.suffix == name.suffix)
    };
    let candidates: Vec<(usize, Vec<usize>)> = people
        .iter()
        .enumerate()
        .map(|(n, person)| (n, person.iter().filter(has_surname).map(|joined| joined.form).collect()))
        .filter(|(_, forms): &(usize, Vec<usize>)| !forms.is_empty())
        .collect();
    if candidates.is_empty() {
        return Ok(None);
    }
    let forms: Vec<Vec<usize>> = candidates.iter().map(|(_, forms)| forms.clone()).collect();
    let found = evidence.named_beside(form, &forms)?;
    Ok(found.map(|n| (candidates[n].0, NameJoin::Surname)))
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, convert::Infallible};

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
        forms: Vec<Form>,
        /// The people: of each the forms, the name itself first, each as `form` or `form: reason`.
        people: Vec<Vec<String>>,
    }

    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Form {
        form: String,
        #[serde(default)]
        claims: u64,
        /// Offices and channels.
        #[serde(default)]
        of: Vec<String>,
        #[serde(default)]
        documents: BTreeSet<u32>,
    }

    impl Evidence<Infallible> for Case {
        fn share(&self, a: usize, b: usize) -> Result<bool, Infallible> {
            let (a, b) = (&self.forms[a], &self.forms[b]);
            Ok(a.of.iter().any(|office| b.of.contains(office)) || !a.documents.is_disjoint(&b.documents))
        }

        fn named_beside(&self, short: usize, people: &[Vec<usize>]) -> Result<Option<usize>, Infallible> {
            let has = |person: &[usize], document| {
                person.iter().any(|form| self.forms[*form].documents.contains(document))
            };
            let mut found = BTreeSet::new();
            for document in &self.forms[short].documents {
                let named: Vec<_> = (0..people.len()).filter(|n| has(&people[*n], document)).collect();
                let [one] = named[..] else { return Ok(None) };
                found.insert(one);
            }
            Ok(if found.len() == 1 { found.first().copied() } else { None })
        }
    }

    #[test]
    fn forms_are_joined_as_the_cases_say() {
        let cases: Cases = toml::from_str(include_str!("../../tests/data/names.toml")).unwrap();
        for case in &cases.test {
            let forms: Vec<_> = case.forms.iter().map(|form| (form.form.as_str(), form.claims)).collect();
            let Ok(found) = join(&forms, case);
            let text = |joined: &Joined| match joined.how {
                NameJoin::Itself => forms[joined.form].0.to_owned(),
                how => format!("{}: {}", forms[joined.form].0, format!("{how:?}").to_lowercase()),
            };
            let mut found: Vec<Vec<String>> =
                found.iter().map(|person| person.iter().map(text).collect()).collect();
            found.sort();
            let mut expected = case.people.clone();
            expected.sort();
            assert_eq!(found, expected, "{}", case.name);
            let buckets: BTreeSet<_> = forms.iter().map(|(form, _)| bucket(form)).collect();
            assert!(
                case.people.iter().all(|person| person.len() == 1) || buckets.len() == 1,
                "{}: {buckets:?}",
                case.name
            );
        }
    }
}
