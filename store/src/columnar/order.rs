//! Puts rows into the order of parts: by device, metric and time.

use std::collections::HashMap;

use arrow::array::RecordBatch;
use arrow::compute::interleave_record_batch;
use arrow::error::ArrowError;

use super::rows::Rows;

/// Rows of a sorted batch: what one row group holds.
pub(super) const GROUP_ROWS: usize = 65_536;

/// The rows of all batches in order, in batches of [`GROUP_ROWS`].
pub(super) fn sorted(batches: &[RecordBatch]) -> Result<Vec<RecordBatch>, ArrowError> {
    let rows: Option<Vec<Rows<'_>>> = batches.iter().map(Rows::of).collect();
    let rows = rows.ok_or_else(|| ArrowError::SchemaError("these are no readings".into()))?;

    // Names become ranks first, so that sorting compares numbers.
    let mut ranks: HashMap<(&str, &str), u32> = HashMap::new();
    for rows in &rows {
        for row in 0..rows.len() {
            ranks.entry((rows.device.value(row), rows.metric.value(row))).or_default();
        }
    }
    let mut names: Vec<_> = ranks.keys().copied().collect();
    names.sort_unstable();
    for (rank, name) in (0..).zip(names) {
        ranks.insert(name, rank);
    }

    let count = rows.iter().map(Rows::len).sum();
    let mut order: Vec<(u32, i64, (usize, usize))> = Vec::with_capacity(count);
    for (batch, rows) in rows.iter().enumerate() {
        for row in 0..rows.len() {
            let rank = ranks[&(rows.device.value(row), rows.metric.value(row))];
            order.push((rank, rows.time.value(row), (batch, row)));
        }
    }
    order.sort_unstable();

    let sources: Vec<&RecordBatch> = batches.iter().collect();
    let group = |rows: &[(u32, i64, (usize, usize))]| {
        let places: Vec<(usize, usize)> = rows.iter().map(|(_, _, place)| *place).collect();
        interleave_record_batch(&sources, &places)
    };
    order.chunks(GROUP_ROWS).map(group).collect()
}
