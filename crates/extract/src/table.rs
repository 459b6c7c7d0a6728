//! Words looked up in small letters, without a string of their own.
//!
//! A word of a text becomes six machine words ([`Key`]) that are hashed and compared as numbers. Nearly all time goes
//! into words, so that this is where a lexicon is fast or slow.

/// Words of more bytes are in no lexicon.
pub(crate) const LONGEST_BYTES: usize = 8 * LANES;

const LANES: usize = 6;

/// A word in small letters; apostrophes have one shape.
#[derive(Debug, Clone, Copy)]
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
            lanes[lane] = load(bytes, at, end);
            all |= lanes[lane];
            at += 8;
            lane += 1;
        }
        if all & HIGH_BITS != 0 {
            return Self::of_any(&text[start..end]);
        }
        for lane in &mut lanes[..lane] {
            *lane = small(*lane);
        }
        Some(Self(lanes))
    }

    /// The slow way, for letters outside ASCII.
    fn of_any(word: &str) -> Option<Self> {
        let mut small = [0; LONGEST_BYTES];
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
        let (eights, _) = small.as_chunks::<8>();
        let mut lanes = [0; LANES];
        for (lane, eight) in lanes.iter_mut().zip(eights) {
            *lane = u64::from_le_bytes(*eight);
        }
        Some(Self(lanes))
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
        const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
        let [a, b, c, d, e, f] = self.0;
        let mut hash = (a ^ b.rotate_left(29)).wrapping_mul(ODD);
        if c != 0 {
            hash = (hash ^ (hash >> 32) ^ c ^ d.rotate_left(29)).wrapping_mul(ODD);
            hash = (hash ^ (hash >> 32) ^ e ^ f.rotate_left(29)).wrapping_mul(ODD);
        }
        hash ^ (hash >> 32)
    }
}

const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Reads up to eight bytes from `at` on, none of them behind `end`.
#[inline]
fn load(bytes: &[u8], at: usize, end: usize) -> u64 {
    let length = end - at;
    if let Some(eight) = bytes[at..].first_chunk::<8>() {
        let lane = u64::from_le_bytes(*eight);
        return if length >= 8 { lane } else { lane & ((1 << (8 * length)) - 1) };
    }
    let mut eight = [0; 8];
    eight[..length.min(8)].copy_from_slice(&bytes[at..end.min(at + 8)]);
    u64::from_le_bytes(eight)
}

/// Makes the capital letters among eight ASCII bytes small.
const fn small(lane: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let from_a = lane + ONES * (0x80 - b'A' as u64);
    let behind_z = lane + ONES * (0x7F - b'Z' as u64);
    lane | ((from_a ^ behind_z) & HIGH_BITS) >> 2
}

/// What the lexicons say of words.
#[derive(Debug)]
pub(crate) struct Table<V> {
    /// A part of the hash, and one more than the place among the entries; 0 where nothing is.
    slots: Vec<u32>,
    entries: Vec<(Key, V)>,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self { slots: vec![0; 64], entries: Vec::new() }
    }
}

impl<V: Copy + Default> Table<V> {
    /// Returns what is known of a word; the default if nothing is.
    #[inline]
    pub(crate) fn get(&self, key: &Key) -> V {
        match self.find(key) {
            Ok(place) => self.entries[place].1,
            Err(_) => V::default(),
        }
    }

    /// Returns what is known of a word that no key was made for.
    pub(crate) fn look_up(&self, word: &str) -> V {
        Key::of(word).map_or_else(V::default, |key| self.get(&key))
    }

    /// Returns what is known of a word, to be changed; `None` for words that are too long to be looked up.
    pub(crate) fn entry(&mut self, word: &str) -> Option<&mut V> {
        let key = Key::of(word)?;
        let place = match self.find(&key) {
            Ok(place) => place,
            Err(_) => self.insert(key)?,
        };
        self.entries.get_mut(place).map(|entry| &mut entry.1)
    }

    fn insert(&mut self, key: Key) -> Option<usize> {
        self.entries.push((key, V::default()));
        if self.entries.len() * 2 > self.slots.len() {
            self.slots = vec![0; self.slots.len() * 2];
            for place in 0..self.entries.len() {
                self.set_slot(place)?;
            }
        } else {
            self.set_slot(self.entries.len() - 1)?;
        }
        Some(self.entries.len() - 1)
    }

    fn set_slot(&mut self, place: usize) -> Option<()> {
        let key = self.entries[place].0;
        let free = self.find(&key).err()?;
        self.slots[free] = tag(key.hash()) | u32::from(u16::try_from(place + 1).ok()?);
        Some(())
    }

    /// Returns the place of a word among the entries, or the slot that is free for it.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "any bits of a hash do")]
    fn find(&self, key: &Key) -> Result<usize, usize> {
        let hash = key.hash();
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return Err(at);
            }
            let place = (slot & 0xFFFF) as usize - 1;
            if slot & 0xFFFF_0000 == tag(hash) && self.entries[place].0.is(key) {
                return Ok(place);
            }
            at = (at + 1) & mask;
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
        let mut table = Table::<u8>::default();
        let words = ["said", "министр", "he's", "straße", "représentantes", "уполномоченного", "b"];
        for (n, word) in (1..).zip(words) {
            *table.entry(word).unwrap() = n;
        }
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
        let mut table = Table::<u16>::default();
        for n in 0..5_000 {
            *table.entry(&n.to_string()).unwrap() = n;
        }
        for n in 0..5_000 {
            assert_eq!(table.look_up(&n.to_string()), n);
        }
    }
}
