//! History for charts is the same as what the raw readings say.

use model::{Reading, Value};
use proptest::prelude::*;
use store::Bucket;

use crate::telegraph::{append, at, open, reading, reading_of, selection, series_of};

const BUCKETS: usize = 7;
const UNTIL: i64 = 200_000;

/// The buckets as anybody would compute them.
fn expected(readings: &[Reading]) -> Vec<Bucket> {
    let mut readings = readings.to_vec();
    readings.sort_by_key(|reading| reading.time);
    let mut found: Vec<(i64, Bucket)> = Vec::new();
    for reading in readings {
        let Some(number) = Bucket::number(&reading.value) else { continue };
        let seconds = reading.time.since(at(0)).as_secs() as i64;
        let place = seconds * BUCKETS as i64 / UNTIL;
        match found.last_mut().filter(|(last, _)| *last == place) {
            Some((_, bucket)) => {
                bucket.min = bucket.min.min(number);
                bucket.max = bucket.max.max(number);
                bucket.last = number;
                bucket.mean += number;
                bucket.count += 1;
            }
            None => found.push((
                place,
                Bucket {
                    time: reading.time,
                    first: number,
                    min: number,
                    max: number,
                    last: number,
                    mean: number,
                    count: 1,
                },
            )),
        }
    }
    found.into_iter().map(|(_, bucket)| Bucket { mean: bucket.mean / bucket.count as f64, ..bucket }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn history_is_what_the_raw_readings_say(
        times in proptest::collection::btree_map(0..UNTIL, -1_000..1_000_i32, 1..80),
        flush_after in proptest::collection::vec(any::<bool>(), 4),
    ) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let folder = tempfile::tempdir().unwrap();
            let store = open(folder.path()).await;
            // Not in the order of time: the even ones first.
            let mut sent: Vec<Reading> = times.iter().map(|(time, value)| reading("pump", *time, f64::from(*value))).collect();
            sent.sort_by_key(|reading| (reading.time.as_nanos() / 1_000_000_000) % 2);
            let noise: Vec<Reading> = times.keys().map(|time| reading("other", *time, 1e9)).collect();
            append(&*store, &noise).await;
            for (chunk, flush) in sent.chunks(sent.len().div_ceil(4)).zip(flush_after) {
                append(&*store, chunk).await;
                if flush {
                    store.flush().await.unwrap();
                }
            }
            let found = store.history(&selection("messina", "pump", 0, UNTIL), BUCKETS).await.unwrap();
            assert_eq!(found.len(), expected(&sent).len());
            for (found, expected) in found.into_iter().zip(expected(&sent)) {
                assert!((found.mean - expected.mean).abs() < 1e-9);
                assert_eq!(Bucket { mean: expected.mean, ..found }, expected);
            }
        });
    }
}

#[tokio::test]
async fn a_peak_of_one_second_in_a_day_is_in_the_chart_and_texts_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let mut day: Vec<Reading> = (0..8_640).map(|n| reading("main", n * 10, 1.0)).collect();
    day[4_321].value = Value::Number(99.0);
    day[1_234] = reading_of(series_of("messina", "main", "power"), 12_340, Value::Text("off".into()));
    append(&*store, &day).await;
    store.flush().await.unwrap();
    let chart = store.history(&selection("messina", "main", 0, 86_400), 24).await.unwrap();
    assert_eq!(chart.len(), 24);
    assert_eq!(chart.iter().map(|bucket| bucket.count).sum::<u64>(), 8_639);
    assert_eq!(chart.iter().filter(|bucket| bucket.max == 99.0).count(), 1);
    assert!(store.history(&selection("messina", "main", 0, 86_400), 0).await.unwrap().is_empty());
    assert!(store.history(&selection("messina", "none", 0, 86_400), 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_window_takes_its_first_moment_and_not_its_last_and_a_limit_keeps_the_oldest() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    // Over two days, so that both sides of midnight are read.
    let sent: Vec<Reading> = (-50..50).map(|n| reading("gate", n, n as f64)).collect();
    append(&*store, &sent[..60]).await;
    store.flush().await.unwrap();
    append(&*store, &sent[60..]).await;
    assert_eq!(store.readings(&selection("messina", "gate", -10, 20), 1_000).await.unwrap(), sent[40..70]);
    assert_eq!(store.readings(&selection("messina", "gate", -10, 20), 15).await.unwrap(), sent[40..55]);
    assert_eq!(store.readings(&selection("messina", "gate", -10, 20), 0).await.unwrap(), []);
}
