//! Where readings go that leave this folder, and how they are found there.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::BoxStream;
use model::{Reading, Series, SeriesSelection, TenantId, Timestamp, Value};

use crate::Result;

/// The parts that a question finds in the folder. A part and the rows that the archive took from it are the same readings: of these two the
/// folder's count while the part is there, so that nothing is seen twice or missed while it moves.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ours {
    /// Parts with this number or a higher one were not yet there when the question was asked: their rows were in memory then.
    pub(crate) below: u64,
    /// The parts that were there, and those that were merged into them.
    pub(crate) parts: Vec<u64>,
}

/// What a SQL query needs from the archive. Nothing that matches is left out; more may come.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    /// Whose readings.
    pub(crate) tenant: TenantId,
    /// Only of these devices.
    pub(crate) devices: Option<Vec<String>>,
    /// Only these metrics.
    pub(crate) metrics: Option<Vec<String>>,
    /// From this moment, inclusive.
    pub(crate) from: Timestamp,
    /// Until this moment, inclusive.
    pub(crate) last: Timestamp,
    /// Which columns of a reading are looked at; the others may be anything.
    pub(crate) columns: Columns,
    /// What the folder has itself.
    pub(crate) ours: Ours,
}

/// Columns beside series and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Columns {
    /// The value in any of its forms.
    pub(crate) value: bool,
    /// The unit.
    pub(crate) unit: bool,
    /// Quality and time of arrival.
    pub(crate) rest: bool,
}

/// Readings of one bucket of a window that the archive has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Share {
    /// Time and value of the first.
    pub(crate) first: (Timestamp, f64),
    /// Time and value of the last.
    pub(crate) last: (Timestamp, f64),
    /// The smallest value.
    pub(crate) min: f64,
    /// The largest value.
    pub(crate) max: f64,
    /// The sum of the values.
    pub(crate) sum: f64,
    /// How many.
    pub(crate) count: u64,
}

/// Another store that takes readings over. What it took it keeps; the same key again changes nothing.
#[async_trait]
pub(crate) trait Archive: Send + Sync + Debug {
    /// The values that are kept under these keys. Blocks its thread, but not for long: `None` when the archive cannot be asked now.
    fn kept(&self, keys: Vec<(Arc<Series>, Timestamp)>) -> Option<Vec<Option<Value>>>;

    /// Finite numbers of one series, in shares of the buckets that begin at `edges`; each share with a moment inside of its bucket.
    async fn shares(&self, selection: &SeriesSelection, edges: Vec<Timestamp>, ours: Ours) -> Result<Vec<Share>>;

    /// Readings of one series, oldest first.
    async fn readings(&self, selection: &SeriesSelection, limit: usize, ours: Ours) -> Result<Vec<Reading>>;

    /// Readings for a query, in no order, some at a time.
    fn scan(&self, wanted: Wanted) -> BoxStream<'static, Result<Vec<Reading>>>;
}
