//! Times as formats write them. Only a true instant counts: a time without a zone is one only when the caller gave
//! the zone.

use dictum_core::Timestamp;
use jiff::{civil::DateTime, fmt::rfc2822, tz::TimeZone};

/// Unix times above this are milliseconds: as seconds they would lie after the year 5000.
const MILLISECONDS_FROM: i64 = 100_000_000_000;

/// Reads a Unix time, ISO 8601 or RFC 2822; `None` when it is none of these, or names no instant.
pub(crate) fn instant(text: &str, zone: Option<&TimeZone>) -> Option<Timestamp> {
    let text = text.trim();
    let instant = if let Ok(number) = text.parse::<i64>() {
        unix(number)
    } else if let Ok(instant) = text.parse::<Timestamp>() {
        Some(instant)
    } else if let Ok(instant) = rfc2822::DateTimeParser::new().parse_timestamp(text) {
        Some(instant)
    } else {
        civil(text.parse().ok()?, zone)
    };
    // Old exports write the start of 1970 for "never".
    instant.filter(|instant| instant.as_second() > 24 * 3600)
}

/// Returns the instant of a time without a zone, if the zone is known.
pub(crate) fn civil(time: DateTime, zone: Option<&TimeZone>) -> Option<Timestamp> {
    zone?.to_timestamp(time).ok()
}

fn unix(number: i64) -> Option<Timestamp> {
    if number > MILLISECONDS_FROM {
        Timestamp::from_millisecond(number).ok()
    } else {
        Timestamp::from_second(number).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_true_instants_count() {
        let utc = |text| instant(text, None).map(|instant| instant.to_string());
        let expected = Some("2031-06-07T09:30:00Z".to_owned());
        for text in [
            "1938591000",
            "1938591000000",
            "2031-06-07T09:30:00Z",
            "2031-06-07T11:30:00+02:00",
            "2031-06-07 09:30:00+00:00",
            "Sat, 07 Jun 2031 09:30:00 GMT",
        ] {
            assert_eq!(utc(text), expected, "{text}");
        }
        for text in ["2031-06-07T09:30:00", "2031-06-07", "0", "1970-01-01T00:00:00Z", "soon", ""] {
            assert_eq!(utc(text), None, "{text}");
        }
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(instant("2031-06-07T11:30:00", Some(&zone)).map(|i| i.to_string()), expected);
    }
}
