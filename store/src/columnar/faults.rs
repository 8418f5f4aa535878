//! What the engine does when the disk fails: it acknowledges nothing, loses nothing, and goes on by itself.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{
    DeviceId, MetricName, Quality, Reading, ReadingBatch, Series, SeriesSelection, TenantId, Timestamp, Unit, Value,
    Window,
};

use super::disk::faulty::{Fault, FaultyDisk};
use super::engine::Columnar;
use crate::{Config, Error, Receipt, Result, Telemetry};

fn reading(time: i64) -> Reading {
    let series = Series {
        tenant: TenantId::new("messina").unwrap(),
        device: DeviceId::new("lamp").unwrap(),
        metric: MetricName::new("power").unwrap(),
    };
    Reading {
        series: Arc::new(series),
        time: Timestamp::from_nanos(time),
        received: Timestamp::from_nanos(time),
        value: Value::Number(time as f64),
        unit: Unit::NONE,
        quality: Quality::Good,
    }
}

fn config(folder: &Path) -> Config {
    Config { folder: folder.to_path_buf(), flush_readings: 100, ..Config::default() }
}

async fn append(engine: &Columnar, times: std::ops::Range<i64>) -> Result<Receipt> {
    engine.append(ReadingBatch::new(times.map(reading).collect()).unwrap()).await
}

async fn kept(engine: &Columnar) -> Vec<i64> {
    let series = reading(0).series;
    let selection = SeriesSelection {
        tenant: series.tenant.clone(),
        device: series.device.clone(),
        metric: series.metric.clone(),
        window: Window::new(Timestamp::EPOCH, Timestamp::from_nanos(1_000_000)).unwrap(),
    };
    let readings = engine.readings(&selection, usize::MAX).await.unwrap();
    readings.into_iter().map(|reading| reading.time.as_nanos()).collect()
}

#[tokio::test]
async fn after_a_failed_fsync_nothing_of_the_group_counts_and_the_next_append_works() {
    let folder = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new();
    let engine = Columnar::open_on(&config(folder.path()), Arc::new(disk.clone()), None).await.unwrap();
    append(&engine, 0..3).await.unwrap();
    disk.fail(Fault::SyncOnce);
    let failed = append(&engine, 3..6).await;
    assert!(matches!(failed, Err(Error::Unreachable { .. })));
    assert_eq!(kept(&engine).await, [0, 1, 2]);
    assert_eq!(engine.newest(&reading(0).series.tenant)[0].time, Timestamp::from_nanos(2));
    // The bytes of the failed group are still in the first segment: they must not come back beside those that are sent again.
    assert_eq!(append(&engine, 4..7).await.unwrap().kept.len(), 3);
    assert_eq!(kept(&engine).await, [0, 1, 2, 4, 5, 6]);
    drop(engine);
    let engine = Columnar::open(&config(folder.path())).await.unwrap();
    assert_eq!(kept(&engine).await, [0, 1, 2, 4, 5, 6]);
    assert_eq!(engine.lost(), []);
}

#[tokio::test]
async fn a_full_disk_stops_acknowledgements_and_room_brings_them_back() {
    let folder = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new();
    let engine = Columnar::open_on(&config(folder.path()), Arc::new(disk.clone()), None).await.unwrap();
    append(&engine, 0..50).await.unwrap();
    disk.fail(Fault::Full);
    for _ in 0..3 {
        assert!(append(&engine, 50..60).await.unwrap_err().is_temporary());
        assert!(engine.flush().await.unwrap_err().is_temporary());
    }
    // Reading goes on.
    assert_eq!(kept(&engine).await.len(), 50);
    disk.fail(Fault::None);
    assert_eq!(append(&engine, 50..60).await.unwrap().kept.len(), 10);
    engine.flush().await.unwrap();
    assert_eq!(engine.gauges().part_readings, 60);
    assert_eq!(engine.gauges().memory_readings, 0);
    drop(engine);
    let engine = Columnar::open(&config(folder.path())).await.unwrap();
    assert_eq!(kept(&engine).await, (0..60).collect::<Vec<_>>());
    assert_eq!(append(&engine, 0..60).await.unwrap().duplicates, 60);
}

#[tokio::test]
async fn memory_is_written_out_by_itself_and_the_log_gets_shorter() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Columnar::open(&config(folder.path())).await.unwrap();
    for start in (0..1_000).step_by(50) {
        append(&engine, start..start + 50).await.unwrap();
    }
    engine.flush().await.unwrap();
    let gauges = engine.gauges();
    assert_eq!((gauges.part_readings, gauges.memory_readings, gauges.series), (1_000, 0, 1));
    assert_eq!(gauges.log_bytes, 0);
    assert_eq!(kept(&engine).await, (0..1_000).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_disk_pushes_back_and_shares_its_syncs() {
    /// Appends that may wait for the writer.
    const QUEUE: usize = 4;
    const SYNC: Duration = Duration::from_millis(100);
    let folder = tempfile::tempdir().unwrap();
    let disk = FaultyDisk::new();
    let config = Config { commit_queue: QUEUE, flush_readings: 1_000_000, ..config(folder.path()) };
    let engine = Arc::new(Columnar::open_on(&config, Arc::new(disk.clone()), None).await.unwrap());
    append(&engine, 0..1).await.unwrap();
    disk.fail(Fault::Slow(SYNC));
    let started = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..40_i64 {
        let engine = Arc::clone(&engine);
        senders.spawn(async move {
            let receipt = append(&engine, 1 + sender..2 + sender).await.unwrap();
            (receipt.kept.len(), started.elapsed(), engine.gauges().waiting)
        });
    }
    while let Some(answered) = senders.join_next().await {
        let (kept, after, waiting) = answered.unwrap();
        assert_eq!(kept, 1);
        assert!(after >= SYNC, "answered after {after:?}, before its sync was done");
        assert!(waiting <= QUEUE as u64, "{waiting} appends wait inside, though {QUEUE} may");
    }
    // One sync for each append would take four seconds; those that wait together share one.
    let took = started.elapsed();
    assert!(took < SYNC * 25, "40 appends took {took:?}");
    // A stall: nobody is answered while it lasts, and everything afterwards.
    disk.fail(Fault::Slow(Duration::from_secs(1)));
    let stalled = append(&engine, 100..200);
    tokio::pin!(stalled);
    assert!(tokio::time::timeout(Duration::from_millis(700), &mut stalled).await.is_err(), "answered during the stall");
    assert_eq!(kept(&engine).await.len(), 41, "reading goes on, and shows only what is durable");
    assert_eq!(stalled.await.unwrap().kept.len(), 100);
    assert_eq!(kept(&engine).await.len(), 141);
}
