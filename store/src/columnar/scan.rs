//! One series over one window: raw, or reduced to buckets that lose no peak and no trough.

use std::sync::Arc;

use arrow::array::{RecordBatch, StringViewArray};
use arrow::compute::kernels::cmp::eq;
use arrow::compute::{and, filter_record_batch};
use model::{Reading, Series, SeriesSelection, Timestamp, Window};

use super::rows::Rows;
use super::shelf::Shelf;
use super::tables::DayView;
use crate::error::BoxError;
use crate::{Bucket, Error, Result};

/// More buckets than any screen has pixels; bounds the memory of one answer.
const MOST_BUCKETS: usize = 100_000;

/// The days that a window touches, one after the other, each with the rows of the series that lie inside. The snapshot is taken at once.
fn days(shelf: &Shelf, selection: &SeriesSelection, mut each: impl FnMut(&[RecordBatch]) -> bool) -> Result<()> {
    let Window { from, until } = selection.window;
    let last = Timestamp::from_nanos(until.as_nanos().saturating_sub(1));
    let views = shelf.tables().days(&selection.tenant, from.day(), last.day());
    for (_, mut view) in views {
        view.parts.retain(|part| part.window_overlaps(&selection.window));
        shelf.only_sound(&mut view);
        let rows = rows_of_day(&view, selection)
            .map_err(|error| Error::unreachable(format!("reading {}", selection.device), error))?;
        if !each(&rows) {
            break;
        }
    }
    Ok(())
}

fn rows_of_day(view: &DayView, selection: &SeriesSelection) -> Result<Vec<RecordBatch>, BoxError> {
    let device = StringViewArray::new_scalar(selection.device.as_str());
    let metric = StringViewArray::new_scalar(selection.metric.as_str());
    let mut found = Vec::new();
    for batch in &view.batches {
        let Some(rows) = Rows::of(batch) else { continue };
        let wanted = and(&eq(rows.device, &device)?, &eq(rows.metric, &metric)?)?;
        if wanted.true_count() > 0 {
            found.push(filter_record_batch(batch, &wanted)?);
        }
    }
    for part in &view.parts {
        found.extend(part.read_series(&selection.device, &selection.metric, &selection.window)?);
    }
    Ok(found)
}

/// The readings as they were kept, oldest first.
pub(super) fn readings(shelf: &Shelf, selection: &SeriesSelection, limit: usize) -> Result<Vec<Reading>> {
    let series = Arc::new(Series {
        tenant: selection.tenant.clone(),
        device: selection.device.clone(),
        metric: selection.metric.clone(),
    });
    let mut found: Vec<Reading> = Vec::new();
    if limit == 0 {
        return Ok(found);
    }
    days(shelf, selection, |batches| {
        let start = found.len();
        for rows in batches.iter().filter_map(Rows::of) {
            let inside = (0..rows.len()).filter(|row| selection.window.contains(rows.time(*row)));
            found.extend(inside.map(|row| rows.reading(row, &series)));
        }
        found[start..].sort_unstable_by_key(|reading| reading.time);
        found.len() < limit
    })?;
    found.truncate(limit);
    Ok(found)
}

struct Sum {
    bucket: Bucket,
    last_time: Timestamp,
    total: f64,
}

impl Sum {
    fn new(time: Timestamp, number: f64) -> Self {
        let bucket = Bucket { time, first: number, min: number, max: number, last: number, mean: number, count: 1 };
        Self { bucket, last_time: time, total: number }
    }

    fn add(&mut self, time: Timestamp, number: f64) {
        let bucket = &mut self.bucket;
        if time < bucket.time {
            (bucket.time, bucket.first) = (time, number);
        }
        if time >= self.last_time {
            (self.last_time, bucket.last) = (time, number);
        }
        bucket.min = bucket.min.min(number);
        bucket.max = bucket.max.max(number);
        bucket.count += 1;
        self.total += number;
    }

    fn finish(self) -> Bucket {
        // The sum of large finite numbers may be too large for a double; the mean lies between the extremes all the same.
        let mean = (self.total / self.bucket.count as f64).clamp(self.bucket.min, self.bucket.max);
        Bucket { mean, ..self.bucket }
    }
}

/// The window in at most `buckets` buckets of equal length.
pub(super) fn history(shelf: &Shelf, selection: &SeriesSelection, buckets: usize) -> Result<Vec<Bucket>> {
    let buckets = buckets.min(MOST_BUCKETS);
    let window = selection.window;
    let (from, span) =
        (i128::from(window.from.as_nanos()), i128::from(window.until.as_nanos()) - i128::from(window.from.as_nanos()));
    if buckets == 0 || span <= 0 {
        return Ok(Vec::new());
    }
    let mut sums: Vec<Option<Sum>> = Vec::new();
    sums.resize_with(buckets, || None);
    days(shelf, selection, |batches| {
        for rows in batches.iter().filter_map(Rows::of) {
            for row in 0..rows.len() {
                let time = rows.time(row);
                let Some(number) = rows.number(row).filter(|_| window.contains(time)) else { continue };
                let bucket = (i128::from(time.as_nanos()) - from) * buckets as i128 / span;
                match &mut sums[bucket as usize] {
                    Some(sum) => sum.add(time, number),
                    empty => *empty = Some(Sum::new(time, number)),
                }
            }
        }
        true
    })?;
    Ok(sums.into_iter().flatten().map(Sum::finish).collect())
}
