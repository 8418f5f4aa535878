//! Which readings are missing, counted from what is kept.

use std::sync::Arc;
use std::time::Duration;

use model::{DeviceId, MetricName, Reading, Timestamp, Value, Window};
use proptest::prelude::*;
use store::{Completeness, Expectation, Expectations, Pace, Span, Store, completeness, holes};

use crate::telegraph::{append, at, messina, open, reading_of, series_of};

const DAY: i64 = 86_400;

fn one(device: &str, metric: &str, seconds: i64, value: f64) -> Reading {
    reading_of(series_of("messina", device, metric), seconds, Value::Number(value))
}

fn window(from: i64, until: i64) -> Window {
    Window::new(at(from), at(until)).unwrap()
}

/// Every series with its times, as the store tells them in one go.
async fn times(store: &dyn Store, window: Window) -> Vec<(String, String, Vec<i64>)> {
    let mut stream = store.times(&messina(), window, &MetricName::new("m1").unwrap()).await.unwrap();
    let mut all: Vec<(String, String, Vec<i64>)> = Vec::new();
    while let Some(together) = stream.recv().await {
        for one in together.unwrap() {
            assert_eq!(one.numbers.len(), if one.metric.as_str() == "m1" { one.times.len() } else { 0 });
            assert!(one.times.is_sorted() && one.numbers.iter().all(|number| *number == 1.0));
            let key = (one.device.to_string(), one.metric.to_string());
            // A new day begins anew; within a day each series comes once, in order.
            match all.iter_mut().find(|(device, metric, _)| (device.as_str(), metric.as_str()) == (&*key.0, &*key.1)) {
                Some((_, _, times)) => times.extend(one.times),
                None => all.push((key.0, key.1, one.times)),
            }
        }
    }
    all.sort();
    all
}

/// The same, from the readings themselves.
fn expected(readings: &[Reading], window: Window) -> Vec<(String, String, Vec<i64>)> {
    let mut all: std::collections::BTreeMap<(String, String), Vec<i64>> = std::collections::BTreeMap::new();
    for reading in readings.iter().filter(|reading| window.contains(reading.time)) {
        let key = (reading.series.device.to_string(), reading.series.metric.to_string());
        all.entry(key).or_default().push(reading.time.as_nanos());
    }
    let sorted = |((device, metric), mut times): ((String, String), Vec<i64>)| {
        times.sort_unstable();
        times.dedup();
        (device, metric, times)
    };
    all.into_iter().map(sorted).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn times_are_those_of_the_readings_wherever_they_are_kept(
        batches in prop::collection::vec(
            (prop::collection::vec((0..4_usize, 0..3_usize, 0..3 * DAY), 1..60), any::<bool>()), 1..8
        ),
        from in -DAY..DAY, until in DAY..4 * DAY,
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let store = open(folder.path()).await;
            let mut all = Vec::new();
            for (readings, flushed) in &batches {
                let readings: Vec<Reading> = readings
                    .iter()
                    .map(|(device, metric, seconds)| one(&format!("d{device}"), &format!("m{metric}"), *seconds, 1.0))
                    .collect();
                append(&*store, &readings).await;
                all.extend(readings);
                if *flushed {
                    store.flush().await.unwrap();
                }
            }
            let window = window(from, until);
            assert_eq!(times(&*store, window).await, expected(&all, window));
        });
    }
}

/// A series that spoke every minute in these seconds, but for those that are left out.
fn even(device: &str, seconds: std::ops::Range<i64>, without: std::ops::Range<i64>) -> Vec<Reading> {
    let spoke = seconds.step_by(60).filter(|second| !without.contains(second));
    spoke.map(|second| one(device, "pressure", second, 1.0)).collect()
}

fn told(from: Timestamp, until: Timestamp) -> Expectation {
    Expectation {
        intervals: Arc::new([(MetricName::new("pressure").unwrap(), Duration::from_secs(60))].into()),
        main: MetricName::new("pressure").ok(),
        spans: vec![Span { window: Window::new(from, until).unwrap(), pace: Pace::Told }],
    }
}

fn device(name: &str) -> DeviceId {
    DeviceId::new(name).unwrap()
}

/// Readings, missing ones and lost messages of each device.
fn told_of(found: &Completeness) -> Vec<(&str, u64, u64)> {
    found.devices.iter().map(|one| (one.device.as_str(), one.readings(), one.missed())).collect()
}

#[tokio::test]
async fn holes_are_found_across_days_parts_and_memory() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    append(&*store, &even("whole", 0..2 * DAY, 0..0)).await;
    append(&*store, &even("holed", 0..DAY, DAY - 3_600..DAY)).await;
    store.flush().await.unwrap();
    append(&*store, &even("holed", DAY..2 * DAY, DAY..DAY + 3_600)).await;
    append(&*store, &even("gone", 0..DAY, 0..0)).await;
    let window = window(0, 2 * DAY);
    let learned = Expectations::default();
    let mut heard = Vec::new();
    let found =
        completeness(&*store, &messina(), window, at(9 * DAY), &learned, |part| heard.push(part)).await.unwrap();
    assert_eq!(told_of(&found), [("gone", 1_440, 1_440), ("holed", 2_760, 120), ("whole", 2_880, 0)]);
    assert!(heard.is_sorted() && heard.last() == Some(&1.0), "{heard:?}");
    let holed = found.devices.iter().find(|one| one.device.as_str() == "holed").unwrap();
    let listed = holes(&*store, &messina(), window, at(9 * DAY), &learned, holed, 10).await.unwrap();
    let listed: Vec<_> = listed.iter().map(|hole| (hole.from, hole.until, hole.missed)).collect();
    assert_eq!(listed, [(at(DAY - 3_660), at(DAY + 3_600), 120)]);
}

#[tokio::test]
async fn who_is_not_awaited_is_not_missed_and_who_never_spoke_is() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    append(&*store, &even("repaired", 0..DAY, 7_200..14_400)).await;
    append(&*store, &even("late", 43_200..DAY, 0..0)).await;
    let mut expected = Expectations::default();
    let mut repaired = told(at(0), at(7_200));
    repaired.spans.push(Span { window: Window::new(at(14_400), at(DAY)).unwrap(), pace: Pace::Told });
    expected.put(device("repaired"), repaired);
    expected.put(device("late"), told(at(0), at(DAY)));
    expected.put(device("never"), told(at(DAY / 2), Timestamp::MAX));
    expected.put(device("planned"), Expectation { spans: Vec::new(), ..told(at(0), at(1)) });
    let window = window(0, DAY);
    let found = completeness(&*store, &messina(), window, at(9 * DAY), &expected, |_| ()).await.unwrap();
    assert_eq!(told_of(&found), [("late", 720, 719), ("never", 0, 719), ("repaired", 1_320, 0)]);
    let of = |name: &str| found.devices.iter().find(|one| one.device.as_str() == name).unwrap();
    for (name, from, until, missed) in [("late", 0, DAY / 2, 719), ("never", DAY / 2, DAY, 719)] {
        let listed = holes(&*store, &messina(), window, at(9 * DAY), &expected, of(name), 10).await.unwrap();
        let listed: Vec<_> = listed.iter().map(|hole| (hole.from, hole.until, hole.missed)).collect();
        assert_eq!(listed, [(at(from), at(until), missed)], "{name}");
    }
    let ratio = f64::from(720 + 1_320) / f64::from(1_439 + 719 + 1_320);
    assert!((found.ratio() - ratio).abs() < 1e-9);
}

#[tokio::test]
async fn frames_that_a_device_counted_and_nobody_heard_are_lost() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let counted = [(0, 5.0), (60, 6.0), (DAY - 60, 9.0), (DAY + 60, 11.0), (DAY + 120, 0.0), (DAY + 180, 1.0)];
    let counted: Vec<Reading> = counted.iter().map(|(second, count)| one("lamp", "_f_cnt", *second, *count)).collect();
    append(&*store, &counted).await;
    append(&*store, &even("lamp", 0..2 * DAY, 0..0)).await;
    let found = completeness(&*store, &messina(), window(0, 2 * DAY), at(2 * DAY), &Expectations::default(), |_| ())
        .await
        .unwrap();
    assert_eq!(found.devices[0].lost_frames, 2 + 1, "also over midnight");
    assert_eq!((found.devices.len(), found.devices[0].series.len()), (1, 1), "a counter has no rhythm");
}
