//! Keeping readings and reading them back.

use async_trait::async_trait;
use model::{DeviceId, MetricName, Reading, ReadingBatch, SeriesSelection, TenantId, Timestamp, Value, Window};
use tokio::sync::mpsc::Receiver;

use super::{Answer, QueryLimits};
use crate::Result;

/// Why a reading of an append is not new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotKept {
    /// It was kept before with the same value.
    Duplicate,
    /// Its key was kept before with another value.
    Conflict,
}

/// What became of an append. `kept.len() + duplicates + conflicts` is what was given.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Receipt {
    /// The readings that were new and are now durable, in the order given.
    pub kept: Vec<Reading>,
    /// Readings that were kept before with the same value.
    pub duplicates: usize,
    /// Readings whose key was kept before with another value. The first value stays: an acknowledged reading is never changed.
    pub conflicts: usize,
    /// Which readings these were, by their place in what was given, in rising order.
    pub not_kept: Vec<(usize, NotKept)>,
}

/// Readings of one series over one span of time, reduced so that no peak and no trough is lost.
#[derive(Debug, Clone, PartialEq)]
pub struct Bucket {
    /// The time of the first reading in it.
    pub time: Timestamp,
    /// The first value.
    pub first: f64,
    /// The smallest value.
    pub min: f64,
    /// The largest value.
    pub max: f64,
    /// The last value.
    pub last: f64,
    /// The mean.
    pub mean: f64,
    /// How many readings; at least one.
    pub count: u64,
}

/// The times at which one series was read within a day.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesTimes {
    /// Which device.
    pub device: DeviceId,
    /// What was measured.
    pub metric: MetricName,
    /// When, in nanoseconds since 1970; in order, never empty.
    pub times: Vec<i64>,
    /// The numbers of these readings, where they were asked for; not a number for what has none. Else empty.
    pub numbers: Vec<f64>,
}

/// Series with their times, a handful at once, as fast as they are taken.
pub type TimesStream = Receiver<Result<Vec<SeriesTimes>>>;

/// How full the engine is; for `/status` and `/metrics`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Gauges {
    /// Readings in memory, not yet in a part.
    pub memory_readings: u64,
    /// Bytes in the log.
    pub log_bytes: u64,
    /// Parts on disk.
    pub parts: u64,
    /// Readings in parts.
    pub part_readings: u64,
    /// Bytes of all parts.
    pub part_bytes: u64,
    /// Series known.
    pub series: u64,
    /// Appends that wait for the next group commit.
    pub waiting: u64,
}

/// Something that was found damaged and set aside when the store was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lost {
    /// Which file.
    pub file: String,
    /// Where and how it is damaged, and what was done.
    pub detail: String,
}

/// Time series of many tenants.
#[async_trait]
pub trait Telemetry: Send + Sync {
    /// Keeps readings. When it returns they are on disk, or were before. Idempotent on (tenant, device, metric, time).
    async fn append(&self, batch: ReadingBatch) -> Result<Receipt>;

    /// The newest reading of every series of a tenant, by the time of measurement; historical and bad ones never count as newest.
    fn newest(&self, tenant: &TenantId) -> Vec<Reading>;

    /// The newest reading of every metric of one device.
    fn newest_of(&self, tenant: &TenantId, device: &DeviceId) -> Vec<Reading>;

    /// One series over one window in at most `buckets` buckets of equal length, empty ones left out. Values that are no numbers are left out.
    async fn history(&self, selection: &SeriesSelection, buckets: usize) -> Result<Vec<Bucket>>;

    /// One series over one window as it was kept, at most `limit` readings, oldest first.
    async fn readings(&self, selection: &SeriesSelection, limit: usize) -> Result<Vec<Reading>>;

    /// When every series of a tenant was read: day by day, within a day in the order of devices and metrics; of `counter` also the numbers. Never
    /// holds more in memory than some thousand rows of each part and one series of a day.
    async fn times(&self, tenant: &TenantId, window: Window, counter: &MetricName) -> Result<TimesStream>;

    /// A read-only SQL query over the table `readings` of one tenant.
    async fn query(&self, tenant: &TenantId, sql: &str, limits: QueryLimits) -> Result<Answer>;

    /// Writes what is in memory into parts and shortens the log.
    async fn flush(&self) -> Result<()>;

    /// Finishes what is under way and takes nothing more.
    async fn close(&self) -> Result<()>;

    /// How full it is.
    fn gauges(&self) -> Gauges;

    /// What was found damaged when it was opened.
    fn lost(&self) -> Vec<Lost>;
}

impl Bucket {
    /// The number that a chart draws for a value, if it has one.
    pub fn number(value: &Value) -> Option<f64> {
        value.as_number().filter(|number| number.is_finite())
    }
}
