//! The past: complete, plausible, and of one piece with the present.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Duration, Timestamp, Value, Window};
use serde_json::Value as Json;
use simulators::Plan;

use crate::{MESSINA, SEED, at, city};

fn hours(from: Timestamp, count: u64) -> Window {
    Window::new(from, from.plus(Duration::from_secs(count * 3600))).unwrap()
}

/// Values of one metric of one device over a day, every ten minutes.
fn day_of(device: &str, metric: &str) -> Vec<f64> {
    let built = city(SEED, 0.05);
    let window = hours(at("2026-03-11T00:00:00+01:00"), 24);
    let mut values = Vec::new();
    for batch in built.history(window, Duration::from_secs(600), None).unwrap() {
        for reading in batch.readings() {
            if reading.series.device.as_str() == device && reading.series.metric.as_str() == metric {
                values.push(reading.value.as_number().unwrap());
            }
        }
    }
    values
}

#[test]
fn history_is_in_order_inside_its_window_and_reaches_every_device() {
    let built = city(SEED, 0.05);
    let window = hours(at("2026-02-03T00:00:00Z"), 2);
    let mut last = window.from;
    let mut seen: HashMap<String, u32> = HashMap::new();
    for batch in built.history(window, Duration::from_secs(900), None).unwrap() {
        for reading in batch.readings() {
            assert!(window.contains(reading.time) && reading.time >= last);
            last = reading.time;
            *seen.entry(reading.series.device.to_string()).or_default() += 1;
            assert!(reading.value.as_number().is_none_or(f64::is_finite));
        }
    }
    assert_eq!(seen.len(), built.device_count());
}

#[test]
fn pressure_is_lowest_when_most_water_is_drawn() {
    let (pressure, flow) = (day_of("wl-01-p01", "pressure"), day_of("wl-01-f01", "flow"));
    let most = (0..flow.len()).max_by(|a, b| flow[*a].total_cmp(&flow[*b])).unwrap();
    let least = (0..flow.len()).min_by(|a, b| flow[*a].total_cmp(&flow[*b])).unwrap();
    assert!(pressure[most] + 0.5 < pressure[least], "{} at most, {} at least", pressure[most], pressure[least]);
    // Ten-minute step 45 is 07:30.
    assert!((38..=52).contains(&most) || (115..=130).contains(&most), "most drawn at step {most}");
    assert!(flow[most] > 2.0 * flow[least]);
}

#[test]
fn counters_of_lamps_and_cabinets_never_run_backwards() {
    let built = city(SEED, 0.05);
    // Across the night in which summer time ends.
    let window = hours(at("2026-10-24T12:00:00Z"), 36);
    let mut last: HashMap<(String, String), f64> = HashMap::new();
    for batch in built.history(window, Duration::from_secs(300), None).unwrap() {
        for reading in batch.readings() {
            let metric = reading.series.metric.as_str();
            if metric == "energy" || metric == "burn_hours" {
                let value = reading.value.as_number().unwrap();
                let key = (reading.series.device.to_string(), metric.to_owned());
                if let Some(before) = last.insert(key, value) {
                    assert!(value >= before, "{metric} went from {before} to {value} at {}", reading.time);
                }
            }
        }
    }
}

#[test]
fn live_messages_say_what_history_says_for_the_same_moment() {
    let built = Arc::new(city(SEED, 0.02));
    let start = at("2026-05-05T20:00:00Z");
    let until = start.plus(Duration::from_secs(30));
    let mut compared = 0;
    for mut plan in Plan::all(&built, None, 50.0, start) {
        while let Some(message) = plan.due(until) {
            let body: Json = serde_json::from_slice(&message.payload).unwrap();
            if !message.topic.starts_with("cameras/") {
                continue;
            }
            let time = at(body["time"].as_str().unwrap());
            let window = Window::new(time, time.plus(Duration::from_secs(1))).unwrap();
            let past = built.history(window, Duration::from_secs(1), None).unwrap();
            for reading in past.flat_map(model::ReadingBatch::into_readings) {
                if reading.series.device.as_str() == body["camera"].as_str().unwrap() {
                    let live = &body["health"][reading.series.metric.as_str()];
                    let live = live.get("value").unwrap_or(live);
                    match &reading.value {
                        Value::Number(number) => assert_eq!(live.as_f64(), Some(*number)),
                        Value::Text(text) => assert_eq!(live.as_str(), Some(&**text)),
                        other => panic!("no camera sends {other:?}"),
                    }
                    compared += 1;
                }
            }
        }
    }
    assert!(compared > 20, "{compared}");
}

#[test]
fn a_day_of_the_full_city_is_a_few_million_readings() {
    // One hour stands for the day.
    let window = hours(at("2026-02-03T10:00:00Z"), 1);
    let count: usize = MESSINA.history(window, Duration::from_secs(900), None).unwrap().map(|batch| batch.len()).sum();
    assert!((100_000..200_000).contains(&count), "{count} in an hour");
}
