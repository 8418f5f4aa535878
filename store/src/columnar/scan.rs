//! One series over one window: raw, or reduced to buckets that lose no peak and no trough.

use std::sync::Arc;

use arrow::array::{RecordBatch, StringViewArray};
use arrow::compute::kernels::cmp::eq;
use arrow::compute::{and, filter_record_batch};
use model::{Reading, Series, SeriesSelection, Timestamp, Window};

use super::archive::{Ours, Share};
use super::rows::Rows;
use super::shelf::Shelf;
use super::tables::DayView;
use crate::error::BoxError;
use crate::{Bucket, Error, Result};

/// More buckets than any screen has pixels; bounds the memory of one answer.
const MOST_BUCKETS: usize = 100_000;

/// The days that a window touches, one after the other, each with the rows of the series that lie inside. The snapshot is taken at once.
fn days(shelf: &Shelf, selection: &SeriesSelection, mut each: impl FnMut(&[RecordBatch]) -> bool) -> Result<Ours> {
    let Window { from, until } = selection.window;
    let last = Timestamp::from_nanos(until.as_nanos().saturating_sub(1));
    let (views, ours) = {
        let tables = shelf.tables();
        (tables.days(&selection.tenant, from.day(), last.day()), tables.ours(&selection.tenant))
    };
    for (_, mut view) in views {
        view.parts.retain(|part| part.window_overlaps(&selection.window));
        shelf.only_sound(&mut view);
        let rows = rows_of_day(&view, selection)
            .map_err(|error| Error::unreachable(format!("reading {}", selection.device), error))?;
        if !each(&rows) {
            break;
        }
    }
    Ok(ours)
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

/// The readings of the folder as they were kept, oldest first, and which parts it looked at.
pub(super) fn readings(shelf: &Shelf, selection: &SeriesSelection, limit: usize) -> Result<(Vec<Reading>, Ours)> {
    let series = Arc::new(Series {
        tenant: selection.tenant.clone(),
        device: selection.device.clone(),
        metric: selection.metric.clone(),
    });
    let mut found: Vec<Reading> = Vec::new();
    if limit == 0 {
        return Ok((found, Ours::default()));
    }
    let ours = days(shelf, selection, |batches| {
        let start = found.len();
        for rows in batches.iter().filter_map(Rows::of) {
            let inside = (0..rows.len()).filter(|row| selection.window.contains(rows.time(*row)));
            found.extend(inside.map(|row| rows.reading(row, &series)));
        }
        found[start..].sort_unstable_by_key(|reading| reading.time);
        found.len() < limit
    })?;
    found.truncate(limit);
    Ok((found, ours))
}

/// A window in at most so many buckets of equal length, being filled.
pub(super) struct Buckets {
    window: Window,
    sums: Vec<Option<Sum>>,
}

struct Sum {
    bucket: Bucket,
    last_time: Timestamp,
    total: f64,
}

impl Sum {
    fn new(share: &Share) -> Self {
        let Share { first: (time, first), last: (last_time, last), min, max, sum, count } = *share;
        Self { bucket: Bucket { time, first, min, max, last, mean: first, count }, last_time, total: sum }
    }

    fn add(&mut self, share: &Share) {
        let bucket = &mut self.bucket;
        if share.first.0 < bucket.time {
            (bucket.time, bucket.first) = share.first;
        }
        if share.last.0 >= self.last_time {
            (self.last_time, bucket.last) = share.last;
        }
        bucket.min = bucket.min.min(share.min);
        bucket.max = bucket.max.max(share.max);
        bucket.count += share.count;
        self.total += share.sum;
    }

    fn finish(self) -> Bucket {
        // The sum of large finite numbers may be too large for a double; the mean lies between the extremes all the same.
        let mean = (self.total / self.bucket.count as f64).clamp(self.bucket.min, self.bucket.max);
        Bucket { mean, ..self.bucket }
    }
}

impl Buckets {
    /// Buckets without readings; `None` when the window has none.
    pub(super) fn new(window: Window, buckets: usize) -> Option<Self> {
        let buckets = buckets.min(MOST_BUCKETS);
        if buckets == 0 || window.from >= window.until {
            return None;
        }
        let mut sums = Vec::new();
        sums.resize_with(buckets, || None);
        Some(Self { window, sums })
    }

    fn span(&self) -> i128 {
        i128::from(self.window.until.as_nanos()) - i128::from(self.window.from.as_nanos())
    }

    /// The first moment of each bucket.
    pub(super) fn edges(&self) -> Vec<Timestamp> {
        let (count, span) = (self.sums.len() as i128, self.span());
        let begin = |bucket: i128| (bucket * span + count - 1) / count + i128::from(self.window.from.as_nanos());
        (0..count).map(|bucket| Timestamp::from_nanos(i64::try_from(begin(bucket)).unwrap_or(i64::MAX))).collect()
    }

    /// Takes readings of one bucket into account. Those outside of the window belong to none.
    pub(super) fn add(&mut self, share: &Share) {
        let time = share.first.0;
        if !self.window.contains(time) {
            return;
        }
        let after = i128::from(time.as_nanos()) - i128::from(self.window.from.as_nanos());
        let bucket = after * self.sums.len() as i128 / self.span();
        match &mut self.sums[bucket as usize] {
            Some(sum) => sum.add(share),
            empty => *empty = Some(Sum::new(share)),
        }
    }

    /// The buckets that hold anything.
    pub(super) fn finish(self) -> Vec<Bucket> {
        self.sums.into_iter().flatten().map(Sum::finish).collect()
    }
}

/// Fills the buckets with what the folder has. Returns which parts it looked at.
pub(super) fn history(shelf: &Shelf, selection: &SeriesSelection, buckets: &mut Buckets) -> Result<Ours> {
    days(shelf, selection, |batches| {
        for rows in batches.iter().filter_map(Rows::of) {
            for row in 0..rows.len() {
                let Some(number) = rows.number(row) else { continue };
                let one = (rows.time(row), number);
                buckets.add(&Share { first: one, last: one, min: number, max: number, sum: number, count: 1 });
            }
        }
        true
    })
}
