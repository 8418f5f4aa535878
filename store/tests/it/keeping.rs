//! What is kept: once, as it came, newest first.

use std::sync::Arc;

use model::{Quality, Reading, ReadingBatch, Unit, Value};
use store::{Error, NotKept, Receipt};

use crate::telegraph::{append, at, everything, messina, open, raw, reading, reading_of, restart, series_of};

#[tokio::test]
async fn every_kind_of_value_comes_back_as_it_was_from_memory_and_from_parts() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let values = [
        Value::Number(-0.1),
        Value::Number(5e-324),
        Value::Integer(i64::MAX),
        Value::Flag(true),
        Value::Text(Arc::from("aperta \u{0} \"sì\"")),
        Value::Gap,
    ];
    let mut sent: Vec<Reading> = Vec::new();
    for (seconds, value) in (0..).zip(values) {
        let mut reading = reading_of(series_of("messina", "valvola", "power"), seconds, value);
        reading.quality = Quality::ALL[seconds as usize % 5];
        reading.unit = if seconds % 2 == 0 { Unit::NONE } else { Unit::new("m³/h") };
        sent.push(reading);
    }
    assert_eq!(append(&*store, &sent).await, Receipt { kept: sent.clone(), ..Receipt::default() });
    assert_eq!(raw(&*store, "valvola").await, sent);
    store.flush().await.unwrap();
    assert_eq!(store.gauges().memory_readings, 0);
    assert_eq!(raw(&*store, "valvola").await, sent);
    let store = restart(store, folder.path()).await;
    assert_eq!(raw(&*store, "valvola").await, sent);
}

#[tokio::test]
async fn a_reading_sent_again_is_kept_once_wherever_the_first_one_is() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).await;
    let sent: Vec<Reading> =
        (0..100).map(|n| reading(&format!("lamp-{}", n % 7), n / 7, f64::from(n as i32))).collect();
    append(&*store, &sent).await;
    let mut other = sent.clone();
    other.iter_mut().for_each(|reading| reading.value = Value::Flag(true));
    for step in ["memory", "parts", "restart"] {
        match step {
            "parts" => store.flush().await.unwrap(),
            "restart" => store = restart(store, folder.path()).await,
            _ => {}
        }
        let again = append(&*store, &sent).await;
        let all = |why: NotKept| (0..100).map(|n| (n, why)).collect::<Vec<_>>();
        let duplicates = Receipt { duplicates: 100, not_kept: all(NotKept::Duplicate), ..Receipt::default() };
        assert_eq!(again, duplicates, "{step}");
        let different = append(&*store, &other).await;
        let conflicts = Receipt { conflicts: 100, not_kept: all(NotKept::Conflict), ..Receipt::default() };
        assert_eq!(different, conflicts, "{step}");
    }
    let fresh = reading("lamp-0", 1_000, 1.0);
    let mixed = [sent[3].clone(), fresh.clone(), fresh.clone(), reading("lamp-0", 1_000, 2.0)];
    let not_kept = vec![(0, NotKept::Duplicate), (2, NotKept::Duplicate), (3, NotKept::Conflict)];
    assert_eq!(append(&*store, &mixed).await, Receipt { kept: vec![fresh], duplicates: 2, conflicts: 1, not_kept });
    assert_eq!(
        raw(&*store, "lamp-1").await,
        sent.iter().filter(|r| r.series.device.as_str() == "lamp-1").cloned().collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn readings_that_come_a_month_late_and_in_any_order_are_kept_once() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).await;
    // A fixed shuffle: 37 and 240 have no common divisor.
    let sent: Vec<Reading> = (0..240_i64).map(|n| reading("bridge", -(n * 37 % 240) * 10_800, n as f64)).collect();
    for (round, chunk) in (0..).zip(sent.chunks(50)) {
        assert_eq!(append(&*store, chunk).await.kept.len(), chunk.len());
        match round % 3 {
            0 => store.flush().await.unwrap(),
            1 => store = restart(store, folder.path()).await,
            _ => {}
        }
    }
    for chunk in sent.chunks(33) {
        assert_eq!(append(&*store, chunk).await.duplicates, chunk.len());
    }
    let mut expected = sent;
    expected.sort_by_key(|reading| reading.time);
    assert_eq!(raw(&*store, "bridge").await, expected);
}

#[tokio::test]
async fn a_number_that_is_none_is_counted_and_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let good = reading("lamp", 0, 1.0);
    let receipt =
        append(&*store, &[reading("lamp", 1, f64::NAN), good.clone(), reading("lamp", 2, f64::INFINITY)]).await;
    assert_eq!(
        receipt,
        Receipt {
            kept: vec![good],
            duplicates: 0,
            conflicts: 2,
            not_kept: vec![(0, NotKept::Conflict), (2, NotKept::Conflict)]
        }
    );
}

#[tokio::test]
async fn the_newest_value_never_goes_backwards_and_history_is_never_newest() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = open(folder.path()).await;
    append(&*store, &[reading("lamp", 10, 1.0), reading("lamp", 5, 2.0)]).await;
    let mut old = reading("lamp", 20, 3.0);
    old.quality = Quality::Historical;
    let mut bad = reading("pole", 1, 4.0);
    bad.quality = Quality::Bad;
    append(&*store, &[old, bad]).await;
    append(&*store, &[reading("lamp", 7, 5.0)]).await;
    for step in ["memory", "restart from the log", "restart from parts"] {
        match step {
            "restart from the log" => store = restart(store, folder.path()).await,
            "restart from parts" => {
                store.flush().await.unwrap();
                store = restart(store, folder.path()).await;
            }
            _ => {}
        }
        assert_eq!(store.newest(&messina()), [reading("lamp", 10, 1.0)], "{step}");
        let lamp = series_of("messina", "lamp", "power").device.clone();
        assert_eq!(store.newest_of(&messina(), &lamp), [reading("lamp", 10, 1.0)], "{step}");
    }
    append(&*store, &[reading("pole", 2, 6.0)]).await;
    assert_eq!(store.newest(&messina()).len(), 2);
}

#[tokio::test]
async fn the_first_and_the_last_moment_can_be_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let ends: Vec<Reading> = [model::Timestamp::MIN, model::Timestamp::MAX]
        .into_iter()
        .map(|time| Reading { time, ..reading("clock", 0, 1.0) })
        .collect();
    assert_eq!(append(&*store, &ends).await.kept.len(), 2);
    store.flush().await.unwrap();
    assert_eq!(append(&*store, &ends).await.duplicates, 2);
    let store = restart(store, folder.path()).await;
    assert_eq!(everything(&*store).await.len(), 2);
    assert_eq!(append(&*store, &ends).await.duplicates, 2);
}

#[tokio::test]
async fn many_senders_at_once_are_all_answered_and_all_kept() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..20 {
        let store = Arc::clone(&store);
        senders.spawn(async move {
            for n in 0..20 {
                // Every reading is sent by two of them.
                let twice = reading(&format!("shared-{}", sender / 2), n, n as f64);
                append(&*store, &[twice]).await;
            }
        });
    }
    senders.join_all().await;
    let counted = everything(&*store).await.len();
    assert_eq!(counted, 200);
}

#[tokio::test]
async fn a_closed_store_takes_nothing_more_and_can_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(folder.path()).await;
    append(&*store, &[reading("lamp", 0, 1.0)]).await;
    store.close().await.unwrap();
    store.close().await.unwrap();
    let refused = store.append(ReadingBatch::new(vec![reading("lamp", 1, 1.0)]).unwrap()).await;
    assert!(matches!(refused, Err(Error::Closing)));
    assert_eq!(store.newest(&messina())[0].time, at(0));
}
