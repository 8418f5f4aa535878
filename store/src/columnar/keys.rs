//! Which (series, time) are kept already, with a mark of their value.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use model::{Series, TenantId, Timestamp};

use super::board::{Board, SeriesNumber};
use super::rows::Rows;

/// Keys of one day of one tenant, in memory. For each series its times in order.
#[derive(Debug, Default)]
pub(super) struct Keys {
    series: HashMap<SeriesNumber, Vec<(Timestamp, u64)>>,
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
                }
            }
            _ => {
                times.push((time, mark));
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
}
