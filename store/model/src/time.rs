//! Moments, spans and windows. Always UTC, to the nanosecond, from the year 1678 to 2262.

use std::fmt;

pub use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};

/// A moment in UTC, to the nanosecond.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(i64);

/// Why a text or a number is no moment.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTime {
    /// Not of the form of RFC 3339.
    #[error("{0:?} is not a time in the form of RFC 3339")]
    Form(String),
    /// Before 1678 or after 2262.
    #[error("time is outside the years 1678 to 2262")]
    Range,
}

impl Timestamp {
    /// 1 January 1970.
    pub const EPOCH: Self = Self(0);
    /// The latest moment that can be written.
    pub const MAX: Self = Self(i64::MAX);
    /// The earliest moment that can be written.
    pub const MIN: Self = Self(i64::MIN);

    /// Nanoseconds since 1970.
    pub const fn from_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Milliseconds since 1970; `None` outside the years that fit.
    pub fn from_millis(millis: i64) -> Option<Self> {
        millis.checked_mul(1_000_000).map(Self)
    }

    /// Reads RFC 3339 with any offset and up to nine digits of a second.
    pub fn parse(text: &str) -> Result<Self, InvalidTime> {
        if let Some(nanos) = usual(text.as_bytes()) {
            return Ok(Self(nanos));
        }
        let time =
            DateTime::parse_from_rfc3339(text).map_err(|_| InvalidTime::Form(text.chars().take(64).collect()))?;
        time.timestamp_nanos_opt().map(Self).ok_or(InvalidTime::Range)
    }

    /// Nanoseconds since 1970.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since 1970, rounded down.
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// Seconds since 1970 with their fraction; for display and ephemeris, not for keys.
    pub fn as_seconds_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// Days since 1970, in UTC.
    pub const fn day(self) -> i32 {
        self.0.div_euclid(86_400_000_000_000) as i32
    }

    /// How long after `earlier` this is; zero when it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        u64::try_from(self.0.saturating_sub(earlier.0)).map(Duration::from_nanos).unwrap_or_default()
    }

    /// The moment `span` later, or the last one that can be written.
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)))
    }

    /// The moment `span` earlier, or the first one that can be written.
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_nanos()).unwrap_or(i64::MAX)))
    }

    /// RFC 3339 in UTC with as many digits of the second as are needed (0, 3, 6 or 9).
    pub fn to_rfc3339(self) -> String {
        self.to_utc().to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }

    /// The same moment for code that works with calendars.
    pub fn to_utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_nanos(self.0)
    }

    /// From a calendar's moment; `None` outside the years that fit.
    pub fn from_utc(time: DateTime<Utc>) -> Option<Self> {
        time.timestamp_nanos_opt().map(Self)
    }
}

/// What nearly every sender writes, `2026-11-25T10:15:30.250Z`, as nanoseconds; `None` for whatever is written otherwise, right or wrong. It costs a
/// tenth of what the reader of all forms does.
fn usual(text: &[u8]) -> Option<i64> {
    let (head, rest) = text.split_first_chunk::<19>()?;
    let digit = |byte: u8| byte.is_ascii_digit().then(|| i64::from(byte - b'0'));
    let two = |at: usize| Some(digit(head[at])? * 10 + digit(head[at + 1])?);
    let separators = [head[4], head[7], head[10], head[13], head[16]];
    if separators != *b"--T::" {
        return None;
    }
    let (year, month, day) = (two(0)? * 100 + two(2)?, two(5)?, two(8)?);
    let (hour, minute, second) = (two(11)?, two(14)?, two(17)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    // Years whose every moment can be written.
    if !(1700..=2200).contains(&year) || !(1..=days).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let fraction = match rest {
        b"Z" => 0,
        [b'.', digits @ .., b'Z'] if (1..=9).contains(&digits.len()) => {
            let number = digits.iter().try_fold(0, |number, byte| Some(number * 10 + digit(*byte)?))?;
            number * 10_i64.pow(9 - digits.len() as u32)
        }
        _ => return None,
    };
    // Days since 1970 in a calendar whose years begin in March, so that the leap day is their last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let (era, of_era) = (year / 400, year % 400);
    let of_year = (153 * month + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some((days * 86_400 + hour * 3_600 + minute * 60 + second) * 1_000_000_000 + fraction)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

/// From a moment (inclusive) until another (exclusive).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Window {
    /// The first moment inside.
    pub from: Timestamp,
    /// The first moment after it.
    pub until: Timestamp,
}

impl Window {
    /// A window, or `None` when it would hold nothing.
    pub fn new(from: Timestamp, until: Timestamp) -> Option<Self> {
        (from < until).then_some(Self { from, until })
    }

    /// Whether `time` lies inside.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.from <= time && time < self.until
    }

    /// How long it is.
    pub fn span(&self) -> Duration {
        self.until.since(self.from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_keeps_every_digit_that_was_sent() {
        let text = "2022-07-18T09:34:15.775023242Z";
        assert_eq!(Timestamp::parse(text).unwrap().to_rfc3339(), text);
        assert_eq!(Timestamp::parse("2026-11-22T01:00:00+01:00").unwrap().to_rfc3339(), "2026-11-22T00:00:00Z");
    }

    #[test]
    fn a_time_outside_the_years_that_fit_is_refused() {
        assert_eq!(Timestamp::parse("9999-01-01T00:00:00Z"), Err(InvalidTime::Range));
        assert!(Timestamp::parse("yesterday").is_err());
        assert_eq!(Timestamp::from_millis(i64::MAX), None);
    }

    #[test]
    fn the_usual_form_means_what_it_means_to_the_reader_of_all_forms() {
        let by_chrono = |text: &str| DateTime::parse_from_rfc3339(text).ok()?.timestamp_nanos_opt();
        // Steps that meet every month, leap days, turns of centuries and moments before 1970.
        for step in 0..200_000_i64 {
            let time = Timestamp((step - 90_000) * 77_777_777_777_777 + step % 1_000_000_000);
            let text = time.to_rfc3339();
            if (1700..=2200).contains(&text[..4].parse::<i32>().unwrap()) {
                assert_eq!(usual(text.as_bytes()), Some(time.0), "{text}");
            }
        }
        for text in [
            "2024-02-29T23:59:59Z",
            "2000-02-29T00:00:00.1Z",
            "1900-02-29T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-00-01T00:00:00Z",
            "2026-01-00T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:60:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567891Z",
            "2026-01-01T00:00:00+01:00",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:0:Z",
            "-026-01-01T00:00:00Z",
            "1969-12-31T23:59:59.999999999Z",
        ] {
            if let Some(nanos) = usual(text.as_bytes()) {
                assert_eq!(Some(nanos), by_chrono(text), "{text}");
            }
        }
        assert_eq!(usual(b"2024-02-29T23:59:59Z"), by_chrono("2024-02-29T23:59:59Z"));
        assert_eq!(usual(b"1900-02-29T00:00:00Z"), None);
    }

    #[test]
    fn days_before_1970_are_negative() {
        assert_eq!(Timestamp::from_nanos(-1).day(), -1);
        assert_eq!(Timestamp::EPOCH.day(), 0);
    }
}
