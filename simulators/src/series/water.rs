//! Water: demand with two peaks, pressure that falls as flow grows, tanks that fill at night, chlorine that decays.

use std::f64::consts::TAU;

use super::Moment;
use crate::chance::{between, noise, scramble, unit, wander};
use crate::sensor::Samples;

/// Head lost at the mean flow of a district, in bar; grows with the 1.852nd power of flow (Hazen-Williams).
const LOSS_AT_MEAN_BAR: f64 = 0.55;
const HAZEN_WILLIAMS: f64 = 1.852;

/// Demand of one district as a multiple of its mean.
fn drawn(district: usize, moment: &Moment) -> f64 {
    moment.demand * (1.0 + 0.05 * wander(scramble(district as u64 ^ 0xd1), moment.seconds, 1500.0))
}

/// `burst` from 0 (none) to 1: water runs out of a broken main of this district.
pub(crate) fn pressure(key: u64, district: usize, head: f64, moment: &Moment, burst: f64, out: &mut Samples) {
    let lost = LOSS_AT_MEAN_BAR * drawn(district, moment).powf(HAZEN_WILLIAMS);
    let fallen = between(key, 1, 1.5, 2.1) * burst;
    out.number("pressure", (head - lost - fallen + 0.012 * noise(key, moment.tick)).max(0.05), 2, "bar");
    out.slow_number("battery", 3.62 - 0.12 * unit(key, 2), 2, "V");
}

pub(crate) fn flow(key: u64, district: usize, mean: f64, moment: &Moment, burst: f64, out: &mut Samples) {
    let litres = mean * (drawn(district, moment) * (1.0 + 0.015 * noise(key, moment.tick)) + 1.3 * burst);
    out.number("flow", litres, 2, "l/s");
    out.slow_number("battery", 3.62 - 0.12 * unit(key, 2), 2, "V");
}

/// `lost` from 0 to 1: the dosing pump of the district has stopped.
pub(crate) fn quality(key: u64, moment: &Moment, lost: f64, out: &mut Samples) {
    let dosed = between(key, 1, 0.2, 0.3) + 0.03 * wander(key, moment.seconds, 7200.0);
    let chlorine = dosed * (1.0 - 0.9 * lost);
    let cloudy =
        0.22 + 0.06 * wander(key ^ 1, moment.seconds, 5400.0) + 0.02 * moment.weather.rain.min(8.0) + 0.35 * lost;
    let ground = 15.5 + 0.25 * (moment.weather.in_structures - 19.0);
    out.number("chlorine", (chlorine + 0.004 * noise(key, moment.tick)).max(0.0), 3, "mg/l");
    out.number("turbidity", (cloudy + 0.01 * noise(key ^ 2, moment.tick)).max(0.02), 2, "NTU");
    out.slow_number("ph", 7.45 + 0.08 * wander(key ^ 3, moment.seconds, 20_000.0), 2, "pH");
    out.slow_number("temperature", ground, 1, "°C");
}

/// Full at six in the morning, lowest in the evening.
pub(crate) fn tank(key: u64, depth: f64, moment: &Moment, out: &mut Samples) {
    let phase = between(key, 1, -0.8, 0.8);
    let fill =
        0.64 + 0.22 * (TAU * (moment.hour - 6.0 - phase) / 24.0).cos() + 0.015 * wander(key, moment.seconds, 3000.0);
    out.number("level", depth * fill + 0.004 * noise(key, moment.tick), 2, "m");
    out.number("fill", fill * 100.0, 1, "%");
}

/// Runs while the tank is to be filled: from ten in the evening for eight hours, each pump at its own time.
pub(crate) fn pump(key: u64, kilowatt: f64, moment: &Moment, out: &mut Samples) {
    let since = (moment.hour - 22.0 - 5.0 * unit(key, 1)).rem_euclid(24.0);
    let running = since < 8.0;
    let share = if running { 0.88 + 0.02 * noise(key, moment.tick) } else { 0.0 };
    let shaking = if running { between(key, 2, 1.2, 2.6) + 0.15 * noise(key ^ 1, moment.tick) } else { 0.05 };
    out.flag("running", running);
    out.number("power", kilowatt * share, 1, "kW");
    out.number("vibration", shaking.max(0.0), 2, "mm/s");
}
