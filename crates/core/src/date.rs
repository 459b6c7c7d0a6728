//! Dates of occasions: one day or a range of days.

use std::{fmt, str::FromStr};

use jiff::civil::Date;

/// The days of an occasion, both ends included; a single day has two equal ends.
///
/// ```
/// use dictum_core::DateInterval;
///
/// let days: DateInterval = "2023-09-10/2023-09-13".parse().unwrap();
/// assert_eq!(days.to_string(), "2023-09-10/2023-09-13");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateInterval {
    start: Date, // Invariant: start <= end.
    end: Date,
}

impl DateInterval {
    /// Returns the interval, or `None` when `start` is after `end`.
    #[must_use]
    pub fn new(start: Date, end: Date) -> Option<Self> {
        (start <= end).then_some(Self { start, end })
    }

    /// Returns the first day.
    #[must_use]
    pub fn start(self) -> Date {
        self.start
    }

    /// Returns the last day.
    #[must_use]
    pub fn end(self) -> Date {
        self.end
    }
}

impl From<Date> for DateInterval {
    fn from(day: Date) -> Self {
        Self { start: day, end: day }
    }
}

/// Writes ISO 8601: `2024-10-07`, or `2023-09-10/2023-09-13`.
impl fmt::Display for DateInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.start)?;
        if self.end != self.start {
            write!(f, "/{}", self.end)?;
        }
        Ok(())
    }
}

/// Reads what [`Display`](fmt::Display) writes.
impl FromStr for DateInterval {
    type Err = ParseDateError;

    fn from_str(s: &str) -> Result<Self, ParseDateError> {
        let (start, end) = s.split_once('/').unwrap_or((s, s));
        match (start.parse(), end.parse()) {
            (Ok(start), Ok(end)) => Self::new(start, end).ok_or(ParseDateError),
            _ => Err(ParseDateError),
        }
    }
}

/// A text is no day and no interval of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a date is `YYYY-MM-DD`, an interval `YYYY-MM-DD/YYYY-MM-DD` with its earlier day first")]
pub struct ParseDateError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_never_runs_backwards() {
        assert!("2024-01-02/2024-01-01".parse::<DateInterval>().is_err());
        assert_eq!("2024-01-02".parse::<DateInterval>().unwrap().to_string(), "2024-01-02");
    }
}
