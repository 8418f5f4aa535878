//! Whether a circuit burns as long as the night: what its switch or its clock makes of it.

use serde::{Deserialize, Serialize};

const DAY: i64 = 86_400_000_000_000;
/// How far below the horizon the sun sets: refraction and half of its disc, in degrees.
const SUNSET: f64 = -0.833;
/// Days of a circuit that make its habit: half-night circuits are no fault.
const HABIT_DAYS: u32 = 7;
/// By which share of the night a circuit may differ from its habit, and how long it may burn beyond the night at all.
const AWAY: f64 = 0.12;
const BEYOND: f64 = 1.2;
/// Days in a row that are a finding: a storm is one.
const DAYS: u8 = 3;
/// The share of a day that must have been heard for it to count.
const HEARD: f64 = 0.6;

/// Where the lamps are, in degrees, north and east positive.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Between -66 and 66; nearer to the poles a night may have no end.
    pub latitude: f64,
    /// Between -180 and 180.
    pub longitude: f64,
}

impl Place {
    /// The hours between sunset and sunrise around the midnight of day `day` since 1970 (Cooper, "The absorption of radiation in solar
    /// stills", Solar Energy 12, 1969, for the declination; exact to some minutes).
    pub fn night_hours(self, day: i64) -> f64 {
        // 1 January 1970 was the first day of a year; the quarter days of leap years do not matter here.
        let of_year = (day as f64).rem_euclid(365.2422);
        let declination = 23.45_f64.to_radians() * ((284.0 + of_year + 1.0) / 365.0 * std::f64::consts::TAU).sin();
        let latitude = self.latitude.clamp(-66.0, 66.0).to_radians();
        let above = SUNSET.to_radians().sin() - latitude.sin() * declination.sin();
        let angle = (above / (latitude.cos() * declination.cos())).clamp(-1.0, 1.0).acos();
        24.0 - 2.0 * angle.to_degrees() / 15.0
    }

    /// The day since 1970 that begins at the last noon of the sun before `nanos`: a night is never cut.
    fn day_from_noon(self, nanos: i64) -> i64 {
        let shift = (self.longitude / 360.0 * DAY as f64) as i64 - DAY / 2;
        nanos.saturating_add(shift).div_euclid(DAY)
    }
}

/// What is known of one circuit's hours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct BurnHours {
    day: i64,
    /// Readings of its lamps since the noon, and those in which they shone.
    heard: u32,
    lit: u32,
    /// The usual share of the night, and the days it was learned from.
    habit: f64,
    days: u32,
    away: u8,
    /// The hours of the last whole day, burnt and expected.
    pub(super) last: Option<(f64, f64)>,
}

impl BurnHours {
    /// Takes in whether a lamp of the circuit shone. `expected` is the number of readings of a whole day of all its lamps.
    pub(super) fn take(&mut self, place: Place, nanos: i64, lit: bool, expected: f64) {
        let day = place.day_from_noon(nanos);
        if day != self.day {
            if f64::from(self.heard) >= HEARD * expected && day > self.day {
                self.close(place, self.day);
            }
            (self.day, self.heard, self.lit) = (day, 0, 0);
        }
        self.heard = self.heard.saturating_add(1);
        self.lit = self.lit.saturating_add(u32::from(lit));
    }

    fn close(&mut self, place: Place, day: i64) {
        let burnt = 24.0 * f64::from(self.lit) / f64::from(self.heard.max(1));
        let night = place.night_hours(day);
        let share = burnt / night.max(1.0);
        let strange = share > BEYOND || (self.days >= HABIT_DAYS && (share - self.habit).abs() > AWAY);
        self.away = if strange { self.away.saturating_add(1) } else { 0 };
        if !strange {
            self.days = self.days.saturating_add(1);
            self.habit += (share - self.habit) / f64::from(self.days.min(30));
        }
        self.last = Some((burnt, if self.days >= HABIT_DAYS { self.habit * night } else { night }));
    }

    /// Whether it burns too long or too short for some days now.
    pub(super) fn is_strange(&self) -> bool {
        self.away >= DAYS
    }

    /// Whether it burns as it should.
    pub(super) fn is_well(&self) -> bool {
        self.away == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSINA: Place = Place { latitude: 38.19, longitude: 15.55 };

    #[test]
    fn nights_are_as_long_as_in_the_almanac() {
        // 2025-06-21 and 2025-12-21: 14 h 47 min and 9 h 32 min between sunrise and sunset.
        assert!((MESSINA.night_hours(20_260) - (24.0 - 14.78)).abs() < 0.1);
        assert!((MESSINA.night_hours(20_443) - (24.0 - 9.53)).abs() < 0.1);
    }

    /// Days of half hours from 1 February 2025, with the circuit lit from sunset to sunrise but for what `extra` adds each day.
    fn strange_after(extra: impl Fn(i64) -> f64, days: i64) -> bool {
        let mut hours = BurnHours::default();
        for step in 0..days * 48 {
            let day = step / 48;
            let nanos = (20_120 + day) * DAY + (step % 48) * DAY / 48;
            let half_night = (MESSINA.night_hours(20_120 + day) + extra(day)) / 2.0;
            let sun = ((step % 48) as f64 / 2.0 + MESSINA.longitude / 15.0).rem_euclid(24.0);
            let from_midnight = sun.min(24.0 - sun);
            hours.take(MESSINA, nanos, from_midnight < half_night, 48.0);
        }
        hours.is_strange()
    }

    #[test]
    fn a_clock_that_is_wrong_for_days_is_found_and_a_storm_is_not() {
        assert!(!strange_after(|_| 0.0, 60));
        assert!(strange_after(|day| if day >= 20 { 3.0 } else { 0.0 }, 26), "too long");
        assert!(strange_after(|day| if day >= 20 { -3.0 } else { 0.0 }, 26), "too short");
        assert!(!strange_after(|day| if day == 20 { 4.0 } else { 0.0 }, 26), "a storm");
        assert!(!strange_after(|_| -5.0, 60), "a half-night circuit");
        assert!(strange_after(|_| 5.0, 20), "wrong from the first day");
    }
}
