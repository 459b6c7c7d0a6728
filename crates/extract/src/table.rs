//! Words looked up in small letters, without a string of their own.
//!
//! A word of a text becomes six machine words ([`Key`]) that are hashed and compared as numbers. Nearly all time goes
//! into words, so that this is where a lexicon is fast or slow.

use std::{cmp::Reverse, collections::BTreeMap, hint::select_unpredictable};

use crate::eights::{self, HIGH_BITS};

/// Words of more bytes are in no lexicon.
pub(crate) const LONGEST_BYTES: usize = 8 * LANES;

const LANES: usize = 6;

/// A word in small letters; apostrophes have one shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key([u64; LANES]);

impl Key {
    /// Returns the key of a word; `None` if it is too long to be known.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Self::at(word, 0, word.len())
    }

    /// Returns the key of `text[start..end]`.
    #[inline]
    pub(crate) fn at(text: &str, start: usize, end: usize) -> Option<Self> {
        if end - start > LONGEST_BYTES {
            return None;
        }
        let bytes = text.as_bytes();
        let mut lanes = [0; LANES];
        let (mut at, mut lane, mut all) = (start, 0, 0);
        while at < end {
            lanes[lane] = eights::load(bytes, at, end);
            all |= lanes[lane];
            at += 8;
            lane += 1;
        }
        if all & HIGH_BITS != 0 {
            return Self::of_any(&text[start..end]);
        }
        for lane in &mut lanes[..lane] {
            *lane = eights::small(*lane);
        }
        Some(Self(lanes))
    }

    /// The slow way, for letters outside ASCII.
    fn of_any(word: &str) -> Option<Self> {
        let mut small = [0; LONGEST_BYTES];
        if small_cyrillic(word.as_bytes(), small.get_mut(..word.len())?) {
            return Some(Self::of_bytes(&small));
        }
        small = [0; LONGEST_BYTES];
        let mut length = 0;
        let mut push = |c: char| {
            let end = length + c.len_utf8();
            c.encode_utf8(small.get_mut(length..end)?);
            length = end;
            Some(())
        };
        for c in word.chars() {
            match c {
                'a'..='z' | 'а'..='џ' => push(c)?,
                '’' => push('\'')?,
                c if c.is_ascii() => push(c.to_ascii_lowercase())?,
                'А'..='Я' => push(char::from_u32(c as u32 + 0x20)?)?,
                c => {
                    for small in c.to_lowercase() {
                        push(small)?;
                    }
                }
            }
        }
        Some(Self::of_bytes(&small))
    }

    fn of_bytes(small: &[u8; LONGEST_BYTES]) -> Self {
        let (eights, _) = small.as_chunks::<8>();
        let mut lanes = [0; LANES];
        for (lane, eight) in lanes.iter_mut().zip(eights) {
            *lane = u64::from_le_bytes(*eight);
        }
        Self(lanes)
    }

    /// Compares without the call that comparing arrays makes.
    #[inline]
    fn is(&self, other: &Self) -> bool {
        let [a, b, c, d, e, f] = self.0;
        let [g, h, i, j, k, l] = other.0;
        (a ^ g) | (b ^ h) | (c ^ i) | (d ^ j) | (e ^ k) | (f ^ l) == 0
    }

    #[inline]
    const fn hash(&self) -> u64 {
        let [a, b, c, d, e, f] = self.0;
        let mut hash = (a ^ b.rotate_left(29)).wrapping_mul(ODD);
        if c != 0 {
            hash = (hash ^ (hash >> 32) ^ c ^ d.rotate_left(29)).wrapping_mul(ODD);
            hash = (hash ^ (hash >> 32) ^ e ^ f.rotate_left(29)).wrapping_mul(ODD);
        }
        hash ^ (hash >> 32)
    }
}

/// Writes a word of ASCII and of the Cyrillic letters that Russian has in small letters to `small`, which is as long;
/// returns whether it was such a word.
fn small_cyrillic(word: &[u8], small: &mut [u8]) -> bool {
    let mut at = 0;
    while at < word.len() {
        let byte = word[at];
        if byte.is_ascii() {
            small[at] = byte.to_ascii_lowercase();
            at += 1;
            continue;
        }
        let (0xD0 | 0xD1, Some(&second)) = (byte, word.get(at + 1)) else { return false };
        (small[at], small[at + 1]) = match (byte, second) {
            (0xD0, 0x80..=0x8F) => (0xD1, second + 0x10),
            (0xD0, 0x90..=0x9F) => (0xD0, second + 0x20),
            (0xD0, 0xA0..=0xAF) => (0xD1, second - 0x20),
            (0xD1, 0xA0..) => return false, // historic letters
            pair => pair,
        };
        at += 2;
    }
    true
}

/// What the lexicons say of words, while it is gathered.
#[derive(Debug)]
pub(crate) struct Entries<V>(BTreeMap<Key, V>);

impl<V> Default for Entries<V> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<V: Copy + Default> Entries<V> {
    /// Returns what is known of a word, to be changed; `None` for words that are too long to be looked up.
    pub(crate) fn entry(&mut self, word: &str) -> Option<&mut V> {
        Some(self.0.entry(Key::of(word)?).or_default())
    }

    /// Makes a table of what was gathered.
    pub(crate) fn into_table(self) -> Table<V> {
        let (short, long): (Vec<_>, Vec<_>) = self.0.into_iter().partition(|(key, _)| key.0[1] == 0);
        let short: Vec<_> = short.into_iter().map(|(key, value)| (key.0[0], value)).collect();
        Table { short: Short::new(&short), long: Long::new(long) }
    }
}

/// What the lexicons say of words.
#[derive(Debug)]
pub(crate) struct Table<V> {
    short: Short<V>,
    long: Long<V>,
}

impl<V: Copy + Default> Default for Table<V> {
    fn default() -> Self {
        Entries::default().into_table()
    }
}

impl<V: Copy + Default> Table<V> {
    /// Returns what is known of a word; the default if nothing is.
    #[inline]
    pub(crate) fn get(&self, key: &Key) -> V {
        if key.0[1] == 0 { self.short.get(key.0[0]) } else { self.long.get(key) }
    }

    /// Returns what is known of the word that these up to eight ASCII bytes are, zeros behind them.
    #[inline]
    pub(crate) fn get_eight(&self, lane: u64) -> V {
        self.short.get(eights::small(lane))
    }

    /// Returns what is known of a word that no key was made for.
    #[inline]
    pub(crate) fn look_up(&self, word: &str) -> V {
        if word.len() <= 8 && word.is_ascii() {
            return self.get_eight(eights::load(word.as_bytes(), 0, word.len()));
        }
        Key::of(word).map_or_else(V::default, |key| self.get(&key))
    }
}

/// Words of up to eight bytes, which most are.
///
/// Whether the lexicon knows a word of a text is as good as random, and a branch on it would be foretold wrongly every
/// other time. So there is none: each word has one place only, as its hash and a number for its group say, which was
/// chosen such that no two words share a place.
#[derive(Debug)]
struct Short<V> {
    /// One number for each group of words.
    numbers: Vec<u16>,
    /// A word in each place, or 0.
    words: Vec<u64>,
    /// What is known of the word in each place; behind them, what is known of others.
    values: Vec<V>,
}

impl<V: Copy + Default> Short<V> {
    /// Words in a group, on average: few, so that a number is found soon.
    const GROUP: usize = 2;

    fn new(words: &[(u64, V)]) -> Self {
        let n_places = (words.len() + words.len() / 4).next_power_of_two();
        // A number that fits is found for any words but twins; with more places sooner.
        (0..)
            .find_map(|doublings| Self::with_places(words, n_places << doublings))
            .unwrap_or_else(Self::empty)
    }

    fn empty() -> Self {
        Self { numbers: vec![0], words: vec![0], values: vec![V::default(); 2] }
    }

    fn with_places(words: &[(u64, V)], n_places: usize) -> Option<Self> {
        let mut all = Self {
            numbers: vec![0; (n_places / 2 / Self::GROUP).max(1)],
            words: vec![0; n_places],
            values: vec![V::default(); n_places + 1],
        };
        let mut groups: Vec<Vec<(u64, V)>> = vec![Vec::new(); all.numbers.len()];
        for word in words {
            let group = all.group(hash(word.0));
            groups[group].push(*word);
        }
        let mut by_size: Vec<usize> = (0..groups.len()).collect();
        by_size.sort_by_key(|group| Reverse(groups[*group].len()));
        for group in by_size {
            let words = &groups[group];
            let number = (0..=u16::MAX).find(|number| {
                let mut places: Vec<usize> =
                    words.iter().map(|word| all.place(hash(word.0), *number)).collect();
                places.sort_unstable();
                places.is_sorted_by(|a, b| a < b) && places.iter().all(|place| all.words[*place] == 0)
            })?;
            all.numbers[group] = number;
            for word in words {
                let place = all.place(hash(word.0), number);
                (all.words[place], all.values[place]) = *word;
            }
        }
        Some(all)
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash do")]
    const fn group(&self, hash: u64) -> usize {
        hash as usize & (self.numbers.len() - 1)
    }

    #[inline]
    const fn place(&self, hash: u64, number: u16) -> usize {
        ((hash ^ (number as u64).wrapping_mul(ODD)).wrapping_mul(ODD) >> 32) as usize & (self.words.len() - 1)
    }

    #[inline]
    fn get(&self, word: u64) -> V {
        let hash = hash(word);
        let place = self.place(hash, self.numbers[self.group(hash)]);
        self.values[select_unpredictable(self.words[place] == word, place, self.words.len())]
    }
}

const ODD: u64 = 0x9E37_79B9_7F4A_7C15;

#[inline]
const fn hash(word: u64) -> u64 {
    let hash = word.wrapping_mul(ODD);
    hash ^ (hash >> 32)
}

/// Words of more than eight bytes.
#[derive(Debug)]
struct Long<V> {
    /// A part of the hash, and one more than the place among the entries; 0 where nothing is.
    slots: Vec<u32>,
    entries: Vec<(Key, V)>,
}

impl<V: Copy + Default> Long<V> {
    /// Words beyond the number that a slot can hold are left out, which the tests of this crate would show.
    fn new(mut entries: Vec<(Key, V)>) -> Self {
        entries.truncate(usize::from(u16::MAX));
        let mut all = Self { slots: vec![0; (entries.len() * 2).next_power_of_two().max(64)], entries };
        for place in 0..all.entries.len() {
            let hash = all.entries[place].0.hash();
            let mut at = all.slot(hash);
            while all.slots[at] != 0 {
                at = (at + 1) & (all.slots.len() - 1);
            }
            all.slots[at] = tag(hash) | u32::from(u16::try_from(place + 1).unwrap_or(0));
        }
        all
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash do")]
    const fn slot(&self, hash: u64) -> usize {
        hash as usize & (self.slots.len() - 1)
    }

    fn get(&self, key: &Key) -> V {
        let hash = key.hash();
        let mut at = self.slot(hash);
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return V::default();
            }
            if slot & 0xFFFF_0000 == tag(hash) {
                let (known, value) = &self.entries[(slot & 0xFFFF) as usize - 1];
                if known.is(key) {
                    return *value;
                }
            }
            at = (at + 1) & (self.slots.len() - 1);
        }
    }
}

/// Returns the part of the hash that a slot keeps, in its upper half.
const fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32 & 0xFFFF_0000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_in_any_letters() {
        let mut table = Entries::<u8>::default();
        let words = ["said", "министр", "he's", "straße", "représentantes", "уполномоченного", "b"];
        for (n, word) in (1..).zip(words) {
            *table.entry(word).unwrap() = n;
        }
        let table = table.into_table();
        for (n, word) in (1..).zip(words) {
            assert_eq!(table.look_up(word), n, "{word}");
            assert_eq!(table.look_up(&word.to_uppercase().replace("SS", "ß")), n, "{word}");
            assert_eq!(table.look_up(&format!("{word}x")), 0, "{word}");
            let text = format!("X{word}, and so on");
            assert_eq!(table.get(&Key::at(&text, 1, 1 + word.len()).unwrap()), n, "{word}");
        }
        assert_eq!(table.look_up("He’s"), 3);
        assert_eq!(table.look_up("said@"), 0);
        assert_eq!(table.look_up("sai\u{400}"), 0);
        assert_eq!(table.look_up(&"a".repeat(LONGEST_BYTES + 1)), 0);
    }

    #[test]
    fn many_words_fit() {
        let mut table = Entries::<u16>::default();
        for n in 0..20_000 {
            *table.entry(&format!("{}{n}", if n % 2 == 0 { "" } else { "a long " })).unwrap() = n;
        }
        let table = table.into_table();
        for n in 0..20_000 {
            assert_eq!(table.look_up(&format!("{}{n}", if n % 2 == 0 { "" } else { "a long " })), n);
        }
        assert_eq!(Table::<u16>::default().look_up("word"), 0);
    }
}
