//! What lamps do, and what is said of it.

use model::Duration;
use rules::detect::About;
use rules::detect::About::{Group, Member};
use rules::detect::streetlight::Streetlight;

use super::stage::{Stage, field, noise};

const NIGHTS: u32 = 16;

/// Half hours of a day: dark from 0 to 6 and from 17 on, dimmed to 60 % from 0 to 5 and from 23 on.
fn command(step: u32) -> (f64, f64) {
    match step % 48 {
        0..10 | 46..48 => (60.0, 0.0),
        10..12 | 34..46 => (100.0, 0.0),
        _ => (0.0, 20_000.0),
    }
}

fn healthy(member: usize, step: u32, dim: f64) -> f64 {
    let full = if member.is_multiple_of(2) { 60.0 } else { 95.0 };
    if dim == 0.0 { 0.6 } else { full * (0.06 + 0.94 * dim / 100.0) * (1.0 + 0.012 * noise(member, step, 7)) }
}

/// What becomes of a lamp's power, dimming and light at a step, or nothing when it says nothing.
type Trouble = fn(usize, u32, f64, f64, f64) -> Option<(f64, f64, f64)>;

/// Sixteen healthy days of two circuits, then ten more in which `change` may alter a lamp's reading: given member, step since the
/// change, command, daylight and the healthy power, it tells what is measured, or nothing.
#[track_caller]
fn check(change: Trouble, expected: &[(About, &'static str)]) {
    let mut stage = Stage::<Streetlight>::new(&field("active_power", 2, 6, Duration::from_secs(1800)));
    for step in 0..(NIGHTS + 10) * 48 {
        stage.step(step, &mut |member, step| {
            let (dim, lux) = command(step);
            let power = healthy(member, step, dim);
            let (power, dim, lux) = match step.checked_sub(NIGHTS * 48) {
                Some(since) => change(member, since, dim, lux, power)?,
                None => (power, dim, lux),
            };
            Some((power, vec![dim, lux]))
        });
        if step + 1 == NIGHTS * 48 {
            assert_eq!(stage.raised(), [], "healthy lamps");
        }
    }
    assert_eq!(stage.raised(), expected);
}

#[test]
fn a_dark_lamp_is_found_once() {
    check(
        |member, _, dim, lux, power| Some((if member == 2 { 0.4 } else { power }, dim, lux)),
        &[(Member(2), "lamp_out")],
    );
}

#[test]
fn a_string_that_went_out_is_found() {
    check(
        |member, _, dim, lux, power| Some((if member == 2 { 0.88 * power } else { power }, dim, lux)),
        &[(Member(2), "partial_string")],
    );
}

#[test]
fn a_slow_decline_is_found_before_a_tenth_is_lost() {
    check(
        |member, since, dim, lux, power| {
            let loss = if member == 5 { 0.005 * f64::from(since) / 48.0 } else { 0.0 };
            Some((power * (1.0 - loss), dim, lux))
        },
        &[(Member(5), "degradation")],
    );
}

#[test]
fn what_a_whole_circuit_loses_slowly_is_no_fault_of_its_lamps() {
    check(
        |member, since, dim, lux, power| {
            let loss = if member < 6 { 0.005 * f64::from(since) / 48.0 } else { 0.0 };
            Some((power * (1.0 - loss), dim, lux))
        },
        &[],
    );
}

#[test]
fn a_lamp_that_burns_by_day_is_found() {
    let burns = |member, _, dim, lux, power| {
        let power = if member == 1 && dim == 0.0 && lux > 1000.0 { 95.0 } else { power };
        Some((power, dim, lux))
    };
    check(burns, &[(Member(1), "day_burner")]);
}

#[test]
fn a_lamp_that_does_not_hear_the_command_to_dim_is_found() {
    let deaf =
        |member, _, dim, lux, power: f64| Some((if member == 3 && dim == 60.0 { 95.0 } else { power }, dim, lux));
    check(deaf, &[(Member(3), "dim_fail")]);
}

#[test]
fn a_lamp_that_goes_on_and_off_is_found() {
    let cycles = |member, since: u32, dim, lux, power| {
        let off = member == 0 && since % 4 == 1;
        Some((if off { 0.4 } else { power }, dim, lux))
    };
    check(cycles, &[(Member(0), "cycling")]);
}

#[test]
fn a_lamp_that_is_hard_to_hear_is_found() {
    let lossy =
        |member, since: u32, dim, lux, power| (member != 4 || !since.is_multiple_of(3)).then_some((power, dim, lux));
    check(lossy, &[(Member(4), "comm_degraded")]);
}

#[test]
fn a_silent_circuit_is_one_finding() {
    check(|member, _, dim, lux, power| (member >= 6).then_some((power, dim, lux)), &[(Group(0), "circuit_power_loss")]);
}

#[test]
fn a_dark_circuit_is_one_finding() {
    let dark = |member, _, dim, lux, power| Some((if member >= 6 { 0.0 } else { power }, dim, lux));
    check(dark, &[(Group(1), "circuit_power_loss")]);
}

#[test]
fn a_circuit_that_burns_by_day_is_one_finding() {
    let burns = |member, _, dim, lux, power| {
        let power = if member < 6 && dim == 0.0 { 90.0 } else { power };
        Some((power, dim, lux))
    };
    check(burns, &[(Group(0), "circuit_day_burner")]);
}

#[test]
fn storms_crews_single_spikes_and_new_schedules_are_no_faults() {
    // Light in a storm, as commanded.
    let storm = |member, since, dim, lux, power| match since {
        24..30 => Some((healthy(member, since, 100.0), 100.0, 15.0)),
        _ => Some((power, dim, lux)),
    };
    check(storm, &[]);
    // A crew tests a circuit for an hour at noon.
    let crew = |member, since, dim, lux, power| match since {
        24..27 if member < 6 => Some((90.0, dim, lux)),
        _ => Some((power, dim, lux)),
    };
    check(crew, &[]);
    // One reading is half as much again.
    let spike = |member, since, dim, lux, power: f64| {
        Some((if member == 3 && since == 40 { 1.5 * power } else { power }, dim, lux))
    };
    check(spike, &[]);
    // From now on the city dims to a level that was never seen, along a curve that nobody foresaw.
    let schedule = |_, _, dim, lux, power: f64| {
        if dim == 60.0 { Some((0.55 * power, 35.0, lux)) } else { Some((power, dim, lux)) }
    };
    check(schedule, &[]);
}
