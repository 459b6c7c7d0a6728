//! A name taken apart: titles, given names and initials, surname, suffix; its letters in one script.

use crate::fold::fold;

/// Words before a name that say nothing of who it is.
const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "doctor",
    "prof",
    "professor",
    "sir",
    "dame",
    "lord",
    "lady",
    "rev",
    "reverend",
    "hon",
    "honourable",
    "honorable",
    "excellency",
    "h.e",
    "his",
    "her",
    "the",
    "president",
    "prime",
    "minister",
    "senator",
    "ambassador",
    "mayor",
    "governor",
    "chancellor",
    "secretary",
    "general",
    "gen",
    "colonel",
    "col",
    "captain",
    "capt",
    "major",
    "lieutenant",
    "lt",
    "admiral",
    "judge",
    "justice",
    "herr",
    "frau",
    "monsieur",
    "madame",
    "mme",
    "mlle",
    "senor",
    "senora",
    "sr",
    "sra",
    "don",
    "dona",
    "dott",
    "signor",
    "signora",
    "г-н",
    "г-жа",
    "господин",
    "госпожа",
    "доктор",
    "профессор",
    "президент",
    "министр",
];

/// Words after a name that tell a person from a namesake, most often from a parent.
const SUFFIXES: &[&str] =
    &["jr", "junior", "sr", "senior", "ii", "iii", "iv", "мл", "младший", "ст", "старший"];

/// Words that belong to the surname behind them.
const PARTICLES: &[&str] = &[
    "de", "del", "della", "di", "da", "do", "dos", "das", "du", "la", "le", "van", "von", "der", "den", "zu",
    "ter", "bin", "ibn", "bint", "al", "el", "ul", "ben", "af", "av",
];

/// Words that no person's name holds: what has one is an institution, which is joined by its spelling alone.
const INSTITUTIONS: &[&str] = &[
    "of",
    "for",
    "and",
    "und",
    "et",
    "по",
    "ministry",
    "office",
    "council",
    "committee",
    "commission",
    "government",
    "embassy",
    "department",
    "agency",
    "authority",
    "union",
    "press",
    "service",
    "party",
    "bank",
    "court",
    "parliament",
    "university",
    "institute",
    "house",
    "team",
    "group",
    "company",
    "ministerium",
    "rat",
    "ministerio",
    "gobierno",
    "ministere",
    "gouvernement",
    "министерство",
    "правительство",
    "комитет",
    "совет",
    "служба",
    "посольство",
    "правительства",
];

/// Endings of surnames that are written in Cyrillic at home: their Latin spellings differ from paper to paper.
const CYRILLIC_SURNAMES: &[&str] = &["ov", "ova", "ev", "eva", "ski", "skaia", "enko", "chuk"];

/// What a name is made of, in folded Latin letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// Given names and initials in the order of the name; an initial ends in a full stop.
    pub(super) given: Vec<String>,
    /// The surname with its particles; the whole of an institution.
    pub(super) surname: String,
    /// `jr`, `ii` …; empty for most people.
    pub(super) suffix: String,
    /// Whether titles were taken off.
    pub(super) titled: bool,
    /// Whether anything was written in Cyrillic letters.
    pub(super) cyrillic: bool,
    /// Whether it is no person's name.
    pub(super) institution: bool,
    /// [`sound`] of the given names and of the surname.
    given_sounds: Vec<String>,
    surname_sound: String,
}

impl Name {
    /// Takes a name apart. A title before a single word stays: "Mr Marsh" is not "Mrs Marsh".
    pub(super) fn parse(text: &str) -> Self {
        let mut name = Self::spelled(text);
        name.given_sounds = name.given.iter().map(|given| sound(given)).collect();
        name.surname_sound = sound(&name.surname);
        name
    }

    fn spelled(text: &str) -> Self {
        let folded = fold(text);
        let (surname_first, words) = match folded.split_once(',') {
            Some((surname, rest)) if !is_suffix(rest.trim()) => (Some(surname.to_owned()), rest.to_owned()),
            _ => (None, folded.replace(',', " ")),
        };
        let mut words = words_of(&words);
        let suffix = words.pop_if(|word| is_suffix(word)).unwrap_or_default();
        let institution = words.iter().any(|word| INSTITUTIONS.contains(&word.as_str()));
        if institution {
            let words =
                words.iter().filter(|word| *word != "the").map(|word| latin(word)).collect::<Vec<_>>();
            return Self { institution, surname: words.join(" "), ..Self::bare(&folded, suffix) };
        }
        let titles = words.iter().take_while(|word| TITLES.contains(&word.as_str())).count();
        let left = words.len() - titles + usize::from(surname_first.is_some());
        let titled = titles > 0 && left > 1;
        if titled {
            words.drain(..titles);
        } else if titles > 0 && left == 1 {
            return Self { surname: latin(&words.join(" ")), ..Self::bare(&folded, suffix) };
        }
        let surname = match surname_first {
            Some(surname) => words_of(&surname).join(" "),
            // "Marsh A. B.": initials behind the one full word.
            None if words.len() > 1 && words[1..].iter().all(|word| is_letter(word)) => words.remove(0),
            None => {
                let mut surname = words.pop().unwrap_or_default();
                while let Some(particle) = words.pop_if(|word| PARTICLES.contains(&word.as_str())) {
                    surname = format!("{particle} {surname}");
                }
                surname
            }
        };
        let given = words.iter().map(|word| if is_letter(word) { latin(word) + "." } else { latin(word) });
        let given = given.filter(|word| !word.is_empty()).collect();
        Self { given, surname: latin(&surname), titled, ..Self::bare(&folded, suffix) }
    }

    fn bare(folded: &str, suffix: String) -> Self {
        Self {
            given: Vec::new(),
            surname: String::new(),
            suffix,
            titled: false,
            cyrillic: folded.chars().any(is_cyrillic),
            institution: false,
            given_sounds: Vec::new(),
            surname_sound: String::new(),
        }
    }

    /// Returns what all forms of one person share: the last word of the surname, as loosely as forms are ever joined.
    pub(super) fn bucket(&self) -> String {
        self.surname_sound.rsplit(' ').next().unwrap_or_default().to_owned()
    }

    /// Returns whether the spelling in Latin letters differs from paper to paper.
    pub(super) fn is_transliterated(&self) -> bool {
        self.cyrillic || CYRILLIC_SURNAMES.iter().any(|ending| self.surname_sound.ends_with(ending))
    }

    /// Returns whether the name holds an initial in the place of a given name.
    pub(super) fn has_initials(&self) -> bool {
        self.given.iter().any(|name| is_initial(name))
    }

    /// Returns whether both spell the same name, letter by letter.
    pub(super) fn is_spelled_as(&self, other: &Self) -> bool {
        self.given == other.given
            && self.surname == other.surname
            && self.suffix == other.suffix
            && self.institution == other.institution
    }

    /// Returns whether both are the same name in other spellings of the same sounds.
    pub(super) fn sounds_as(&self, other: &Self) -> bool {
        !self.institution
            && !other.institution
            && !self.given.is_empty()
            && self.suffix == other.suffix
            && self.surname_sound == other.surname_sound
            && self.given_sounds == other.given_sounds
    }

    /// Returns whether `self` may be a shorter form of `fuller`: initials for given names, or middle names left out.
    pub(super) fn may_shorten(&self, fuller: &Self) -> bool {
        let [first, middle @ ..] = self.given_sounds.as_slice() else { return false };
        let [fuller_first, fuller_middle @ ..] = fuller.given_sounds.as_slice() else { return false };
        let fits = |a: &String, b: &String| a == b || a.strip_suffix('.').is_some_and(|a| b.starts_with(a));
        !self.institution
            && !fuller.institution
            && self.suffix == fuller.suffix
            && self.surname_sound == fuller.surname_sound
            && self.weight() < fuller.weight()
            && fits(first, fuller_first)
            && (middle.is_empty()
                || middle.len() == fuller_middle.len()
                    && middle.iter().zip(fuller_middle).all(|(a, b)| fits(a, b)))
    }

    /// Returns how much of a person's name is given: letters of given names, whole names before initials.
    pub(super) fn weight(&self) -> usize {
        self.given.iter().map(|name| if is_initial(name) { 1 } else { 100 }).sum()
    }

    /// Returns whether it is one name alone, which may be anybody's of that surname.
    pub(super) fn is_surname_alone(&self) -> bool {
        self.given.is_empty() && !self.institution
    }
}

/// Splits at blanks, hyphens and the full stops between initials: "J.-P. Marsh", "al-Sayed".
fn words_of(text: &str) -> Vec<String> {
    let keeps_hyphen = |piece: &&str| TITLES.contains(&piece.trim_end_matches('.'));
    text.split_whitespace()
        .flat_map(|piece| {
            if keeps_hyphen(&piece) { vec![piece] } else { piece.split(['-', '‐', '–', '.']).collect() }
        })
        .map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()).replace(['\'', '’', 'ʼ', '`'], ""))
        .filter(|word| !word.is_empty())
        .collect()
}

fn is_initial(given: &str) -> bool {
    given.ends_with('.')
}

fn is_letter(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_alphabetic) && letters.next().is_none()
}

fn is_suffix(word: &str) -> bool {
    SUFFIXES.contains(&word.trim_matches('.'))
}

fn is_cyrillic(c: char) -> bool {
    ('\u{400}'..='\u{52F}').contains(&c)
}

/// Returns folded letters in Latin script: Cyrillic as passports have it, and letters that no diacritic was taken off.
fn latin(word: &str) -> String {
    let mut latin = String::with_capacity(word.len());
    for c in word.chars() {
        let letters = match c {
            'а' => "a",
            'б' => "b",
            'в' => "v",
            'г' | 'ґ' => "g",
            'д' => "d",
            'е' | 'э' => "e",
            'є' => "ie",
            'ж' => "zh",
            'з' => "z",
            'и' | 'й' | 'і' | 'ї' => "i",
            'к' => "k",
            'л' => "l",
            'м' => "m",
            'н' => "n",
            'о' => "o",
            'п' => "p",
            'р' => "r",
            'с' => "s",
            'т' => "t",
            'у' | 'ў' => "u",
            'ф' => "f",
            'х' => "kh",
            'ц' => "ts",
            'ч' => "ch",
            'ш' => "sh",
            'щ' => "shch",
            'ъ' | 'ь' => "",
            'ы' => "y",
            'ю' => "yu",
            'я' => "ya",
            'ł' => "l",
            'ø' => "o",
            'đ' | 'ð' => "d",
            'ı' => "i",
            'ß' => "ss",
            'æ' => "ae",
            'œ' => "oe",
            'þ' => "th",
            other => {
                latin.push(other);
                continue;
            }
        };
        latin.push_str(letters);
    }
    latin
}

/// Returns the letters that spellings of one Cyrillic name share: `Sergei` and `Sergey`, `Yuri` and `Yuriy`.
fn sound(word: &str) -> String {
    let mut sound = word.to_owned();
    for (from, to) in [("shch", "sch"), ("kh", "h"), ("ks", "x"), ("ye", "e"), ("y", "i")] {
        sound = sound.replace(from, to);
    }
    while sound.contains("ii") {
        sound = sound.replace("ii", "i");
    }
    sound
}
