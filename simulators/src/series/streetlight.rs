//! Street lights and their cabinets: lit from dusk to dawn, dimmed after midnight, dark without supply.

use super::Moment;
use crate::chance::{between, noise, scramble, unit, wander};
use crate::scenario::Trouble;
use crate::sensor::Samples;

/// Dimmed from local midnight until 05:30, each lamp a little later than its neighbour.
const DIM_UNTIL_H: f64 = 5.5;
const DIM_SPREAD_S: f64 = 600.0;
const DIMMED: f64 = 0.5;
const STANDBY_W: f64 = 0.6;
/// 1 January 2024, in days since 1970: where the table of nights begins, and the meter with it.
const METER_FIRST_DAY: f64 = 19_723.0;

/// What a lamp needs to know of itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lamp {
    pub(crate) circuit: usize,
    pub(crate) watts: f64,
    pub(crate) along: f64,
}

/// When one lamp switches, in seconds since 1970.
struct Clockwork {
    off: f64,
    on: f64,
    on_before: f64,
    off_after: f64,
    dim_shift: f64,
}

impl Clockwork {
    /// The photocell of a lamp answers some minutes after sunset and before sunrise, each in its own way.
    fn of(key: u64, moment: &Moment) -> Self {
        let (late, early) = (between(key, 11, 240.0, 1020.0), between(key, 12, 240.0, 1020.0));
        let light = &moment.daylight;
        Self {
            off: light.rise - early,
            on: light.set + late,
            on_before: light.set_before + late,
            off_after: light.rise_after - early,
            dim_shift: unit(key, 13) * DIM_SPREAD_S,
        }
    }
}

/// Light from 0 to 1, and for how many seconds the lamp has been lit.
fn light(key: u64, moment: &Moment) -> (f64, f64) {
    let clock = Clockwork::of(key, moment);
    let lit_for = if moment.seconds < clock.off {
        moment.seconds - clock.on_before
    } else if moment.seconds >= clock.on {
        moment.seconds - clock.on
    } else {
        return (0.0, 0.0);
    };
    let hour = (moment.hour - clock.dim_shift / 3600.0).rem_euclid(24.0);
    (if hour < DIM_UNTIL_H { DIMMED } else { 1.0 }, lit_for)
}

/// The next moment (seconds since 1970) at which this lamp switches on, off or changes its level.
pub(crate) fn next_switch(key: u64, moment: &Moment) -> f64 {
    let clock = Clockwork::of(key, moment);
    let midnight = moment.seconds - moment.hour * 3600.0;
    let dims = [0.0, DIM_UNTIL_H * 3600.0, 86_400.0, 86_400.0 + DIM_UNTIL_H * 3600.0]
        .map(|at| midnight + at + clock.dim_shift);
    // Late enough that no rounding of time brings the same moment back.
    let soonest = moment.seconds + 0.01;
    let next = [clock.off, clock.on, clock.off_after].into_iter().chain(dims).filter(|at| *at > soonest);
    next.fold(f64::INFINITY, f64::min)
}

/// Supply at the cabinet, in volts: the grid breathes.
fn supply(circuit: usize, moment: &Moment) -> f64 {
    let key = scramble(circuit as u64 / 3);
    231.0 + 2.2 * wander(key, moment.seconds, 1300.0) - 1.6 * moment.traffic
}

pub(crate) fn lamp(key: u64, lamp: Lamp, moment: &Moment, trouble: &Trouble, out: &mut Samples) {
    let ambient = moment.weather.temperature;
    // Ageing: each lamp has burned for some time before the table of nights began.
    let burned = between(key, 14, 200.0, 21_000.0) + moment.daylight.night_hours;
    if trouble.is_dark(lamp.circuit) {
        out.flag("lamp_on", false);
        out.number("dimming", 0.0, 0, "%");
        out.number("power", 0.0, 1, "W");
        out.number("voltage", 0.0, 1, "V");
        out.slow_number("power_factor", 0.0, 2, "");
        out.slow_number("burn_hours", burned, 1, "h");
        out.slow_number("temperature", ambient + 2.0, 1, "°C");
        return;
    }
    let (level, lit_for) = light(key, moment);
    let on = level > 0.0;
    let own = between(key, 15, 0.97, 1.03);
    let power =
        if on { lamp.watts * own * level.powf(0.95) * (1.0 + 0.004 * noise(key, moment.tick)) } else { STANDBY_W };
    let voltage = supply(lamp.circuit, moment) - 3.2 * lamp.along * level + 0.25 * noise(key ^ 1, moment.tick);
    let power_factor = if !on { 0.42 } else { 0.84 + 0.11 * level };
    let heat = 17.0 * level * (1.0 - (-lit_for / 1200.0).exp());
    out.flag("lamp_on", on);
    out.number("dimming", level * 100.0, 0, "%");
    out.number("power", power, 1, "W");
    out.number("voltage", voltage, 1, "V");
    out.slow_number("power_factor", power_factor + 0.004 * noise(key ^ 2, moment.tick), 2, "");
    out.slow_number("burn_hours", burned, 1, "h");
    out.slow_number("temperature", ambient + 1.5 + heat + 0.3 * noise(key ^ 3, moment.tick), 1, "°C");
}

const ENERGISED: [&str; 3] = ["circuit_1_energised", "circuit_2_energised", "circuit_3_energised"];

pub(crate) fn cabinet(key: u64, circuits: &[(usize, f64)], moment: &Moment, trouble: &Trouble, out: &mut Samples) {
    let (level, _) = light(key, moment);
    let dark = |circuit: usize| trouble.is_dark(circuit);
    let carried: f64 = circuits.iter().filter(|(circuit, _)| !dark(*circuit)).map(|(_, watts)| watts).sum();
    let all: f64 = circuits.iter().map(|(_, watts)| watts).sum();
    let lamps_standby = carried / 70.0 * STANDBY_W;
    let watts =
        if level > 0.0 { carried * level.powf(0.95) * (1.0 + 0.003 * noise(key, moment.tick)) } else { lamps_standby };
    let voltage =
        circuits.first().map_or(230.0, |(circuit, _)| supply(*circuit, moment)) + 0.2 * noise(key ^ 1, moment.tick);
    // Dimmed hours count half. Central European standard time all year, so that the meter never runs backwards on the last Sunday of October.
    let days = (moment.seconds + 3600.0) / 86_400.0 - METER_FIRST_DAY;
    let dimmed_hours = days.floor() * DIM_UNTIL_H + (days.fract() * 24.0).min(DIM_UNTIL_H);
    let metered_hours = moment.daylight.night_hours - (1.0 - DIMMED) * dimmed_hours;
    out.number("power", watts / 1000.0, 3, "kW");
    out.number("voltage", voltage, 1, "V");
    out.number("current", watts / voltage, 2, "A");
    for ((circuit, _), metric) in circuits.iter().zip(ENERGISED) {
        out.flag(metric, !dark(*circuit));
    }
    out.slow_number("energy", all / 1000.0 * metered_hours, 1, "kWh");
    out.slow_flag("door_open", false);
}
