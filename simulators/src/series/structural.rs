//! Bridges and schools: the first modal frequency, tilt and cracks drift with temperature; traffic shakes them.

use super::Moment;
use crate::chance::{between, noise};
use crate::sensor::Samples;

/// Frequency lost per degree: stiffness of asphalt and joints falls as they warm (a tenth of a percent is usual for concrete decks).
const FREQUENCY_PER_DEGREE: f64 = -0.0011;

/// `excursion` from 0 (none) to 1: something moves that should not.
pub(crate) fn accelerometer(key: u64, frequency: f64, moment: &Moment, excursion: f64, out: &mut Samples) {
    let warm = moment.weather.in_structures - 20.0;
    let share = between(key, 1, 0.7, 1.3);
    let own = frequency * (1.0 + FREQUENCY_PER_DEGREE * warm) * (1.0 - 0.08 * excursion);
    let ambient = share * (0.5 + 2.6 * moment.traffic + 0.05 * moment.weather.wind);
    let shaken = ambient * (1.0 + 0.12 * noise(key, moment.tick)) + 14.0 * share * excursion;
    out.number("frequency", own + 0.004 * noise(key ^ 1, moment.tick), 3, "Hz");
    out.number("vibration", shaken.max(0.05), 2, "mg");
}

pub(crate) fn tilt(key: u64, moment: &Moment, excursion: f64, out: &mut Samples) {
    let warm = moment.weather.in_structures - 20.0;
    let mounted = between(key, 1, -0.6, 0.6);
    let drift = between(key, 2, 0.008, 0.03) * warm;
    let moved = between(key, 3, 2.2, 3.4) * excursion;
    out.number("tilt", mounted + drift + moved + 0.006 * noise(key, moment.tick), 3, "mrad");
    out.slow_number("temperature", moment.weather.in_structures + 0.1 * noise(key ^ 1, moment.tick), 1, "°C");
}

pub(crate) fn crack(key: u64, moment: &Moment, excursion: f64, out: &mut Samples) {
    let warm = moment.weather.in_structures - 20.0;
    let width = between(key, 1, 0.3, 1.4) - between(key, 2, 0.002, 0.008) * warm + 0.35 * excursion;
    out.number("crack_width", width + 0.002 * noise(key, moment.tick), 3, "mm");
    out.slow_number("temperature", moment.weather.in_structures + 0.1 * noise(key ^ 1, moment.tick), 1, "°C");
}
