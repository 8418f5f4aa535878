//! Tells new readings from those that were kept before, exactly: in the group, in memory and in parts.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Reading, TenantId, Timestamp};

use super::board::SeriesNumber;
use super::keys::{Keys, Numbers};
use super::part_keys::{GroupKeys, PartKeys};
use super::rows::mark;
use super::shelf::Shelf;
use super::tables::DayKey;
use crate::error::BoxError;
use crate::{Error, Result, metrics};

/// Keys of parts in memory: 128 MiB are eight million readings, two days of a mid-sized city.
const PART_KEYS_BYTES: usize = 128 << 20;

/// What a reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    New,
    Duplicate,
    Conflict,
}

/// The memory of the check. Most readings are later than all of their series and cost one comparison; only the others look further.
pub(super) struct Judge {
    shelf: Arc<Shelf>,
    /// The latest time of each series, with the readings of the group under way.
    latest: Vec<Timestamp>,
    /// What to put back when the group does not become durable.
    undo: Vec<(SeriesNumber, Timestamp)>,
    /// The new readings of the group under way.
    group: Vec<(SeriesNumber, Timestamp, u64)>,
    /// The same as a map, once a late reading has asked.
    group_keys: Option<HashMap<(SeriesNumber, Timestamp), u64>>,
    /// Keys of days in memory that a late reading has asked for.
    memory: HashMap<DayKey, Keys>,
    parts: PartKeys,
    /// Marks of late readings of the group under way that the archive has.
    archived: HashMap<(SeriesNumber, Timestamp), u64>,
}

impl Judge {
    pub(super) fn new(shelf: Arc<Shelf>) -> Self {
        Self {
            shelf,
            latest: Vec::new(),
            undo: Vec::new(),
            group: Vec::new(),
            group_keys: None,
            memory: HashMap::new(),
            parts: PartKeys::new(PART_KEYS_BYTES),
            archived: HashMap::new(),
        }
    }

    /// The numbers of the series of these readings.
    pub(super) fn numbers<'a>(&mut self, readings: impl Iterator<Item = &'a Reading>) -> Vec<SeriesNumber> {
        let readings: Vec<&Reading> = readings.collect();
        let mut numbers: Vec<Option<SeriesNumber>> = {
            let board = self.shelf.board();
            readings.iter().map(|reading| board.number(&reading.series)).collect()
        };
        if numbers.iter().any(Option::is_none) {
            let mut board = self.shelf.board_mut();
            for (number, reading) in numbers.iter_mut().zip(&readings) {
                number.get_or_insert_with(|| board.number_or_new(&reading.series));
            }
        }
        let board = self.shelf.board();
        for known in &board.all()[self.latest.len()..] {
            self.latest.push(known.latest);
        }
        numbers.into_iter().flatten().collect()
    }

    /// Asks the archive, once for the whole group, which of the late readings it has. When it cannot be asked they count as new, and those that
    /// are not find out when they get there.
    pub(super) fn ask<'a>(&mut self, numbers: &[SeriesNumber], readings: impl Iterator<Item = &'a Reading>) {
        self.archived.clear();
        let Some(archive) = self.shelf.archive().cloned() else { return };
        let late =
            numbers.iter().zip(readings).filter(|(number, reading)| reading.time <= self.latest[**number as usize]);
        let (keys, late): (Vec<_>, Vec<_>) = late
            .map(|(number, reading)| ((Arc::clone(&reading.series), reading.time), (*number, reading.time)))
            .unzip();
        if keys.is_empty() {
            return;
        }
        match archive.kept(keys) {
            Some(values) => {
                let known = late.into_iter().zip(values).filter_map(|(key, value)| Some((key, mark(&value?))));
                self.archived.extend(known);
            }
            None => metrics::judged_alone(late.len()),
        }
    }

    /// Judges one reading of the group; a new one counts for those after it.
    pub(super) fn judge(&mut self, number: SeriesNumber, reading: &Reading) -> Result<Verdict> {
        let mark = mark(&reading.value);
        let latest = self.latest[number as usize];
        if reading.time > latest {
            self.undo.push((number, latest));
            self.latest[number as usize] = reading.time;
        } else if let Some(kept) = self.kept(number, reading)? {
            return Ok(if kept == mark { Verdict::Duplicate } else { Verdict::Conflict });
        }
        self.group.push((number, reading.time, mark));
        if let Some(keys) = &mut self.group_keys {
            keys.insert((number, reading.time), mark);
        }
        Ok(Verdict::New)
    }

    /// The mark of the value that is kept, or about to be kept, under the key of this reading.
    fn kept(&mut self, number: SeriesNumber, reading: &Reading) -> Result<Option<u64>> {
        let group = &self.group;
        let keys =
            self.group_keys.get_or_insert_with(|| group.iter().map(|(n, time, mark)| ((*n, *time), *mark)).collect());
        if let Some(mark) = keys.get(&(number, reading.time)) {
            return Ok(Some(*mark));
        }
        let tenant = &reading.series.tenant;
        let day: DayKey = (tenant.clone(), reading.time.day());
        // Memory and parts of one moment: between two moments a flush could carry a reading from one to the other unseen.
        let mut view = self.shelf.tables().day(&day);
        if !self.memory.contains_key(&day) {
            let mut keys = Keys::default();
            let mut board = self.shelf.board_mut();
            let mut numbers = Numbers::new(&mut board);
            view.batches.iter().for_each(|batch| keys.insert_batch(tenant, batch, &mut numbers));
            self.memory.insert(day.clone(), keys);
        }
        if let Some(mark) = self.memory.get(&day).and_then(|keys| keys.find(number, reading.time)) {
            return Ok(Some(mark));
        }
        view.parts.retain(|part| part.may_hold(reading.series.device.as_str(), reading.time));
        self.shelf.only_sound(&mut view);
        for part in view.parts {
            let unread = |error: BoxError| Error::unreachable(format!("reading {}", part.path.display()), error);
            for group in part.groups_of(&reading.series.device, reading.time).map_err(unread)? {
                let load = || GroupKeys::read(&part, group, tenant, &mut self.shelf.board_mut());
                let keys = self.parts.of((part.about.number, group), load).map_err(unread)?;
                if let Some(mark) = keys.find(number, reading.time) {
                    return Ok(Some(mark));
                }
            }
        }
        Ok(self.archived.get(&(number, reading.time)).copied())
    }

    /// The group is durable.
    pub(super) fn confirm(&mut self, tenant_of: impl Fn(SeriesNumber) -> TenantId) {
        self.undo.clear();
        self.group_keys = None;
        let group = std::mem::take(&mut self.group);
        if self.memory.is_empty() {
            return;
        }
        for (number, time, mark) in group {
            if let Some(keys) = self.memory.get_mut(&(tenant_of(number), time.day())) {
                keys.insert(number, time, mark);
            }
        }
    }

    /// The group is not durable: it never was.
    pub(super) fn forget(&mut self) {
        for (number, latest) in self.undo.drain(..).rev() {
            self.latest[number as usize] = latest;
        }
        self.group.clear();
        self.group_keys = None;
    }

    /// What was in memory is in parts now; the keys of days are gathered anew when they are asked for.
    pub(super) fn memory_was_written_out(&mut self) {
        self.memory.clear();
    }
}
