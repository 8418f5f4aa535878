//! What time it is for the people of an Italian city, and what kind of day.

use chrono::{DateTime, Datelike, NaiveDate, Timelike, Weekday};
use chrono_tz::Europe::Rome;
use model::Timestamp;
use serde::{Deserialize, Serialize};

const HOUR: i64 = 3_600_000_000_000;

/// How people spend a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DayKind {
    /// Monday to Friday.
    Workday,
    /// Saturday.
    Saturday,
    /// Sunday and public holidays.
    Holiday,
}

/// A moment as the city's clocks show it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Local {
    /// Hours since midnight with their fraction, 0 to 24.
    pub hour: f64,
    /// What kind of day it is.
    pub day: DayKind,
    /// Which day, counted from 1 January of year 1: to notice that a day is over.
    pub date: i32,
}

/// Reads the clocks of Europe/Rome. Asks the table of time zones once an hour of the data, and so costs nearly nothing for a sample.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Calendar {
    #[serde(skip)]
    known: Option<(i64, Local)>,
}

impl Calendar {
    /// What the clocks show at `time`.
    pub fn local(&mut self, time: Timestamp) -> Local {
        let hour = time.as_nanos().div_euclid(HOUR);
        let begin = match self.known {
            Some((known, local)) if known == hour => local,
            _ => {
                let local = whole_hour(hour);
                self.known = Some((hour, local));
                local
            }
        };
        // Rome is whole hours from UTC since 1893, so the fraction of the hour is the same.
        Local { hour: begin.hour + time.as_nanos().rem_euclid(HOUR) as f64 / HOUR as f64, ..begin }
    }
}

fn whole_hour(hour: i64) -> Local {
    let local = DateTime::from_timestamp_nanos(hour.saturating_mul(HOUR)).with_timezone(&Rome);
    let date = local.date_naive();
    let day = match date.weekday() {
        _ if is_public_holiday(date) => DayKind::Holiday,
        Weekday::Sun => DayKind::Holiday,
        Weekday::Sat => DayKind::Saturday,
        _ => DayKind::Workday,
    };
    Local { hour: f64::from(local.hour()), day, date: date.num_days_from_ce() }
}

/// Whether all of Italy rests on this day: law 260 of 27 May 1949 as it stands, with Saint Francis (4 October) again since law 151 of
/// 8 October 2025. Patron saints of single cities are not among them.
pub fn is_public_holiday(date: NaiveDate) -> bool {
    const FIXED: [(u32, u32); 10] =
        [(1, 1), (1, 6), (4, 25), (5, 1), (6, 2), (8, 15), (11, 1), (12, 8), (12, 25), (12, 26)];
    let francis = date.year() >= 2026 && (date.month(), date.day()) == (10, 4);
    let since_easter = easter(date.year()).map(|easter| (date - easter).num_days());
    francis || FIXED.contains(&(date.month(), date.day())) || matches!(since_easter, Some(0 | 1))
}

/// Easter Sunday of the Gregorian calendar, after Butcher (*Nature* 1876; Meeus, *Astronomical Algorithms*, chapter 8).
fn easter(year: i32) -> Option<NaiveDate> {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e, f) = (b / 4, b % 4, (b + 8) / 25);
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let (month, day) = ((h + l - 7 * m + 114) / 31, (h + l - 7 * m + 114) % 31 + 1);
    NaiveDate::from_ymd_opt(year, u32::try_from(month).ok()?, u32::try_from(day).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(utc: &str, hour: f64, day: DayKind) {
        let local = Calendar::default().local(Timestamp::parse(utc).unwrap());
        assert_eq!((local.hour, local.day), (hour, day), "{utc}");
    }

    #[test]
    fn clocks_change_with_the_summer() {
        check("2026-03-29T00:30:00Z", 1.5, DayKind::Holiday);
        check("2026-03-29T01:30:00Z", 3.5, DayKind::Holiday);
        check("2026-10-25T00:30:00Z", 2.5, DayKind::Holiday);
        check("2026-10-25T01:30:00Z", 2.5, DayKind::Holiday);
        check("2026-07-03T22:00:00Z", 0.0, DayKind::Saturday);
    }

    #[test]
    fn holidays_are_no_workdays() {
        check("2026-01-06T10:00:00Z", 11.0, DayKind::Holiday);
        check("2026-04-06T10:00:00Z", 12.0, DayKind::Holiday);
        check("2025-04-21T10:00:00Z", 12.0, DayKind::Holiday);
        check("2026-04-07T10:00:00Z", 12.0, DayKind::Workday);
        check("2027-10-04T10:00:00Z", 12.0, DayKind::Holiday);
        check("2024-10-04T10:00:00Z", 12.0, DayKind::Workday);
        check("2025-12-08T23:30:00Z", 0.5, DayKind::Workday);
    }

    #[test]
    fn any_moment_has_a_local_time() {
        for time in [Timestamp::MIN, Timestamp::EPOCH, Timestamp::MAX] {
            assert!((0.0..=24.0).contains(&Calendar::default().local(time).hour));
        }
    }
}
