//! Finds where the second copy of a body starts.
//!
//! Works on the lines that count, as [`Key`]s: residue and blank lines are left out before, equal lines have equal
//! ids. Everything here is linear in the number of lines.

use std::collections::HashMap;

use super::line;

/// Characters over which a line is long: too long to stand twice in one body by chance.
const LONG_LINE_CHARS: u32 = 60;
/// Characters that a repeat must hold when nothing else bounds the post: `Yes.` twice is no repeat.
const MIN_REPEAT_CHARS: u32 = 24;
/// Later places of one line that are tried as the start of the second copy.
const MAX_CANDIDATES: usize = 64;

/// A line that counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key {
    /// The same for equal lines, different for different ones.
    pub(crate) id: u32,
    /// Its length in characters.
    pub(crate) chars: u32,
    /// Whether a post may only start here, not go on: a title, or the first line after residue of media.
    pub(crate) opens: bool,
}

/// Keys are equal when their lines are.
impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Key {
    fn is_long(self) -> bool {
        self.chars > LONG_LINE_CHARS
    }
}

/// Gives equal lines equal ids.
#[derive(Debug, Default)]
pub(crate) struct Interner<'b> {
    ids: HashMap<&'b [u8], u32>,
    next: u32,
}

impl<'b> Interner<'b> {
    /// Returns the key of a line that may go on a post; carriage returns and blanks at its end do not count.
    pub(crate) fn key(&mut self, line: &'b [u8]) -> Key {
        let line = line::trim_end(line);
        let id = *self.ids.entry(line).or_insert_with(|| {
            self.next += 1;
            self.next
        });
        Key { id, chars: u32::try_from(line::char_count(line)).unwrap_or(u32::MAX), opens: false }
    }

    /// Returns the key of a line that equals no other.
    pub(crate) fn unique_key(&mut self) -> Key {
        self.next += 1;
        Key { id: self.next, chars: u32::MAX, opens: false }
    }
}

/// Returns where the second copy starts in a block that is a post from its first line to its last.
pub(crate) fn second_copy(block: &[Key]) -> Option<usize> {
    exact_copy(block).or_else(|| lossy_copy(block))
}

/// Splits `L1 R R` (its first line once, the rest twice) and `R R`.
fn exact_copy(block: &[Key]) -> Option<usize> {
    let once = block.len() % 2; // lines that stand once: L1, or none
    let half = block.len() / 2;
    let split = once + half;
    (half > 0 && block[once..split] == block[split..]).then_some(split)
}

/// Splits `L1 R R'` where R' lost some short lines of R: the smallest split at which R' is an ordered subsequence
/// of R, at least half as long, with a long line, and at which every line of R that R' lacks is short.
///
/// All long lines of R are then in R', in order: R has the first half of the long lines of the block, and the split
/// lies between its last and the next. So the copies are compared piece by piece between their long lines.
fn lossy_copy(block: &[Key]) -> Option<usize> {
    let long: Vec<usize> = (1..block.len()).filter(|&at| block[at].is_long()).collect();
    let half = long.len() / 2;
    if half == 0 || long.len() % 2 == 1 {
        return None;
    }
    let (head, tail) = long.split_at(half);
    let between = |ends: &[usize], n: usize| &block[ends[n] + 1..ends[n + 1]];
    let same_between = (0..half).all(|n| block[head[n]] == block[tail[n]])
        && (1..half).all(|n| is_subsequence(between(tail, n - 1), between(head, n - 1)));
    if !same_between {
        return None;
    }
    // What stands between the last long line of R and the first of R': the end of R, then the start of R'.
    let gap_start = head[half - 1] + 1;
    let gap = &block[gap_start..tail[0]];
    let end_of_copy = &block[tail[half - 1] + 1..];
    let ends_at = subsequence_end(end_of_copy, gap)?;
    let starts_at = gap.len() - common_tail(gap, &block[1..head[0]]);
    let split = gap_start + ends_at.max(starts_at);
    (2 * (block.len() - split) >= split - 1).then_some(split)
}

fn is_subsequence(part: &[Key], whole: &[Key]) -> bool {
    subsequence_end(part, whole).is_some()
}

/// Returns the length of the shortest start of `whole` that has `part` as an ordered subsequence.
fn subsequence_end(part: &[Key], whole: &[Key]) -> Option<usize> {
    let mut rest = part.iter();
    let mut wanted = rest.next();
    let mut end = 0;
    for (at, key) in whole.iter().enumerate() {
        if wanted == Some(key) {
            wanted = rest.next();
            end = at + 1;
        }
    }
    wanted.is_none().then_some(end)
}

/// Returns the length of the longest end of `gap` that is an ordered subsequence of `whole`.
fn common_tail(gap: &[Key], whole: &[Key]) -> usize {
    let mut matched = 0;
    for key in whole.iter().rev() {
        if matched < gap.len() && gap[gap.len() - 1 - matched] == *key {
            matched += 1;
        }
    }
    matched
}

/// A post that its own repeat bounds: `L1 R R` or `R R` from some line on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Repeat {
    /// Where the second copy starts.
    pub(crate) split: usize,
    /// Where it ends: the next post starts here.
    pub(crate) end: usize,
}

/// Answers where a repeat starts in a run of lines, each time in constant time after one pass over it.
#[derive(Debug)]
pub(crate) struct Repeats<'k> {
    keys: &'k [Key],
    next_equal: Vec<u32>, // place of the next equal line; `NONE` when there is none
    hashes: Vec<u64>,     // hashes[n]: of the first n lines
    powers: Vec<u64>,
    chars_before: Vec<u64>, // chars_before[n]: characters of the first n lines
    opens_before: Vec<u32>, // opens_before[n]: how many of the first n lines open a post
}

const NONE: u32 = u32::MAX;
const MODULUS: u64 = (1 << 61) - 1;
const BASE: u64 = 0x1234_5678_9abc_def1 % MODULUS;

impl<'k> Repeats<'k> {
    pub(crate) fn new(keys: &'k [Key]) -> Self {
        let mut last_place = HashMap::new();
        let mut next_equal = vec![NONE; keys.len()];
        for (at, key) in keys.iter().enumerate().rev() {
            let at_u32 = u32::try_from(at).unwrap_or(NONE);
            if let Some(next) = last_place.insert(key.id, at_u32) {
                next_equal[at] = next;
            }
        }
        let mut hashes = vec![0];
        let mut powers = vec![1];
        let mut chars_before = vec![0];
        let mut opens_before = vec![0];
        for (at, key) in keys.iter().enumerate() {
            hashes.push((product(hashes[at], BASE) + u64::from(key.id)) % MODULUS);
            powers.push(product(powers[at], BASE));
            opens_before.push(opens_before[at] + u32::from(key.opens));
            chars_before.push(chars_before[at] + u64::from(key.chars));
        }
        Self { keys, next_equal, hashes, powers, chars_before, opens_before }
    }

    /// Returns the smallest repeat of a post that starts at line `start` and holds no start of another.
    pub(crate) fn at(&self, start: usize) -> Option<Repeat> {
        let whole = self.copies_at(start);
        let body_opens = self.keys.get(start + 1).is_none_or(|key| key.opens);
        let after_first_line = if body_opens { None } else { self.copies_at(start + 1) };
        [whole, after_first_line].into_iter().flatten().min_by_key(|repeat| repeat.end)
    }

    /// Like [`Repeats::at`], but only a repeat that says as much as a long line does.
    pub(crate) fn certain_at(&self, start: usize) -> Option<Repeat> {
        self.at(start).filter(|repeat| self.chars(repeat.split, repeat.end) > LONG_LINE_CHARS)
    }

    /// Returns the smallest `R R` whose first R starts exactly at `start`.
    fn copies_at(&self, start: usize) -> Option<Repeat> {
        let later_places = std::iter::successors(self.next_place(start), |&at| self.next_place(at));
        later_places.take(MAX_CANDIDATES).find_map(|split| {
            let end = split + (split - start);
            let copies = end <= self.keys.len()
                && self.opens_before[split] == self.opens_before[start + 1]
                && self.hash(start, split) == self.hash(split, end)
                && self.keys[start..split] == self.keys[split..end];
            (copies && self.chars(split, end) >= MIN_REPEAT_CHARS).then_some(Repeat { split, end })
        })
    }

    fn next_place(&self, at: usize) -> Option<usize> {
        self.next_equal.get(at).filter(|&&next| next != NONE).map(|&next| next as usize)
    }

    fn chars(&self, start: usize, end: usize) -> u32 {
        u32::try_from(self.chars_before[end] - self.chars_before[start]).unwrap_or(u32::MAX)
    }

    fn hash(&self, start: usize, end: usize) -> u64 {
        let before = product(self.hashes[start], self.powers[end - start]);
        (self.hashes[end] + MODULUS - before) % MODULUS
    }
}

fn product(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b) % u128::from(MODULUS);
    u64::try_from(product).unwrap_or(0) // always fits: it is below the modulus
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Capital letters are long lines, all others short; blanks are for the eye.
    fn block(lines: &str) -> Vec<Key> {
        let lines = lines.chars().filter(|c| !c.is_whitespace());
        lines
            .map(|c| Key { id: c as u32, chars: if c.is_uppercase() { 80 } else { 25 }, opens: c == '!' })
            .collect()
    }

    #[test]
    fn a_block_folds_at_its_second_copy() {
        for (lines, expected) in [
            ("t aB aB", Some(3)),
            ("aB aB", Some(2)),
            ("t a a", Some(2)),
            ("a y b n c y n", None), // A? Yes. B? No. C? Yes. No.
            ("t A y n y n", None),   // the end repeats, the whole does not
            ("t aBc Bc", Some(4)),   // the copy lost its first line
            ("t aBcD aBD", Some(5)), // one in the middle
            ("t aBc aB", Some(4)),   // its last
            ("t ABc AB", Some(4)),   // the smallest split: c belongs to the first copy
            ("t AB A", None),        // a long line is never lost
            ("t aabbccD D", None),   // less than half is no copy
            ("t aB cB", None),       // the copy has a line of its own
            ("T aB", None),
            ("t", None),
            ("", None),
        ] {
            assert_eq!(second_copy(&block(lines)), expected, "{lines}");
        }
    }

    #[test]
    fn the_smallest_repeat_bounds_a_post() {
        let keys = block("t aB aB u C C w xY z");
        let repeats = Repeats::new(&keys);
        assert_eq!(repeats.at(0), Some(Repeat { split: 3, end: 5 }));
        assert_eq!(repeats.certain_at(5), Some(Repeat { split: 7, end: 8 }));
        assert_eq!(repeats.at(8), None);
        assert_eq!(repeats.at(12), None);
    }

    #[test]
    fn a_repeat_holds_no_start_of_another_post() {
        let keys = block("!xY !xY");
        assert_eq!(Repeats::new(&keys).at(0), Some(Repeat { split: 3, end: 6 }));
        let keys = block("w !xY !xY");
        assert_eq!(Repeats::new(&keys).at(0), None);
        let keys = block("tA!bC tA!bC");
        assert_eq!(Repeats::new(&keys).at(0), None);
    }

    #[test]
    fn short_answers_are_no_repeat() {
        let keys = [7, 8, 8].map(|id| Key { id, chars: 4, opens: false });
        assert_eq!(Repeats::new(&keys).at(0), None);
    }

    /// The definition as it stands in the design, at the cost of trying every split.
    fn lossy_copy_by_definition(block: &[Key]) -> Option<usize> {
        (2..block.len()).find(|&split| {
            let (head, tail) = (&block[1..split], &block[split..]);
            let mut rest = tail.iter().peekable();
            let unmatched_are_short =
                head.iter().all(|key| rest.next_if_eq(&key).is_some() || !key.is_long());
            unmatched_are_short
                && rest.next().is_none()
                && 2 * tail.len() >= head.len()
                && tail.iter().any(|key| key.is_long())
        })
    }

    proptest! {
        #[test]
        fn the_quick_way_finds_what_the_definition_says(lines in "[abAB]{0,14}") {
            let block = block(&lines);
            prop_assert_eq!(lossy_copy(&block), lossy_copy_by_definition(&block));
        }

        #[test]
        fn the_quick_way_agrees_on_damaged_copies(body in "[a-eA-E]{1,10}", lost in prop::collection::vec(any::<bool>(), 10)) {
            let copy = body.chars().zip(&lost).filter(|(c, lost)| c.is_uppercase() || !**lost).map(|(c, _)| c);
            let block = block(&format!("t{body}{}", copy.collect::<String>()));
            prop_assert_eq!(lossy_copy(&block), lossy_copy_by_definition(&block));
        }
    }
}
