//! When something was measured, as far as a message says it.

use chrono::{LocalResult, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use model::{InvalidTime, Timestamp};

/// When something was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// The message does not say: when it came.
    Arrival,
    /// At this time.
    At(Timestamp),
    /// At a time that is said but beyond what can be written (the year 9999).
    Beyond,
}

impl Moment {
    /// Reads RFC 3339; `None` when the text has another form.
    pub(super) fn rfc3339(text: &str) -> Option<Self> {
        match Timestamp::parse(text) {
            Ok(time) => Some(Self::At(time)),
            Err(InvalidTime::Range) => Some(Self::Beyond),
            Err(InvalidTime::Form(_)) => None,
        }
    }

    /// Reads RFC 3339, or the same without a zone as a clock on the wall in `zone`; `None` when the text has another form.
    pub(super) fn iso(text: &str, zone: Tz) -> Option<Self> {
        Self::rfc3339(text).or_else(|| {
            ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
                .iter()
                .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
                .map(|time| Self::local(time, zone))
        })
    }

    /// From nanoseconds since 1970.
    pub(super) fn from_nanos(nanos: Option<i128>) -> Self {
        nanos
            .and_then(|nanos| i64::try_from(nanos).ok())
            .map_or(Self::Beyond, |nanos| Self::At(Timestamp::from_nanos(nanos)))
    }

    /// From a clock on the wall in `zone`. Where clocks were set back the first of both is meant; a time that clocks skipped counts from before the skip.
    pub(super) fn local(time: NaiveDateTime, zone: Tz) -> Self {
        let utc = match zone.from_local_datetime(&time) {
            LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => Some(at.with_timezone(&Utc)),
            LocalResult::None => time
                .checked_sub_signed(TimeDelta::hours(3))
                .and_then(|before| zone.from_local_datetime(&before).earliest())
                .and_then(|before| before.with_timezone(&Utc).checked_add_signed(TimeDelta::hours(3))),
        };
        utc.and_then(Timestamp::from_utc).map_or(Self::Beyond, Self::At)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(local: &str, expected: &str) {
        let time = NaiveDateTime::parse_from_str(local, "%Y-%m-%dT%H:%M:%S").unwrap();
        let Moment::At(at) = Moment::local(time, chrono_tz::Europe::Rome) else { panic!("{local} is beyond") };
        assert_eq!(at.to_rfc3339(), expected);
    }

    #[test]
    fn the_hours_around_daylight_saving_are_moments_too() {
        check("2026-07-01T12:00:00", "2026-07-01T10:00:00Z");
        check("2026-10-25T02:30:00", "2026-10-25T00:30:00Z");
        check("2026-03-29T02:30:00", "2026-03-29T01:30:00Z");
    }

    #[test]
    fn a_year_that_cannot_be_written_is_beyond_and_a_word_is_no_time() {
        assert_eq!(Moment::rfc3339("9999-01-01T00:00:00Z"), Some(Moment::Beyond));
        assert_eq!(Moment::rfc3339("yesterday"), None);
        assert_eq!(Moment::from_nanos(None), Moment::Beyond);
    }
}
