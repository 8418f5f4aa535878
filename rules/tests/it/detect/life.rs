//! Lamps and pumps that age by a known law.

use proptest::prelude::*;
use rules::detect::life::{Forecast, Life};
use serde_json::{from_str, to_string};

use super::at;
use super::town::Dice;

/// The day on which the middle forecast ends.
fn day(forecast: Forecast) -> f64 {
    forecast.p50.since(at(0.0)).as_secs_f64() / 86_400.0
}

#[test]
fn the_end_of_a_lamp_is_known_long_before() {
    let mut lamp = Life::of("luminous_output", 70.0).unwrap();
    let (mut dice, mut newest) = (Dice(3), None);
    // 70 % after 3,000 days.
    let loss = -(0.7_f64.ln()) / 3_000.0;
    for week in 0..214 {
        let days = f64::from(week) * 7.0;
        newest = lamp.observe(at(days * 24.0), 100.0 * (-loss * days).exp() * (1.0 + 0.01 * dice.normal()));
    }
    let forecast = newest.unwrap();
    assert!((day(forecast) - 3_000.0).abs() < 0.2 * 1_500.0, "{}", day(forecast));
    assert!(forecast.p10 < forecast.p50 && forecast.p50 < forecast.p90);
}

#[test]
fn the_growth_of_a_defect_says_when_a_pump_must_stop() {
    let mut pump = Life::of("vibration_rms", 7.1).unwrap();
    let (mut dice, mut newest) = (Dice(5), None);
    // From day 200 on a defect grows by 4 % a day from 0.2 mm/s; with 2 mm/s of its own the limit is reached on day 281.
    let end = 200.0 + (5.1_f64 / 0.2).ln() / 0.04;
    for hours in 0..265 {
        let days = f64::from(hours);
        let defect = if days > 200.0 { 0.2 * (0.04 * (days - 200.0)).exp() } else { 0.0 };
        newest = pump.observe(at(days * 24.0), 2.0 + defect + 0.1 * dice.normal());
    }
    let forecast = newest.unwrap();
    assert!((day(forecast) - end).abs() < 0.3 * (end - 264.0), "{} {end}", day(forecast));
    let (p10, p90) = (forecast.p10.since(at(0.0)).as_secs_f64(), forecast.p90.since(at(0.0)).as_secs_f64());
    assert!(p10 < end * 86_400.0 && end * 86_400.0 < p90);
}

#[test]
fn what_does_not_age_by_a_known_law_has_no_forecast() {
    assert!(Life::of("pressure", 3.0).is_none());
    assert!(Life::of("luminous_output", 0.0).is_none());
    assert!(Life::of("vibration_rms", f64::NAN).is_none());
}

proptest! {
    #[test]
    fn no_reading_breaks_a_forecast(
        values in proptest::collection::vec(prop_oneof![
            Just(f64::NAN), Just(f64::INFINITY), Just(0.0), Just(1e99), Just(7.1), 0.0..200.0f64, -1e9..1e9f64,
        ], 1..200),
        metric in prop_oneof![Just(("luminous_output", 70.0)), Just(("vibration_rms", 7.1))],
    ) {
        let mut life = Life::of(metric.0, metric.1).unwrap();
        for (n, value) in values.into_iter().enumerate() {
            if n == 50 {
                life = from_str(&to_string(&life).unwrap()).unwrap();
            }
            if let Some(forecast) = life.observe(at(n as f64 * 24.0), value) {
                prop_assert!(forecast.asof <= forecast.p10);
                prop_assert!(forecast.p10 <= forecast.p50 && forecast.p50 <= forecast.p90);
            }
        }
    }
}
