//! Eight bytes of a text at a time, as one number: what most bytes are is known without looking at each.

/// The highest bit of each byte: set in `found` where a test holds, set in a text where it leaves ASCII.
pub(crate) const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
const ONES: u64 = 0x0101_0101_0101_0101;

/// Reads up to eight bytes from `at` on, none of them behind `end`; zeros stand for the rest.
#[inline]
pub(crate) fn load(bytes: &[u8], at: usize, end: usize) -> u64 {
    let length = end - at;
    if let Some(eight) = bytes[at..].first_chunk::<8>() {
        let lane = u64::from_le_bytes(*eight);
        return if length >= 8 { lane } else { first(lane, length) };
    }
    let mut eight = [0; 8];
    eight[..length.min(8)].copy_from_slice(&bytes[at..end.min(at + 8)]);
    u64::from_le_bytes(eight)
}

/// Returns the first bytes, fewer than eight, and zeros for the rest.
#[inline]
pub(crate) const fn first(lane: u64, length: usize) -> u64 {
    lane & ((1 << (8 * length)) - 1)
}

/// Marks the bytes that are `byte`, which is ASCII.
#[inline]
pub(crate) const fn equal(lane: u64, byte: u8) -> u64 {
    let other = lane ^ (ONES * byte as u64);
    // A byte is zero if neither its lower bits carry into the highest nor that is set.
    !(((other & !HIGH_BITS) + !HIGH_BITS) | other) & HIGH_BITS
}

/// Marks the bytes from `low` to `high`, both ASCII.
#[inline]
const fn between(lane: u64, low: u8, high: u8) -> u64 {
    let ascii = lane & !HIGH_BITS;
    let from_low = ascii + ONES * (0x80 - low as u64);
    let behind_high = ascii + ONES * (0x7F - high as u64);
    from_low & !behind_high & !lane & HIGH_BITS
}

/// Marks the ASCII letters and figures.
#[inline]
pub(crate) const fn alphanumeric(lane: u64) -> u64 {
    between(lane | (ONES * 0x20), b'a', b'z') | between(lane, b'0', b'9')
}

/// Marks what is no ASCII letter or figure, zeros too.
#[inline]
pub(crate) const fn other_than_alphanumeric(lane: u64) -> u64 {
    !alphanumeric(lane) & HIGH_BITS
}

/// Marks the capital letters of ASCII.
#[inline]
pub(crate) const fn capital(lane: u64) -> u64 {
    between(lane, b'A', b'Z')
}

/// Marks the bytes outside ASCII.
#[inline]
pub(crate) const fn beyond(lane: u64) -> u64 {
    lane & HIGH_BITS
}

/// Marks the first bytes of characters outside ASCII.
#[inline]
pub(crate) const fn leads(lane: u64) -> u64 {
    lane & (lane << 1) & HIGH_BITS
}

/// Makes the capital letters among eight ASCII bytes small.
#[inline]
pub(crate) const fn small(lane: u64) -> u64 {
    lane | capital(lane) >> 2
}

/// Returns the place of the first byte marked; eight if none is.
#[inline]
pub(crate) const fn first_marked(marks: u64) -> usize {
    (marks.trailing_zeros() / 8) as usize
}

/// Returns how many bytes at the start are ASCII letters and figures.
#[inline]
pub(crate) fn run(bytes: &[u8]) -> usize {
    let mut length = 0;
    while length < bytes.len() {
        let run = first_marked(other_than_alphanumeric(load(bytes, length, bytes.len())));
        length += run;
        if run < 8 {
            break;
        }
    }
    length
}

/// Returns the places that `marks` marks in the text, from `from` on, in order. `marks` is given eight bytes and the eight
/// that start one byte later; behind the text stand zeros.
pub(crate) fn places<'t>(
    bytes: &'t [u8],
    from: usize,
    marks: impl Fn(u64, u64) -> u64 + 't,
) -> impl Iterator<Item = usize> + 't {
    let mut next = from; // of the bytes that are not looked at yet
    let mut found = 0;
    let mut base = from;
    std::iter::from_fn(move || {
        while found == 0 {
            if next >= bytes.len() {
                return None;
            }
            base = next;
            let (here, later) = match bytes[next..].first_chunk::<9>() {
                Some(nine) => {
                    let [eight @ .., last] = *nine;
                    let here = u64::from_le_bytes(eight);
                    (here, here >> 8 | u64::from(last) << 56)
                }
                None => {
                    let here = load(bytes, next, bytes.len());
                    (here, here >> 8)
                }
            };
            found = marks(here, later);
            next += 8;
        }
        let place = base + first_marked(found);
        found &= found - 1;
        Some(place)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_is_told_as_one_by_one() {
        for byte in 0..=255_u8 {
            for place in 0..8 {
                let mut eight = [b'm', 0xFF, 0, b'@', b'Z', 0x80, b' ', b'9'];
                eight[place] = byte;
                let lane = u64::from_le_bytes(eight);
                let check = |marks: u64, is: fn(&u8) -> bool| {
                    for (n, byte) in eight.iter().enumerate() {
                        assert_eq!(
                            marks >> (8 * n) & 0xFF,
                            if is(byte) { 0x80 } else { 0 },
                            "{byte} in {eight:?}"
                        );
                    }
                };
                check(equal(lane, b' '), |byte| *byte == b' ');
                check(alphanumeric(lane), u8::is_ascii_alphanumeric);
                check(capital(lane), u8::is_ascii_uppercase);
                check(beyond(lane), |byte| !byte.is_ascii());
                check(leads(lane), |byte| *byte >= 0xC0);
                if eight.is_ascii() {
                    assert_eq!(small(lane).to_le_bytes(), eight.map(|byte| byte.to_ascii_lowercase()));
                }
            }
        }
        assert_eq!(first_marked(0), 8);
    }

    #[test]
    fn places_are_those_of_a_loop() {
        let text = " aB c D  EF g H i JJJ K llllllllllll M n O";
        for start in 0..text.len() {
            for end in start..=text.len() {
                let bytes = &text.as_bytes()[..end];
                let found: Vec<usize> =
                    places(bytes, start, |here, later| equal(here, b' ') & capital(later)).collect();
                let expected: Vec<usize> = (start..end)
                    .filter(|at| bytes[*at] == b' ' && bytes.get(at + 1).is_some_and(u8::is_ascii_uppercase))
                    .collect();
                assert_eq!(found, expected, "{:?}", &text[start..end]);
            }
        }
    }
}
