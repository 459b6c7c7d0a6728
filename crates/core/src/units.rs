//! The same place counted in bytes, code points and UTF-16 units.
//!
//! Inside Dictum a place is a byte of the document's text. Other units are computed here, at the edge: Python counts
//! code points, JavaScript and Telegram count UTF-16 units.

use crate::Span;

/// Bytes between two checkpoints: small enough that a look-up is short, large enough that the table is.
const STEP: usize = 256;

/// One place in a text, in the three units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// UTF-8 bytes before the place.
    pub byte: u32,
    /// Code points before the place.
    pub code_point: u32,
    /// UTF-16 units before the place.
    pub utf16: u32,
}

/// Converts byte offsets of one text into the other units, after one pass over it.
///
/// ```
/// use dictum_core::{Span, Units};
///
/// let units = Units::new("💬 Yes");
/// let (start, end) = units.span(Span::new(5, 8)?);
/// assert_eq!((start.code_point, start.utf16), (2, 3));
/// assert_eq!((end.code_point, end.utf16), (5, 6));
/// # Ok::<(), dictum_core::SpanError>(())
/// ```
#[derive(Debug)]
pub struct Units<'t> {
    text: &'t str,
    checkpoints: Vec<(u32, u32)>, // (code points, UTF-16 units) before byte n * STEP; empty when all is ASCII
}

impl<'t> Units<'t> {
    /// Counts `text` once: O(length).
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        let mut checkpoints = Vec::new();
        if !text.is_ascii() {
            checkpoints.reserve(text.len() / STEP + 1);
            let (mut code_points, mut utf16) = (0, 0);
            for chunk in text.as_bytes().chunks(STEP) {
                checkpoints.push((code_points, utf16));
                let (c, u) = count(chunk);
                code_points += c;
                utf16 += u;
            }
        }
        Self { text, checkpoints }
    }

    /// Returns the text that was counted.
    #[must_use]
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// Returns the place at `byte` in all units; a byte beyond the end counts as the end. O(1).
    #[must_use]
    pub fn position(&self, byte: usize) -> Position {
        let byte = byte.min(self.text.len());
        let offset = u32::try_from(byte).unwrap_or(u32::MAX);
        let Some(last) = self.checkpoints.len().checked_sub(1) else {
            return Position { byte: offset, code_point: offset, utf16: offset };
        };
        let at = (byte / STEP).min(last);
        let (code_points, utf16) = self.checkpoints[at];
        let (c, u) = count(&self.text.as_bytes()[at * STEP..byte]);
        Position { byte: offset, code_point: code_points + c, utf16: utf16 + u }
    }

    /// Returns the two ends of `span` in all units.
    #[must_use]
    pub fn span(&self, span: Span) -> (Position, Position) {
        (self.position(span.start()), self.position(span.end()))
    }
}

/// Counts the code points and UTF-16 units that *start* in `bytes`: a four-byte character is two UTF-16 units.
fn count(bytes: &[u8]) -> (u32, u32) {
    let (mut starts, mut wide) = (0, 0);
    // Sums that fit a byte let the compiler count sixteen and more at once.
    for chunk in bytes.chunks(255) {
        let (mut chunk_starts, mut chunk_wide) = (0_u8, 0_u8);
        for &byte in chunk {
            chunk_starts += u8::from(byte & 0xC0 != 0x80);
            chunk_wide += u8::from(byte >= 0xF0);
        }
        starts += u32::from(chunk_starts);
        wide += u32::from(chunk_wide);
    }
    (starts, starts + wide)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_span_slices_to_its_text_in_all_units(text in "\\PC{0,400}", a in 0usize..2000, b in 0usize..2000) {
            let bounds: Vec<usize> = text.char_indices().map(|(i, _)| i).chain([text.len()]).collect();
            let (a, b) = (bounds[a % bounds.len()], bounds[b % bounds.len()]);
            let span = Span::new(a.min(b), a.max(b)).unwrap();
            let expected = span.slice(&text).unwrap();
            let (start, end) = Units::new(&text).span(span);

            let by_code_point: String =
                text.chars().skip(start.code_point as usize).take((end.code_point - start.code_point) as usize).collect();
            prop_assert_eq!(&by_code_point, expected);
            let utf16: Vec<u16> = text.encode_utf16().collect();
            let by_utf16 = String::from_utf16(&utf16[start.utf16 as usize..end.utf16 as usize]).unwrap();
            prop_assert_eq!(&by_utf16, expected);
        }
    }

    #[test]
    fn the_end_of_a_text_of_whole_checkpoints_is_a_place() {
        let text = "é".repeat(STEP); // 2 * STEP bytes
        let end = Units::new(&text).position(text.len());
        assert_eq!((end.byte, end.code_point, end.utf16), (512, 256, 256));
    }
}
