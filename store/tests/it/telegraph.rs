//! Readings for tests, in few words.

use std::path::Path;
use std::sync::Arc;

use model::{
    DeviceId, MetricName, Quality, Reading, ReadingBatch, Series, SeriesSelection, TenantId, Timestamp, Unit, Value,
    Window,
};
use store::{Answer, Cell, QueryLimits, Receipt, Store, Telemetry};

use crate::kit;

/// 22 November 2026, 00:00 UTC, in seconds.
const MIDNIGHT: i64 = 1_795_305_600;

/// Seconds after 22 November 2026, 00:00 UTC.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_nanos((MIDNIGHT + seconds) * 1_000_000_000)
}

pub(crate) async fn open(folder: &Path) -> Arc<dyn Store> {
    store::open(kit::config(folder)).await.unwrap()
}

/// A stop and a start.
pub(crate) async fn restart(store: Arc<dyn Store>, folder: &Path) -> Arc<dyn Store> {
    store.close().await.unwrap();
    drop(store);
    open(folder).await
}

/// What a crash would leave: the files as they are now, under a new folder.
pub(crate) fn copy_of(folder: &Path) -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let to = to.join(path.file_name().unwrap());
            if path.is_dir() {
                copy(&path, &to);
            } else {
                std::fs::copy(&path, to).unwrap();
            }
        }
    }
    let crashed = tempfile::tempdir().unwrap();
    copy(folder, crashed.path());
    kit::copied(folder, crashed.path());
    crashed
}

pub(crate) fn messina() -> TenantId {
    TenantId::new("messina").unwrap()
}

pub(crate) fn series_of(tenant: &str, device: &str, metric: &str) -> Arc<Series> {
    Arc::new(Series {
        tenant: TenantId::new(tenant).unwrap(),
        device: DeviceId::new(device).unwrap(),
        metric: MetricName::new(metric).unwrap(),
    })
}

/// A good reading of `power` of a device in Messina.
pub(crate) fn reading(device: &str, seconds: i64, value: f64) -> Reading {
    reading_of(series_of("messina", device, "power"), seconds, Value::Number(value))
}

pub(crate) fn reading_of(series: Arc<Series>, seconds: i64, value: Value) -> Reading {
    Reading {
        series,
        time: at(seconds),
        received: at(seconds + 1),
        value,
        unit: Unit::new("W"),
        quality: Quality::Good,
    }
}

pub(crate) async fn append(store: &dyn Store, readings: &[Reading]) -> Receipt {
    store.append(ReadingBatch::new(readings.to_vec()).unwrap()).await.unwrap()
}

pub(crate) fn selection(tenant: &str, device: &str, from: i64, until: i64) -> SeriesSelection {
    let series = series_of(tenant, device, "power");
    SeriesSelection {
        tenant: series.tenant.clone(),
        device: series.device.clone(),
        metric: series.metric.clone(),
        window: Window::new(at(from), at(until)).unwrap(),
    }
}

/// All that was kept of `power` of a device in Messina in the year around.
pub(crate) async fn raw<T: Telemetry + ?Sized>(store: &T, device: &str) -> Vec<Reading> {
    let year = 365 * 86_400;
    store.readings(&selection("messina", device, -year, year), usize::MAX).await.unwrap()
}

/// Everything of Messina, over all devices, as SQL sees it: device, metric, time, value.
pub(crate) async fn everything<T: Telemetry + ?Sized>(store: &T) -> Vec<Vec<Cell>> {
    let limits = QueryLimits { rows: 1_000_000, ..QueryLimits::default() };
    let sql = "select device, metric, time, value from readings order by device, metric, time";
    store.query(&messina(), sql, limits).await.unwrap().rows
}

pub(crate) fn cells(reading: &Reading) -> Vec<Cell> {
    vec![
        Cell::Text(reading.series.device.to_string()),
        Cell::Text(reading.series.metric.to_string()),
        Cell::Time(reading.time),
        reading.value.as_number().map_or(Cell::Null, Cell::Number),
    ]
}

pub(crate) async fn ask<T: Telemetry + ?Sized>(store: &T, sql: &str) -> store::Result<Answer> {
    store.query(&messina(), sql, QueryLimits::default()).await
}
