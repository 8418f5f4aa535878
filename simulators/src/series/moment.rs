//! One moment of the city: the clock on the town hall, the sun, the weather, how busy the streets and the taps are.

use chrono::{Datelike, Timelike, Weekday};
use chrono_tz::Europe::Rome;
use model::Timestamp;

use super::rhythm;
use super::sun::{Daylight, Sun};
use super::weather::Weather;
use crate::chance::key_of;

/// What every moment needs to be known: the seed of the weather and the course of the sun.
#[derive(Debug)]
pub(crate) struct Sky {
    weather_key: u64,
    sun: Sun,
}

/// All that sensors have in common at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    /// Seconds since 1970.
    pub(crate) seconds: f64,
    /// Milliseconds since 1970: the step of measurement noise.
    pub(crate) tick: u64,
    /// Local hour of the day, 0 to 24.
    pub(crate) hour: f64,
    pub(crate) daylight: Daylight,
    pub(crate) weather: Weather,
    /// Road traffic from 0 (empty) to about 1 (rush hour).
    pub(crate) traffic: f64,
    /// Water demand as a multiple of the daily mean.
    pub(crate) demand: f64,
}

impl Sky {
    /// The sky over a city whose centre is at [longitude, latitude].
    pub(crate) fn new(seed: u64, centre: [f64; 2]) -> Self {
        Self { weather_key: key_of(seed, "weather"), sun: Sun::over(centre) }
    }

    /// The city at a moment.
    pub(crate) fn at(&self, time: Timestamp) -> Moment {
        let local = time.to_utc().with_timezone(&Rome);
        let hour = f64::from(local.num_seconds_from_midnight()) / 3600.0 + f64::from(local.nanosecond()) / 3.6e12;
        let weekend = matches!(local.weekday(), Weekday::Sat | Weekday::Sun);
        let seconds = time.as_seconds_f64();
        let daylight = self.sun.at(time);
        let weather = Weather::at(self.weather_key, seconds, f64::from(local.ordinal()), hour, &daylight);
        Moment {
            seconds,
            tick: u64::try_from(time.as_millis()).unwrap_or(0),
            hour,
            daylight,
            weather,
            traffic: rhythm::traffic(hour, weekend),
            demand: rhythm::demand(hour, weekend),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        Sky::new(1, [15.55, 38.19]).at(Timestamp::parse(text).unwrap())
    }

    #[test]
    fn the_hour_is_that_of_italy_in_winter_and_in_summer() {
        assert_eq!(moment("2026-01-15T11:30:00Z").hour, 12.5);
        assert_eq!(moment("2026-07-15T11:30:00Z").hour, 13.5);
    }

    #[test]
    fn rush_hour_is_busier_than_the_night() {
        let (night, rush) = (moment("2026-03-11T02:30:00Z"), moment("2026-03-11T07:00:00Z"));
        assert!(rush.traffic > 4.0 * night.traffic);
        assert!(rush.demand > 1.5 * night.demand);
    }

    #[test]
    fn summer_days_are_warmer_than_winter_nights() {
        assert!(
            moment("2026-08-01T12:00:00Z").weather.temperature
                > moment("2026-02-01T03:00:00Z").weather.temperature + 8.0
        );
    }
}
