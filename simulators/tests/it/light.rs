//! Street lights burn between sunset and sunrise, in winter and in summer.

use model::{Duration, Value, Window};

use crate::{MESSINA, at};

/// Share of lamps that are lit at a moment.
fn lit(time: &str) -> f64 {
    let from = at(time);
    let window = Window::new(from, from.plus(Duration::from_secs(1))).unwrap();
    let (mut on, mut all) = (0_u32, 0_u32);
    for batch in MESSINA.history(window, Duration::from_secs(60), None).unwrap() {
        for reading in batch.readings().iter().filter(|reading| reading.series.metric.as_str() == "lamp_on") {
            all += 1;
            on += u32::from(reading.value == Value::Flag(true));
        }
    }
    assert!(all > 7_000);
    f64::from(on) / f64::from(all)
}

#[test]
fn lamps_burn_between_sunset_and_sunrise_in_winter() {
    // Sunset 16:42, sunrise 07:09 in Messina on 21 December (local time, UTC+1).
    assert_eq!(lit("2026-12-21T12:00:00+01:00"), 0.0);
    assert_eq!(lit("2026-12-21T16:35:00+01:00"), 0.0);
    assert_eq!(lit("2026-12-21T17:15:00+01:00"), 1.0);
    assert_eq!(lit("2026-12-22T06:30:00+01:00"), 1.0);
    assert_eq!(lit("2026-12-22T07:15:00+01:00"), 0.0);
}

#[test]
fn lamps_burn_between_sunset_and_sunrise_in_summer() {
    // Sunset 20:23, sunrise 05:37 in Messina on 21 June (local time, UTC+2).
    assert_eq!(lit("2026-06-21T17:15:00+02:00"), 0.0);
    assert_eq!(lit("2026-06-21T20:15:00+02:00"), 0.0);
    assert_eq!(lit("2026-06-21T20:55:00+02:00"), 1.0);
    assert_eq!(lit("2026-06-22T05:00:00+02:00"), 1.0);
    assert_eq!(lit("2026-06-22T05:45:00+02:00"), 0.0);
}

#[test]
fn at_dusk_lamps_come_on_one_after_the_other() {
    let share = lit("2026-12-21T16:52:00+01:00");
    assert!((0.2..0.8).contains(&share), "{share}");
}
