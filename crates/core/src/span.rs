//! Half-open byte ranges of a document's text.

use std::fmt;

/// A half-open range of UTF-8 bytes in the text of a document.
///
/// ```
/// use dictum_core::Span;
///
/// let span = Span::new(5, 9)?;
/// assert_eq!(span.slice("💬 We agree."), Some("We a"));
/// assert_eq!(Span::new(1, 4)?.slice("💬"), None); // cuts a character
/// # Ok::<(), dictum_core::SpanError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    start: u32, // Invariant: start <= end.
    end: u32,
}

/// Why two numbers are no [`Span`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// The start lies behind the end.
    #[error("the span starts at byte {start}, behind its end at byte {end}")]
    Reversed {
        /// First byte.
        start: u64,
        /// Byte after the last.
        end: u64,
    },
    /// The span reaches beyond 4 GiB, which no document does.
    #[error("the span ends at byte {end}, beyond the largest document")]
    TooFar {
        /// Byte after the last.
        end: u64,
    },
}

impl Span {
    /// Returns the span from byte `start` up to, not including, byte `end`.
    ///
    /// # Errors
    ///
    /// Fails when `start > end` or when `end` exceeds [`u32::MAX`].
    pub fn new(start: usize, end: usize) -> Result<Self, SpanError> {
        if start > end {
            return Err(SpanError::Reversed { start: start as u64, end: end as u64 });
        }
        match (u32::try_from(start), u32::try_from(end)) {
            (Ok(start), Ok(end)) => Ok(Self { start, end }),
            _ => Err(SpanError::TooFar { end: end as u64 }),
        }
    }

    /// Returns the first byte.
    #[must_use]
    pub const fn start(self) -> usize {
        self.start as usize
    }

    /// Returns the byte after the last.
    #[must_use]
    pub const fn end(self) -> usize {
        self.end as usize
    }

    /// Returns the length in bytes.
    #[must_use]
    pub const fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// Returns whether the span covers nothing.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Returns the text under the span, or `None` if it leaves the text or cuts a character.
    #[must_use]
    pub fn slice(self, text: &str) -> Option<&str> {
        text.get(self.start()..self.end())
    }

    /// Returns whether every byte of `other` is in this span.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Returns whether the two share at least one byte.
    #[must_use]
    pub const fn overlaps(self, other: Self) -> bool {
        self.start < other.end && other.start < self.end
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..{}", self.start, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_never_runs_backwards() {
        assert_eq!(Span::new(2, 1), Err(SpanError::Reversed { start: 2, end: 1 }));
        assert!(Span::new(0, usize::MAX).is_err());
        assert!(Span::new(3, 3).unwrap().is_empty());
    }

    #[test]
    fn containment_and_overlap_are_half_open() {
        let span = |a, b| Span::new(a, b).unwrap();
        assert!(span(0, 4).contains(span(0, 4)));
        assert!(!span(0, 4).contains(span(3, 5)));
        assert!(span(0, 4).overlaps(span(3, 5)));
        assert!(!span(0, 4).overlaps(span(4, 5)));
    }
}
