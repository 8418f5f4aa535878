//! Sunrise and sunset over the city, and how long its street lights have burned since the table began.

use chrono::{DateTime, NaiveDate};
use model::Timestamp;
use sunrise::{Coordinates, SolarDay, SolarEvent};

const DAY_S: f64 = 86_400.0;
/// First day of the table, in days since 1970: 1 January 2024.
const FIRST_DAY: i64 = 19_723;
/// Thirty years; beyond it days are computed one by one and nights count as twelve hours.
const DAYS: i64 = 10_957;

/// The sun on one UTC day; in Italy both events fall into it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Day {
    rise: f64,
    set: f64,
    /// Seconds of night from the first day of the table until this day begins.
    night_before: f64,
}

/// Day and night around one moment; all in seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Daylight {
    pub(crate) rise: f64,
    pub(crate) set: f64,
    /// Sunset of the evening before.
    pub(crate) set_before: f64,
    /// Sunrise of the morning after.
    pub(crate) rise_after: f64,
    /// Hours of night since the table began.
    pub(crate) night_hours: f64,
}

/// The course of the sun over one place.
#[derive(Debug)]
pub(crate) struct Sun {
    place: Coordinates,
    days: Vec<Day>,
}

impl Sun {
    /// The sun over [longitude, latitude].
    pub(crate) fn over(at: [f64; 2]) -> Self {
        let place = Coordinates::new(at[1], at[0]).expect("the embedded plan has its centre in Italy");
        let mut days = Vec::with_capacity(DAYS as usize);
        let mut night = 0.0;
        for number in FIRST_DAY..FIRST_DAY + DAYS {
            let (rise, set) = events(place, number);
            days.push(Day { rise, set, night_before: night });
            night += DAY_S - (set - rise);
        }
        Self { place, days }
    }

    /// Day and night around a moment.
    pub(crate) fn at(&self, time: Timestamp) -> Daylight {
        let number = i64::from(time.day());
        let today = self.day(number);
        let seconds = time.as_seconds_f64();
        let begin = number as f64 * DAY_S;
        let night = today.night_before + (seconds.min(today.rise) - begin) + (seconds - today.set).max(0.0);
        Daylight {
            rise: today.rise,
            set: today.set,
            set_before: self.day(number - 1).set,
            rise_after: self.day(number + 1).rise,
            night_hours: night / 3600.0,
        }
    }

    fn day(&self, number: i64) -> Day {
        if let Some(day) = usize::try_from(number - FIRST_DAY).ok().and_then(|k| self.days.get(k)) {
            return *day;
        }
        let (rise, set) = events(self.place, number);
        Day { rise, set, night_before: ((number - FIRST_DAY) as f64 * DAY_S / 2.0).max(0.0) }
    }
}

fn events(place: Coordinates, day: i64) -> (f64, f64) {
    let date = DateTime::from_timestamp(day * 86_400, 0).map_or(NaiveDate::MIN, |time| time.date_naive());
    let day = SolarDay::new(place, date);
    let at = |event| day.event_time(event).expect("the sun rises and sets every day in Italy").timestamp() as f64;
    (at(SolarEvent::Sunrise), at(SolarEvent::Sunset))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(day: &str, rise: &str, set: &str) {
        let sun = Sun::over([15.55, 38.19]);
        let light = sun.at(Timestamp::parse(&format!("{day}T12:00:00Z")).unwrap());
        for (got, expected) in [(light.rise, rise), (light.set, set)] {
            let expected = Timestamp::parse(&format!("{day}T{expected}:00Z")).unwrap().as_seconds_f64();
            assert!((got - expected).abs() < 180.0, "{got} is more than three minutes from {expected}");
        }
    }

    // Almanac for Messina, 38.19 N 15.55 E (the NOAA solar calculator agrees within a minute).
    #[test]
    fn sunrise_and_sunset_are_those_of_the_almanac() {
        check("2026-06-21", "03:37", "18:23");
        check("2026-12-21", "06:09", "15:42");
    }

    #[test]
    fn hours_of_night_only_grow_and_are_about_half_of_all_hours() {
        let sun = Sun::over([15.55, 38.19]);
        let hours = |text: &str| sun.at(Timestamp::parse(text).unwrap()).night_hours;
        let year = hours("2027-01-01T00:00:00Z") - hours("2026-01-01T00:00:00Z");
        assert!((4200.0..4400.0).contains(&year), "{year}");
        assert_eq!(hours("2026-06-21T10:00:00Z"), hours("2026-06-21T15:00:00Z"));
        assert!(hours("2026-06-22T00:00:00Z") - hours("2026-06-21T23:59:00Z") < 0.02);
    }
}
