//! Phrases that name people and institutions, and a document's memory of them.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
    sync::LazyLock,
};

use dictum_core::Speaker;
use serde::Deserialize;

use crate::{
    eights,
    lexicon::{self, WordMap},
    table::{Entries, Table},
};

/// A phrase longer than this names nobody.
const MAX_WORDS: usize = 40;
/// A name longer than this is a sentence.
const MAX_NAME_WORDS: usize = 5;
/// "The deputy *foreign* minister": plain words in a role.
const MAX_PLAIN_ROLE_WORDS: usize = 2;
/// A name in running text, with titles before it.
const MAX_MENTION_WORDS: usize = 6;
/// A role in running text is looked for so far back from the name.
const MAX_ROLE_BYTES: usize = 200;
/// People beyond this number in one document are not remembered.
const MAX_PEOPLE: usize = 4_096;

/// What a phrase names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Naming {
    /// A person by name, with or without a role: "Mayor Ada Fenwick".
    Person,
    /// An institution: "the Harbour Office".
    Institution,
    /// A role without a name: "the mayor".
    Role,
}

/// Splits a phrase such as `Harbour Minister H.E. Mr. Ada #Fenwick 🇦🇶` into name, role and organization.
///
/// Returns `None` when the phrase names nobody that the rules can see: "here is a question". Names come without
/// honorifics, `#`, emoji and a final possessive. A role without a name is in both `name` and `role`.
pub(crate) fn read(phrase: &str) -> Option<(Naming, Speaker)> {
    let words = words(phrase)?;
    by_commas(&words).or_else(|| by_order(&words))
}

/// `MS. ADA LEE` → `Ms. Ada Lee`; other spellings stay.
pub(crate) fn in_small_letters(label: &str) -> String {
    if label.chars().any(char::is_lowercase) {
        return label.to_owned();
    }
    let mut out = String::with_capacity(label.len());
    let mut inside = false;
    for c in label.chars() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.push(c);
        }
        inside = c.is_alphanumeric();
    }
    out
}

/// What a word is in a phrase that names somebody: a set of [`Kinds`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Kinds(u16);

impl Kinds {
    const HEAD: Self = Self(1);
    const COMPLEMENT: Self = Self(1 << 1);
    const ORGANIZATION: Self = Self(1 << 2);
    const HONORIFIC: Self = Self(1 << 3);
    const ROLE_ADJECTIVE: Self = Self(1 << 4);
    const ARTICLE: Self = Self(1 << 5);
    const PREPOSITION: Self = Self(1 << 6);
    /// A head of a language in which a complement follows its head without a preposition.
    const BARE_COMPLEMENT_HEAD: Self = Self(1 << 7);
    /// A word that may stand in small letters inside a name.
    const PARTICLE: Self = Self(1 << 8);
    /// Perhaps a short form of a role: capital letters decide.
    const ABBREVIATION: Self = Self(1 << 9);

    const fn any(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns what the lists say of a word.
    fn of(word: &str) -> Self {
        WORDS.kinds.look_up(word)
    }
}

/// One word of a phrase, without the signs around it.
#[derive(Debug, Clone, Copy)]
struct Word<'t> {
    text: &'t str,
    kinds: Kinds,
    /// A comma follows.
    comma: bool,
}

impl<'t> Word<'t> {
    fn new(text: &'t str, comma: bool) -> Self {
        let stem = text.trim_end_matches('.');
        let mut kinds = Kinds::of(stem);
        if !kinds.any(Kinds::HEAD) && is_compound_head(text, stem, kinds) {
            kinds = kinds.or(Kinds::HEAD);
        }
        if !kinds.any(Kinds::PARTICLE) && starts_with_particle(stem) {
            kinds = kinds.or(Kinds::PARTICLE);
        }
        Self { text, kinds, comma }
    }

    const fn is(&self, kinds: Kinds) -> bool {
        self.kinds.any(kinds)
    }

    /// A role word, or a compound with one: `Ambassador-at-Large`, `Hafenministerin`.
    const fn is_head(&self) -> bool {
        self.is(Kinds::HEAD)
    }

    fn is_name(&self) -> bool {
        !self.is_head()
            && (self.is(Kinds::PARTICLE) || self.text.chars().next().is_some_and(char::is_uppercase))
    }

    /// Returns the word in small letters, without the full stop of a short form.
    fn lower(&self) -> String {
        self.text.trim_end_matches('.').to_lowercase()
    }
}

/// Whether a word says what a person is by its ending, its parts, or as a short form.
fn is_compound_head(text: &str, stem: &str, kinds: Kinds) -> bool {
    let words = &*WORDS;
    let last = stem.chars().next_back().map_or(0, last_byte_of_small);
    words.role_ending_bytes[usize::from(last)] && ends_in(stem, &words.role_endings)
        || kinds.any(Kinds::ABBREVIATION) && words.role_abbreviations.contains_key(text)
        || text.contains('-') && stem.split('-').any(|part| Kinds::of(part).any(Kinds::HEAD))
}

/// Returns the last byte of the small form of a letter.
fn last_byte_of_small(c: char) -> u8 {
    let mut bytes = [0; 4];
    let small = c.to_lowercase().last().unwrap_or(c);
    small.encode_utf8(&mut bytes).as_bytes().last().copied().unwrap_or(0)
}

/// Whether a word ends in one of the endings, which are in small letters.
fn ends_in(word: &str, endings: &[String]) -> bool {
    let plain = |ending: &String| {
        let start = word.len().checked_sub(ending.len());
        start.is_some_and(|start| word.as_bytes()[start..].eq_ignore_ascii_case(ending.as_bytes()))
    };
    if word.is_ascii() {
        return endings.iter().any(plain);
    }
    let lower = word.to_lowercase();
    endings.iter().any(|ending| lower.ends_with(ending.as_str()))
}

/// Words that may stand in small letters inside a name.
const PARTICLES: [&str; 28] = [
    "de", "del", "della", "di", "da", "do", "dos", "das", "du", "la", "le", "van", "von", "der", "den", "zu",
    "ter", "bin", "ibn", "bint", "al", "el", "ul", "ben", "af", "av", "y", "e",
];

/// Whether a word starts with a part that may stand in small letters inside a name: "al-Rashid".
fn starts_with_particle(word: &str) -> bool {
    let two = |start: &str| word.as_bytes()[..2].eq_ignore_ascii_case(start.as_bytes());
    match word.as_bytes() {
        [_, _, b'-', ..] => ["al", "el", "ul", "as", "ad", "an"].into_iter().any(two),
        [b'd' | b'D', b'\'', ..] => true,
        [b'd' | b'D', rest @ ..] => rest.starts_with("’".as_bytes()),
        _ => false,
    }
}

/// Whether `word`, in small letters, may stand so inside a name.
fn is_name_particle(word: &str) -> bool {
    Kinds::of(word).any(Kinds::PARTICLE) || starts_with_particle(word)
}

/// Splits into words, without leading articles and a trailing possessive; `None` for none or too many.
fn words(phrase: &str) -> Option<Vec<Word<'_>>> {
    let mut words = Vec::new();
    for raw in phrase.split(char::is_whitespace) {
        let text = raw.trim_matches(|c: char| !c.is_alphanumeric() && c != '.').trim_start_matches('.');
        let comma = raw.ends_with([',', ';']);
        if !text.chars().any(char::is_alphabetic) {
            if let (true, Some(last)) = (comma, words.last_mut()) {
                let last: &mut Word<'_> = last;
                last.comma = true;
            }
            continue;
        }
        if words.len() == MAX_WORDS {
            return None;
        }
        words.push(Word::new(text, comma));
    }
    if words.last().is_some_and(|last| last.text.trim_end_matches('.').eq_ignore_ascii_case("s")) {
        words.pop(); // "Fenwick ’s": bold letters are sometimes set apart from the rest
    }
    if let Some(last) = words.last_mut() {
        let text = without_possessive(last.text);
        *last = if text.len() == last.text.len() {
            Word { comma: false, ..*last }
        } else {
            Word::new(text, false)
        };
    }
    let articles = words.iter().take_while(|word| word.is(Kinds::ARTICLE)).count();
    words.drain(..articles);
    (!words.is_empty()).then_some(words)
}

/// Returns the word or phrase without a possessive ending: "Fenwick’s" is "Fenwick".
pub(crate) fn without_possessive(word: &str) -> &str {
    [" 's", " ’s", "'s", "’s", "s’", "s'"]
        .iter()
        .find_map(|end| {
            word.strip_suffix(end).map(|stem| &word[..stem.len() + usize::from(end.starts_with('s'))])
        })
        .unwrap_or(word)
}

/// Whether a phrase begins with an article: "The Bottom Line" is no name.
pub(crate) fn starts_with_article(phrase: &str) -> bool {
    phrase.split_whitespace().next().is_some_and(is_article)
}

/// Whether a word is an article.
pub(crate) fn is_article(word: &str) -> bool {
    Kinds::of(word).any(Kinds::ARTICLE)
}

/// Whether a word stands in small letters inside names of people and places.
pub(crate) fn is_small_word(word: &str) -> bool {
    is_name_particle(word) || Kinds::of(word).any(Kinds::PREPOSITION.or(Kinds::ARTICLE))
}

/// Whether a phrase begins with a small letter that is not an article's.
pub(crate) fn starts_lowercase(phrase: &str) -> bool {
    phrase
        .split_whitespace()
        .find(|word| !is_article(word))
        .is_some_and(|word| word.starts_with(char::is_lowercase))
}

/// Reads "Name, role" and "role, Name".
fn by_commas(words: &[Word<'_>]) -> Option<(Naming, Speaker)> {
    let first = words.iter().position(|word| word.comma)? + 1;
    let last = words.iter().rposition(|word| word.comma)? + 1;
    let (front, after) = words.split_at(first);
    let is_role = after.iter().any(|word| word.is_head() || word.is(Kinds::ORGANIZATION));
    if let Some(name) = whole_name(front).filter(|_| front.len() > 1 && is_role) {
        return Some((Naming::Person, person(name, after)));
    }
    let (before, back) = words.split_at(last);
    let name = whole_name(back).filter(|_| back.len() > 1 && before.iter().any(Word::is_head))?;
    Some((Naming::Person, person(name, before)))
}

/// Returns the name if the words are nothing else (but for honorifics).
fn whole_name(words: &[Word<'_>]) -> Option<String> {
    let names = &words[words.iter().take_while(|word| word.is(Kinds::HONORIFIC)).count()..];
    let plain =
        |word: &Word<'_>| word.is_name() && !word.is(Kinds::ORGANIZATION) && !word.is(Kinds::COMPLEMENT);
    let starts_well = names.first().is_some_and(|word| !word.is(Kinds::PARTICLE) || word.text.contains('-'));
    (starts_well && names.len() <= MAX_NAME_WORDS && names.iter().all(plain)).then(|| join(names))
}

/// Reads "role Name", "Name", "institution" and "role".
fn by_order(words: &[Word<'_>]) -> Option<(Naming, Speaker)> {
    if let Some(office) = office_of_somebody(words) {
        return Some((Naming::Institution, office));
    }
    if let Some(at) = words.iter().rposition(|word| word.is(Kinds::HONORIFIC)) {
        let rank = words[at + 1..].iter().take_while(|word| word.is_head()).count();
        let name = &words[at + 1 + rank..];
        if !name.is_empty() && name.len() <= MAX_NAME_WORDS && name.iter().all(Word::is_name) {
            let before = words[..at].iter().rposition(|word| !word.is(Kinds::HONORIFIC)).map_or(0, |i| i + 1);
            let role = if before == 0 { &words[at + 1..at + 1 + rank] } else { &words[..before] };
            return Some((Naming::Person, person(join(name), role)));
        }
    }
    match words.iter().rposition(Word::is_head) {
        Some(head) => {
            let start = name_start(words, head);
            if start < words.len() {
                return Some((Naming::Person, person(join(&words[start..]), &words[..start])));
            }
            let role = join(words);
            // "The president was right when he" is a sentence: a role has few words that no list knows.
            let unknown = |word: &&Word<'_>| {
                !word.is_name() && !word.is_head() && !word.is(Kinds::PREPOSITION) && !word.is(Kinds::ARTICLE)
            };
            let is_role = words.iter().filter(unknown).count() <= MAX_PLAIN_ROLE_WORDS;
            is_role.then(|| (Naming::Role, person(role, words)))
        }
        None if words.iter().any(|word| word.is(Kinds::ORGANIZATION)) => words[0]
            .is_name()
            .then(|| (Naming::Institution, Speaker { name: join(words), ..Speaker::default() })),
        None => match whole_name(words) {
            Some(name) if is_acronym(words) => {
                Some((Naming::Institution, Speaker { name, ..Speaker::default() }))
            }
            Some(name) => Some((Naming::Person, Speaker { name, ..Speaker::default() })),
            None => None,
        },
    }
}

/// Reads "Office of the President", which is no president.
fn office_of_somebody(words: &[Word<'_>]) -> Option<Speaker> {
    let [first, of, ..] = words else { return None };
    let rest = &words[2..];
    let rest = &rest[rest.iter().take_while(|word| word.is(Kinds::ARTICLE)).count()..];
    let somebody = rest.iter().all(|word| word.is_name() || word.is_head() || word.is(Kinds::PREPOSITION));
    let heads_first = rest.iter().take(2).any(Word::is_head);
    (first.is(Kinds::ORGANIZATION) && of.is(Kinds::PREPOSITION) && heads_first && somebody)
        .then(|| Speaker { name: join(words), ..Speaker::default() })
}

fn is_acronym(words: &[Word<'_>]) -> bool {
    words.len() == 1 && words[0].text.chars().count() > 1 && !words[0].text.chars().any(char::is_lowercase)
}

/// Returns where the name starts that ends the phrase, behind the role word at `head`; the length when there is none.
fn name_start(words: &[Word<'_>], head: usize) -> usize {
    let mut run = words.iter().rposition(|word| !word.is_name()).map_or(0, |at| at + 1).max(head + 1);
    if run == head + 1 && words.get(run).is_some_and(|word| word.is(Kinds::PREPOSITION)) {
        // "ministro de Puertos Adán Fuentes", but "Minister de Gaulle".
        let is_complement = words[head].text.starts_with(char::is_lowercase) || words.len() - run > 3;
        run += usize::from(is_complement);
    }
    let no_name = |word: &Word<'_>| {
        word.comma
            || word.is(Kinds::COMPLEMENT)
            || word.is(Kinds::ORGANIZATION)
            || word.text.ends_with("'s")
            || word.text.ends_with("’s")
    };
    let after_complement = words[run..].iter().rposition(no_name).map(|at| run + at + 1);
    if words[head].is(Kinds::BARE_COMPLEMENT_HEAD) && words.len() - run > 2 {
        // "президент Руритании Бо Линд": no preposition shows where the complement ends.
        let patronymic = ends_in(words[words.len() - 2].text, &WORDS.patronymic_endings);
        return words.len() - 2 - usize::from(patronymic);
    }
    let follows_preposition = words[run - 1].is(Kinds::PREPOSITION) || words[run - 1].is(Kinds::ARTICLE);
    let start = match after_complement {
        Some(at) => at,
        None if !follows_preposition => run + usize::from(is_genitive(&words[run..])),
        // "Mayor of Saltmarsh Ada Fenwick": the last two words are the name, if something is left for the town.
        None if words.len() - run > 2 => words.len() - 2,
        None => words.len(),
    };
    if words.len() - start > MAX_NAME_WORDS { words.len() } else { start }
}

/// Whether the first of three Cyrillic words is the country of a role, "президент Норландии Виктор Лунин", and not a
/// first name before a patronymic.
fn is_genitive(words: &[Word<'_>]) -> bool {
    let [place, name, _] = words else { return false };
    if place.text.is_ascii() {
        return false;
    }
    let patronymic = ["вич", "вна", "чна", "ична"].iter().any(|end| name.lower().ends_with(end));
    let genitive = ["и", "ы", "а", "я", "ої", "ії"].iter().any(|end| place.lower().ends_with(end));
    genitive && !patronymic && place.lower().chars().all(|c| ('а'..='ґ').contains(&c))
}

/// Makes a person (or a bare role) of a name and the words of the role.
fn person(name: String, role: &[Word<'_>]) -> Speaker {
    let role: Vec<Word<'_>> = role.iter().filter(|word| !word.is(Kinds::HONORIFIC)).copied().collect();
    let articles = role.iter().take_while(|word| word.is(Kinds::ARTICLE)).count();
    // "During the meeting Harbour Minister Ada Fenwick": a plain word before a capital is no part of the role.
    let stray = role[articles..].iter().take_while(|word| is_stray(word)).count();
    let has_capital =
        role[articles + stray..].first().is_some_and(|word| word.text.starts_with(char::is_uppercase));
    let role = &role[articles + if has_capital { stray } else { 0 }..];
    Speaker { name, role: (!role.is_empty()).then(|| join_role(role)), organization: organization(role) }
}

/// Whether a word in small letters cannot begin a role.
fn is_stray(word: &Word<'_>) -> bool {
    word.text.starts_with(char::is_lowercase) && !word.is_head() && !word.is(Kinds::ROLE_ADJECTIVE)
}

/// Returns the institution that a role names: "Secretary of the *Harbour Council*", "*Harbour Office* spokesman".
fn organization(role: &[Word<'_>]) -> Option<String> {
    let at = role.iter().position(|word| word.is(Kinds::ORGANIZATION))?;
    let border = |word: &Word<'_>| {
        word.comma || word.is_head() || word.is(Kinds::PREPOSITION) || word.is(Kinds::ARTICLE)
    };
    let start = role[..at].iter().rposition(border).map_or(0, |i| i + 1);
    let end = role[at..]
        .iter()
        .position(|word| word.comma || word.is_head())
        .map_or(role.len(), |i| at + i + usize::from(role[at + i].comma));
    (start < end).then(|| join(&role[start..end]))
}

fn join(words: &[Word<'_>]) -> String {
    let texts: Vec<&str> = words.iter().map(|word| word.text).collect();
    texts.join(" ")
}

/// Like [`join`], with commas kept and short forms written out.
fn join_role(words: &[Word<'_>]) -> String {
    let mut role = String::new();
    for (n, word) in words.iter().enumerate() {
        let last = n + 1 == words.len();
        role.push_str(WORDS.role_abbreviations.get(word.text).map_or(word.text, String::as_str));
        if !last {
            role.push_str(if word.comma { ", " } else { " " });
        }
    }
    role
}

/// The word lists of all languages together: a phrase may be in any.
#[derive(Debug)]
struct Words {
    /// What becomes `kinds`.
    entries: Entries<Kinds>,
    kinds: Table<Kinds>,
    /// Role words and titles, as they stand in the files.
    role_heads: BTreeSet<String>,
    honorifics: BTreeSet<String>,
    role_abbreviations: WordMap<String>,
    patronymic_endings: Vec<String>,
    role_endings: Vec<String>,
    /// The last bytes of `role_endings`: nearly all words have another.
    role_ending_bytes: [bool; 256],
}

impl Default for Words {
    fn default() -> Self {
        Self {
            entries: Entries::default(),
            kinds: Table::default(),
            role_heads: BTreeSet::new(),
            honorifics: BTreeSet::new(),
            role_abbreviations: WordMap::default(),
            patronymic_endings: Vec::new(),
            role_endings: Vec::new(),
            role_ending_bytes: [false; 256],
        }
    }
}

impl Words {
    fn add(&mut self, words: &[String], kind: Kinds) {
        for word in words {
            if let Some(kinds) = self.entries.entry(word) {
                *kinds = kinds.or(kind);
            }
        }
    }
}

/// One `people.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PeopleFile {
    role_heads: Vec<String>,
    complements: Vec<String>,
    organizations: Vec<String>,
    #[serde(default)]
    role_abbreviations: HashMap<String, String>,
    /// A complement follows its head without a preposition.
    #[serde(default)]
    bare_complements: bool,
    /// How middle names end that are made of the father's name.
    #[serde(default)]
    patronymic_endings: Vec<String>,
    /// How compounds end that say what a person is.
    #[serde(default)]
    role_endings: Vec<String>,
    small_words: SmallWords,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SmallWords {
    honorifics: Vec<String>,
    #[serde(default)]
    role_adjectives: Vec<String>,
    articles: Vec<String>,
    prepositions: Vec<String>,
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut all = Words::default();
    all.add(&PARTICLES.map(str::to_owned), Kinds::PARTICLE);
    for (_, file) in lexicon::load::<PeopleFile>("people.toml") {
        if file.bare_complements {
            all.add(&file.role_heads, Kinds::BARE_COMPLEMENT_HEAD);
        }
        all.add(&file.role_heads, Kinds::HEAD);
        all.add(&file.complements, Kinds::COMPLEMENT);
        all.add(&file.organizations, Kinds::ORGANIZATION);
        all.add(&file.small_words.honorifics, Kinds::HONORIFIC);
        all.add(&file.small_words.role_adjectives, Kinds::ROLE_ADJECTIVE);
        all.add(&file.small_words.articles, Kinds::ARTICLE);
        all.add(&file.small_words.prepositions, Kinds::PREPOSITION);
        all.role_heads.extend(file.role_heads);
        all.honorifics.extend(file.small_words.honorifics);
        all.patronymic_endings.extend(file.patronymic_endings);
        for ending in &file.role_endings {
            all.role_ending_bytes[usize::from(ending.as_bytes().last().copied().unwrap_or(0))] = true;
        }
        all.role_endings.extend(file.role_endings);
        let short_forms = file.role_abbreviations.keys().map(|form| form.trim_end_matches('.').to_owned());
        all.add(&short_forms.collect::<Vec<_>>(), Kinds::ABBREVIATION);
        all.role_abbreviations.extend(file.role_abbreviations);
    }
    all.kinds = std::mem::take(&mut all.entries).into_table();
    all
});

/// Whom a document has named so far.
#[derive(Debug, Default)]
pub(crate) struct People {
    known: Vec<Speaker>,
    by_name: HashMap<String, usize>,
    /// The roles in small letters, in the order of `known`; empty where there is none.
    roles: Vec<String>,
    /// The last word of a name in lower case → its person, or `None` when two people share it.
    by_surname: HashMap<String, Option<usize>>,
}

impl People {
    /// Remembers a person or an institution with a name of two words or more; roles are filled in when they come.
    pub(crate) fn note(&mut self, speaker: &Speaker) {
        if !speaker.name.contains(' ') {
            return;
        }
        if let Some(at) = self.by_name.get(&speaker.name).copied() {
            let known = &mut self.known[at];
            if let (None, Some(role)) = (&known.role, &speaker.role) {
                known.role = Some(role.clone());
                self.roles[at] = role.to_lowercase();
            }
            known.organization = known.organization.take().or_else(|| speaker.organization.clone());
        } else if self.known.len() < MAX_PEOPLE {
            let next = self.known.len();
            self.by_surname.entry(surname(&speaker.name)).and_modify(|who| *who = None).or_insert(Some(next));
            self.by_name.insert(speaker.name.clone(), next);
            self.known.push(speaker.clone());
            self.roles.push(speaker.role.as_deref().unwrap_or_default().to_lowercase());
        }
    }

    /// Returns the speaker with the full name, role and organization that the document gave before, where it did.
    ///
    /// A shorter name ("Fenwick", "Mayor Fenwick") is completed only when one person alone has it.
    pub(crate) fn complete(&self, speaker: Speaker) -> Speaker {
        let Some(Some(at)) = self.by_surname.get(&surname(&speaker.name)) else { return speaker };
        let known = &self.known[*at];
        if known.name != speaker.name && speaker.name.contains(' ') {
            return speaker;
        }
        Speaker {
            name: known.name.clone(),
            role: speaker.role.or_else(|| known.role.clone()),
            organization: speaker.organization.or_else(|| known.organization.clone()),
        }
    }

    /// Notes everybody whom the text names with a role or title before the name: "Harbour Minister Ada Fenwick".
    pub(crate) fn note_mentions(&mut self, text: &str) {
        let mut read_to = 0;
        for blank in blanks_before_capitals(text) {
            let Some(title) = TITLES.before(text, blank) else { continue };
            if title < read_to || self.known.len() == MAX_PEOPLE {
                continue;
            }
            let mention = mention(text, title, blank + 1);
            read_to = mention.end;
            if let Some((Naming::Person, speaker)) = read(&text[mention]) {
                self.note(&speaker);
            }
        }
    }

    /// Returns the only person noted who has this role, as in "the minister" after "Harbour Minister Ada Fenwick".
    pub(crate) fn in_role(&self, role: &str) -> Option<&Speaker> {
        let role = role.to_lowercase();
        let has_role =
            |known: &str| known.match_indices(&role).any(|(at, _)| is_word_at(known, at..at + role.len()));
        let mut fitting =
            self.known.iter().zip(&self.roles).filter(|(_, known)| has_role(known)).map(|(known, _)| known);
        fitting.next().filter(|_| fitting.next().is_none())
    }

    /// Returns everybody noted, in the order of the text.
    pub(crate) fn known(&self) -> &[Speaker] {
        &self.known
    }
}

/// The words and titles that may stand before a name, by their last words.
///
/// A name needs a blank and a capital letter before it, which are rarer than letters: looking back from there costs a
/// tenth of an automaton over all of the text.
#[derive(Debug, Default)]
struct Titles {
    /// Last word → one more than its place in `by_last`.
    places: Table<usize>,
    by_last: Vec<Vec<String>>,
    /// How these words end: nearly all others end otherwise.
    ends: Ends,
}

/// A set of the last two bytes of words before any full stop, in which there may be some more.
#[derive(Debug, Default)]
struct Ends([u64; 16]);

impl Ends {
    fn add(&mut self, word: &[u8]) {
        if let Some((place, bit)) = Self::bit(word) {
            self.0[place] |= bit;
        }
    }

    fn may_hold(&self, word: &[u8]) -> bool {
        Self::bit(word).is_some_and(|(place, bit)| self.0[place] & bit != 0)
    }

    fn bit(mut word: &[u8]) -> Option<(usize, u64)> {
        while let [front @ .., b'.'] = word {
            word = front;
        }
        let [.., before, last] = word else { return None };
        let hash = (u32::from(*before) | u32::from(*last) << 8).wrapping_mul(0x9E37_79B1) >> 22;
        Some((hash as usize / 64, 1 << (hash % 64)))
    }
}

static TITLES: LazyLock<Titles> = LazyLock::new(|| {
    let capital = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
    };
    let heads = WORDS.role_heads.iter().flat_map(|head| [head.clone(), capital(head)]);
    let titles = WORDS.honorifics.iter().map(|title| capital(title));
    let mut all = Titles::default();
    let mut places = Entries::<usize>::default();
    for title in heads.chain(titles).filter(|word| word.chars().count() > 1) {
        let Some(place) = places.entry(last_letters(&title)) else { continue };
        if *place == 0 {
            all.by_last.push(Vec::new());
            *place = all.by_last.len();
        }
        all.ends.add(title.as_bytes());
        all.by_last[*place - 1].push(title);
    }
    all.places = places.into_table();
    all
});

impl Titles {
    /// Returns where the longest title starts that ends at the blank, or at a full stop before it.
    fn before(&self, text: &str, blank: usize) -> Option<usize> {
        if !self.ends.may_hold(&text.as_bytes()[..blank]) {
            return None;
        }
        let front = &text[..blank];
        let titles = self.by_last.get(self.places.look_up(last_letters(front)).checked_sub(1)?)?;
        let without_stop = front.strip_suffix('.').unwrap_or(front);
        let starts = titles.iter().filter_map(|title| {
            let before =
                front.strip_suffix(title.as_str()).or_else(|| without_stop.strip_suffix(title.as_str()))?;
            (!before.ends_with(char::is_alphanumeric)).then_some(before.len())
        });
        starts.min()
    }
}

/// Returns the last run of letters and digits in a text; the signs at its end do not matter.
fn last_letters(text: &str) -> &str {
    /// No title has a longer word.
    const MAX_BYTES: usize = 64;
    let bytes = text.as_bytes();
    let n_letters =
        bytes.iter().rev().take(MAX_BYTES).take_while(|byte| byte.is_ascii_alphanumeric()).count();
    let start = bytes.len() - n_letters;
    if n_letters > 0 && start.checked_sub(1).is_none_or(|before| bytes[before].is_ascii()) {
        return &text[start..];
    }
    let low = (text.len().saturating_sub(MAX_BYTES)..=text.len()).find(|at| text.is_char_boundary(*at));
    let trimmed = text[low.unwrap_or(0)..].trim_end_matches(|c: char| !c.is_alphanumeric());
    let start = trimmed.char_indices().rev().take_while(|(_, c)| c.is_alphanumeric()).last();
    start.map_or("", |(at, _)| &trimmed[at..])
}

/// Returns the places of the blanks that a capital letter follows.
fn blanks_before_capitals(text: &str) -> impl Iterator<Item = usize> {
    // A blank is every sixth byte: too many for `memchr`.
    let bytes = text.as_bytes();
    let places = eights::places(bytes, 0, |here, later| {
        eights::equal(here, b' ') & (eights::capital(later) | eights::beyond(later))
    });
    places.filter(|blank| bytes[blank + 1].is_ascii() || text[blank + 1..].starts_with(char::is_uppercase))
}

/// Whether no letter or digit stands directly before and after `range`.
fn is_word_at(text: &str, range: Range<usize>) -> bool {
    !text[..range.start].ends_with(char::is_alphanumeric)
        && !text[range.end..].starts_with(char::is_alphanumeric)
}

/// Returns the phrase "role Name" with the role word or title at `title` and a name from `from` on.
fn mention(text: &str, title: usize, from: usize) -> Range<usize> {
    let name = &text[from..];
    let mut end = from;
    for word in name.split([' ', '\n']).take(MAX_MENTION_WORDS) {
        let start = text.len() - text[end..].trim_start_matches(' ').len();
        let plain = word.trim_end_matches(|c: char| !c.is_alphanumeric() && c != '.');
        let is_title = word.ends_with('.') && word.len() <= 5;
        if !word.trim_start_matches('#').starts_with(char::is_uppercase)
            || text.get(start..start + word.len()) != Some(word)
        {
            break;
        }
        end = start + plain.len();
        if plain.len() != word.len() || (word.ends_with('.') && !is_title) {
            break;
        }
    }
    role_start(text, title)..end
}

/// Returns where the role starts whose last word or title is at `at`: "Secretary of the Harbour Council H.E. |Mr."
fn role_start(text: &str, at: usize) -> usize {
    let low = (at.saturating_sub(MAX_ROLE_BYTES)..=at).find(|low| text.is_char_boundary(*low)).unwrap_or(at);
    let line = text[low..at].rfind('\n').map_or(low, |newline| low + newline + 1);
    let mut start = at;
    let mut front = text[line..at].trim_end();
    while !front.is_empty() {
        let word = front.rsplit(' ').next().unwrap_or(front);
        let is_part =
            word.starts_with(char::is_uppercase) || Kinds::of(word).any(Kinds::HEAD.or(Kinds::COMPLEMENT));
        let is_joint = matches!(word, "of" | "the" | "for" | "de" | "del" | "des" | "du");
        if !(is_part || is_joint)
            || word.ends_with([',', ';', ':', '!', '?', ')', '”'])
            || (word.ends_with('.') && word.len() > 5)
        {
            break;
        }
        front = &front[..front.len() - word.len()];
        if is_part {
            start = line + front.len();
        }
        front = front.trim_end();
    }
    start
}

fn surname(name: &str) -> String {
    name.rsplit(' ').next().unwrap_or(name).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(phrase: &str, naming: Naming, name: &str, role: Option<&str>, organization: Option<&str>) {
        let speaker = Speaker {
            name: name.into(),
            role: role.map(Into::into),
            organization: organization.map(Into::into),
        };
        assert_eq!(read(phrase), Some((naming, speaker)), "{phrase}");
    }

    #[test]
    fn a_role_before_a_name() {
        use Naming::Person;
        check("Foreign Minister Ada Fenwick’s", Person, "Ada Fenwick", Some("Foreign Minister"), None);
        check("FM Ada Fenwick ’s", Person, "Ada Fenwick", Some("Foreign Minister"), None);
        check(
            "US Secretary of State Ada Fenwick",
            Person,
            "Ada Fenwick",
            Some("US Secretary of State"),
            None,
        );
        check("Mayor of Saltmarsh Ada Fenwick", Person, "Ada Fenwick", Some("Mayor of Saltmarsh"), None);
        check("Ambassador-at-Large Ada Fenwick", Person, "Ada Fenwick", Some("Ambassador-at-Large"), None);
        check(
            "Ruritania’s Prime Minister Bo Lind",
            Person,
            "Bo Lind",
            Some("Ruritania’s Prime Minister"),
            None,
        );
        check("President Fenwick", Person, "Fenwick", Some("President"), None);
        check("Ada Fenwick", Person, "Ada Fenwick", None, None);
        check("Mr. Fenwick", Person, "Fenwick", None, None);
        check("Ada van der Berg", Person, "Ada van der Berg", None, None);
        check("ministro de Puertos Adán Fuentes", Person, "Adán Fuentes", Some("ministro de Puertos"), None);
        check("Minister de Fenwick", Person, "de Fenwick", Some("Minister"), None);
    }

    #[test]
    fn institutions_are_split_from_roles() {
        use Naming::{Institution, Person, Role};
        check(
            "Harbour Ministry Spokeswoman Ada #Fenwick",
            Person,
            "Ada Fenwick",
            Some("Harbour Ministry Spokeswoman"),
            Some("Harbour Ministry"),
        );
        check(
            "Secretary of the Harbour Council of the Northern Federation H.E. Mr. Ada Fenwick 🇦🇶",
            Person,
            "Ada Fenwick",
            Some("Secretary of the Harbour Council of the Northern Federation"),
            Some("Harbour Council of the Northern Federation"),
        );
        check(
            "Ada Fenwick, Director of the Tide Office",
            Person,
            "Ada Fenwick",
            Some("Director of the Tide Office"),
            Some("Tide Office"),
        );
        check(
            "the Tide Service of the Northern Federation",
            Institution,
            "Tide Service of the Northern Federation",
            None,
            None,
        );
        check("Office of the President", Institution, "Office of the President", None, None);
        check("NOAA", Institution, "NOAA", None, None);
        check("the Foreign Minister", Role, "Foreign Minister", Some("Foreign Minister"), None);
    }

    #[test]
    fn other_phrases_name_nobody() {
        for phrase in ["", "👉", "Here is a philosophical question", "we agreed", "The goal is simple"] {
            assert_eq!(read(phrase), None, "{phrase}");
        }
    }

    #[test]
    fn people_are_noted_where_the_text_names_them_with_a_role() {
        let mut people = People::default();
        people.note_mentions(
            "On Monday, Harbour Minister Ada Fenwick took part. The meeting was chaired by Secretary of the Tide Council \
             of the Northern Federation H.E. Mr. Bo Lind 🇦🇶 and others. The general Public came. Mr. Holt left.",
        );
        let names: Vec<(&str, Option<&str>)> =
            people.known().iter().map(|known| (known.name.as_str(), known.role.as_deref())).collect();
        let secretary = Some("Secretary of the Tide Council of the Northern Federation");
        assert_eq!(names, [("Ada Fenwick", Some("Harbour Minister")), ("Bo Lind", secretary)]);
        assert_eq!(people.in_role("minister").map(|known| known.name.as_str()), Some("Ada Fenwick"));
        assert_eq!(people.in_role("mayor"), None);
    }

    #[test]
    fn a_shorter_name_is_completed_when_one_person_has_it() {
        let mut people = People::default();
        let named = |name: &str, role: Option<&str>| Speaker {
            name: name.into(),
            role: role.map(Into::into),
            organization: None,
        };
        people.note(&named("Ada Fenwick", Some("Mayor")));
        assert_eq!(people.complete(named("Fenwick", None)), named("Ada Fenwick", Some("Mayor")));
        assert_eq!(people.complete(named("Bo Fenwick", None)), named("Bo Fenwick", None));
        people.note(&named("Bo Fenwick", None));
        assert_eq!(people.complete(named("Fenwick", None)), named("Fenwick", None));
    }
}
