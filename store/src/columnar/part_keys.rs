//! Which (series, time) stand in parts, a group of rows at a time: a late reading opens the groups that may hold it, and nothing else.

use std::collections::HashMap;
use std::sync::Arc;

use model::{TenantId, Timestamp};

use super::board::{Board, SeriesNumber};
use super::keys::Numbers;
use super::part::Part;
use super::rows::Rows;
use crate::error::BoxError;

/// The keys of one group of rows, in columns: the rows stand there by series and time already.
#[derive(Debug, Default)]
pub(super) struct GroupKeys {
    /// Each series with its first row and the row after its last, by number.
    series: Vec<(SeriesNumber, u32, u32)>,
    times: Vec<Timestamp>,
    marks: Vec<u64>,
}

impl GroupKeys {
    /// Reads a group of a part. Series that the board does not know yet get their numbers.
    pub(super) fn read(part: &Part, group: usize, tenant: &TenantId, board: &mut Board) -> Result<Self, BoxError> {
        let batches = part.read_group(group)?;
        let mut keys = Self::default();
        let mut numbers = Numbers::new(board);
        for batch in &batches {
            let rows = Rows::of(batch).ok_or("the columns of a part are not those of readings")?;
            for row in 0..rows.len() {
                keys.push(numbers.of_row(tenant, &rows, row), rows.time(row), rows.mark(row));
            }
        }
        keys.series.sort_unstable();
        keys.series.shrink_to_fit();
        Ok(keys)
    }

    fn push(&mut self, number: SeriesNumber, time: Timestamp, mark: u64) {
        // A group has 65,536 rows.
        let at = self.times.len() as u32;
        match self.series.last_mut() {
            Some((last, _, end)) if *last == number => *end = at + 1,
            _ => self.series.push((number, at, at + 1)),
        }
        self.times.push(time);
        self.marks.push(mark);
    }

    /// The mark of the value that is kept for this key.
    pub(super) fn find(&self, series: SeriesNumber, time: Timestamp) -> Option<u64> {
        let at = self.series.binary_search_by_key(&series, |(number, ..)| *number).ok()?;
        let (_, from, until) = self.series[at];
        let times = &self.times[from as usize..until as usize];
        times.binary_search(&time).ok().map(|at| self.marks[from as usize + at])
    }

    /// How many bytes it takes.
    fn bytes(&self) -> usize {
        self.times.len() * 16 + self.series.len() * 12
    }
}

/// The keys of groups, loaded when a late reading asks for them. Bounded; the one not used for longest goes first.
#[derive(Debug)]
pub(super) struct PartKeys {
    groups: HashMap<(u64, usize), (Arc<GroupKeys>, u64)>,
    bytes: usize,
    capacity: usize,
    clock: u64,
}

impl PartKeys {
    /// A cache of at most `capacity` bytes, and always the group asked for last.
    pub(super) fn new(capacity: usize) -> Self {
        Self { groups: HashMap::new(), bytes: 0, capacity, clock: 0 }
    }

    /// The keys of a group of a part, loaded by `load` if need be.
    pub(super) fn of<E>(
        &mut self,
        group: (u64, usize),
        load: impl FnOnce() -> Result<GroupKeys, E>,
    ) -> Result<Arc<GroupKeys>, E> {
        self.clock += 1;
        if let Some((keys, used)) = self.groups.get_mut(&group) {
            *used = self.clock;
            return Ok(Arc::clone(keys));
        }
        let keys = Arc::new(load()?);
        self.bytes += keys.bytes();
        self.groups.insert(group, (Arc::clone(&keys), self.clock));
        while self.bytes > self.capacity && self.groups.len() > 1 {
            let oldest = self.groups.iter().min_by_key(|(_, (_, used))| *used).map(|(group, _)| *group);
            if let Some((gone, _)) = oldest.and_then(|oldest| self.groups.remove(&oldest)) {
                self.bytes -= gone.bytes();
            }
        }
        Ok(keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(rows: &[(SeriesNumber, i64, u64)]) -> GroupKeys {
        let mut keys = GroupKeys::default();
        rows.iter().for_each(|(number, time, mark)| keys.push(*number, Timestamp::from_nanos(*time), *mark));
        keys.series.sort_unstable();
        keys
    }

    #[test]
    fn a_key_is_found_whatever_the_order_of_the_numbers_and_nothing_else_is() {
        // Rows stand by name, so their numbers come in any order.
        let keys = keys(&[(7, 3, 73), (7, 5, 75), (2, 1, 21), (2, 5, 25), (2, 9, 29), (4, 5, 45)]);
        for series in 0..9 {
            for time in 0..11 {
                let expected = [(7, 3), (7, 5), (2, 1), (2, 5), (2, 9), (4, 5)].contains(&(series, time));
                let mark = expected.then_some(u64::from(series) * 10 + time as u64);
                assert_eq!(keys.find(series, Timestamp::from_nanos(time)), mark, "{series} {time}");
            }
        }
    }

    #[test]
    fn a_full_cache_forgets_the_group_that_was_not_used_for_longest() {
        let mut cache = PartKeys::new(2 * keys(&[(1, 1, 1)]).bytes());
        let mut loads = 0;
        for group in [1, 2, 1, 3, 1] {
            let loaded = cache.of((9, group), || {
                loads += 1;
                Ok::<_, ()>(keys(&[(1, 1, 1)]))
            });
            assert!(loaded.is_ok());
        }
        assert_eq!(loads, 3);
        assert!(!cache.groups.contains_key(&(9, 2)));
    }
}
