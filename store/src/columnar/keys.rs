//! Which (series, time) are kept already, with a mark of their value.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use model::{Series, TenantId, Timestamp};

use super::board::{Board, SeriesNumber};
use super::rows::Rows;

/// Keys of one day of one tenant, or of one part. For each series its times in order.
#[derive(Debug, Default)]
pub(super) struct Keys {
    series: HashMap<SeriesNumber, Vec<(Timestamp, u64)>>,
    count: usize,
}

impl Keys {
    /// The mark of the value that is kept for this key.
    pub(super) fn find(&self, series: SeriesNumber, time: Timestamp) -> Option<u64> {
        let times = self.series.get(&series)?;
        times.binary_search_by_key(&time, |(time, _)| *time).ok().map(|at| times[at].1)
    }

    /// Adds a key; one that is there already keeps its first mark.
    pub(super) fn insert(&mut self, series: SeriesNumber, time: Timestamp, mark: u64) {
        let times = self.series.entry(series).or_default();
        match times.last() {
            Some((last, _)) if *last >= time => {
                if let Err(at) = times.binary_search_by_key(&time, |(time, _)| *time) {
                    times.insert(at, (time, mark));
                    self.count += 1;
                }
            }
            _ => {
                times.push((time, mark));
                self.count += 1;
            }
        }
    }

    /// Adds all keys of a batch of one tenant. Rows of one series usually follow each other; those are looked up once.
    pub(super) fn insert_batch(&mut self, tenant: &TenantId, batch: &RecordBatch, numbers: &mut Numbers<'_>) {
        let Some(rows) = Rows::of(batch) else { return };
        for row in 0..rows.len() {
            let number = numbers.of_row(tenant, &rows, row);
            self.insert(number, rows.time(row), rows.mark(row));
        }
    }

    /// Roughly how many bytes it takes.
    pub(super) fn bytes(&self) -> usize {
        self.count * 16 + self.series.len() * 64
    }
}

/// Finds the numbers of the series of rows; a series that is not known yet gets one.
pub(super) struct Numbers<'a> {
    board: &'a mut Board,
    last: Option<(Arc<Series>, SeriesNumber)>,
}

impl<'a> Numbers<'a> {
    pub(super) fn new(board: &'a mut Board) -> Self {
        Self { board, last: None }
    }

    pub(super) fn board(&mut self) -> &mut Board {
        self.board
    }

    pub(super) fn of_row(&mut self, tenant: &TenantId, rows: &Rows<'_>, row: usize) -> SeriesNumber {
        let (device, metric) = (rows.device.value(row), rows.metric.value(row));
        if let Some((series, number)) = &self.last
            && series.device.as_str() == device
            && series.metric.as_str() == metric
            && series.tenant == *tenant
        {
            return *number;
        }
        let number = self.board.find(tenant.as_str(), device, metric).unwrap_or_else(|| {
            self.board.number_or_new(&Arc::new(Series {
                tenant: tenant.clone(),
                device: model::DeviceId::new(device).expect("it was a device when it was kept"),
                metric: model::MetricName::new(metric).expect("it was a metric when it was kept"),
            }))
        });
        self.last = Some((Arc::clone(&self.board.known(number).series), number));
        number
    }
}

/// The keys of parts, loaded when a late reading asks for them. Bounded; the one not used for longest goes first.
#[derive(Debug)]
pub(super) struct PartKeys {
    parts: HashMap<u64, (Arc<Keys>, u64)>,
    bytes: usize,
    capacity: usize,
    clock: u64,
}

impl PartKeys {
    /// A cache of at most `capacity` bytes, and always the part asked for last.
    pub(super) fn new(capacity: usize) -> Self {
        Self { parts: HashMap::new(), bytes: 0, capacity, clock: 0 }
    }

    /// The keys of a part, loaded by `load` if need be.
    pub(super) fn of<E>(&mut self, part: u64, load: impl FnOnce() -> Result<Keys, E>) -> Result<Arc<Keys>, E> {
        self.clock += 1;
        if let Some((keys, used)) = self.parts.get_mut(&part) {
            *used = self.clock;
            return Ok(Arc::clone(keys));
        }
        let keys = Arc::new(load()?);
        self.bytes += keys.bytes();
        self.parts.insert(part, (Arc::clone(&keys), self.clock));
        while self.bytes > self.capacity && self.parts.len() > 1 {
            let oldest = self.parts.iter().min_by_key(|(_, (_, used))| *used).map(|(part, _)| *part);
            if let Some((gone, _)) = oldest.and_then(|oldest| self.parts.remove(&oldest)) {
                self.bytes -= gone.bytes();
            }
        }
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_found_whatever_the_order_of_arrival_and_keeps_its_first_mark() {
        let mut keys = Keys::default();
        for (time, mark) in [(5, 50), (3, 30), (9, 90), (5, 51)] {
            keys.insert(1, Timestamp::from_nanos(time), mark);
        }
        let found: Vec<_> = (3..10).map(|time| keys.find(1, Timestamp::from_nanos(time))).collect();
        assert_eq!(found, [Some(30), None, Some(50), None, None, None, Some(90)]);
        assert_eq!(keys.find(2, Timestamp::from_nanos(5)), None);
    }

    #[test]
    fn a_full_cache_forgets_the_part_that_was_not_used_for_longest() {
        let mut cache = PartKeys::new(200);
        let mut loads = 0;
        for part in [1, 2, 1, 3, 1] {
            let keys = cache.of(part, || {
                loads += 1;
                let mut keys = Keys::default();
                keys.insert(1, Timestamp::EPOCH, 1);
                Ok::<_, ()>(keys)
            });
            assert!(keys.is_ok());
        }
        assert_eq!(loads, 3);
        assert!(!cache.parts.contains_key(&2));
    }
}
