//! Writes memory out as parts and merges small parts, beside the writer and without stopping it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use arrow::array::RecordBatch;
use tokio::sync::mpsc;

use super::disk::Disk;
use super::manifest::Manifest;
use super::newest_file;
use super::order::sorted;
use super::part::Part;
use super::shelf::Shelf;
use super::tables::{DayKey, Days};
use crate::error::BoxError;
use crate::metrics;

/// A day with more parts than this gets its small ones merged.
const PARTS_OF_A_DAY: usize = 8;
/// Readings that one merge takes at most: it holds them in memory, about 120 MiB.
const MERGE_READINGS: u64 = 1_000_000;

/// How a flush ended.
pub(super) struct Flushed {
    pub(super) outcome: Result<(), BoxError>,
    /// The log below this is in parts now.
    pub(super) floor: u64,
}

/// What the manifest says beside its list of parts.
#[derive(Debug, Clone, Copy)]
struct Books {
    generation: u64,
    newest: u64,
    log_floor: u64,
    next_part: u64,
}

/// Starts flushes, one at a time.
pub(super) struct Flush {
    work: Arc<Work>,
    /// The floor of a flush that has not succeeded yet.
    behind: Option<u64>,
    ended: mpsc::Receiver<Flushed>,
    end: mpsc::Sender<Flushed>,
}

struct Work {
    disk: Arc<dyn Disk>,
    shelf: Arc<Shelf>,
    books: Mutex<Books>,
    /// Held from the writing of a manifest until memory agrees with it: parts come, are merged and leave on different threads.
    turn: Mutex<()>,
    /// The folder is given back: nobody takes anything out any more.
    closed: AtomicBool,
}

/// Lets others take parts out.
#[derive(Clone)]
pub(super) struct Parts {
    work: Arc<Work>,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").finish_non_exhaustive()
    }
}

impl Parts {
    /// Forgets a part; its file goes with the last query that reads it. A part that was merged meanwhile lives on in another one.
    pub(super) fn let_go(&self, part: &Arc<Part>) -> Result<(), BoxError> {
        let _turn = self.work.turn();
        if self.work.closed.load(Ordering::Relaxed) {
            return Err("the folder is closed".into());
        }
        if !self.work.shelf.tables().parts().any(|other| Arc::ptr_eq(other, part)) {
            return Ok(());
        }
        let gone = [part.about.number];
        self.work.commit(&[], &gone, self.work.books().log_floor)?;
        self.work.shelf.tables().remove_parts(&gone);
        part.mark_replaced();
        Ok(())
    }

    /// Waits for a part that is on its way out, and lets no other one go.
    pub(super) fn close(&self) {
        let _turn = self.work.turn();
        self.work.closed.store(true, Ordering::Relaxed);
    }

    /// No part gets a number below this one from here on.
    pub(super) fn number_from(&self, number: u64) {
        let mut books = self.work.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.next_part = books.next_part.max(number);
    }
}

impl Flush {
    pub(super) fn new(disk: Arc<dyn Disk>, shelf: Arc<Shelf>, manifest: &Manifest) -> Self {
        let books = Books {
            generation: manifest.generation,
            newest: manifest.newest,
            log_floor: manifest.log_floor,
            next_part: manifest.next_part.max(1),
        };
        // One flush at a time, so one message at a time.
        let (end, ended) = mpsc::channel(1);
        Self {
            work: Arc::new(Work {
                disk,
                shelf,
                books: Mutex::new(books),
                turn: Mutex::new(()),
                closed: AtomicBool::new(false),
            }),
            behind: None,
            ended,
            end,
        }
    }

    /// A hand that takes parts out.
    pub(super) fn parts(&self) -> Parts {
        Parts { work: Arc::clone(&self.work) }
    }

    /// Whether an earlier flush failed and what it should have written is still aside.
    pub(super) fn is_behind(&self) -> bool {
        self.behind.is_some()
    }

    /// The floor of the flush to come: that of the failed one that it repeats, or a new one.
    pub(super) fn floor_or(&mut self, rotate: impl FnOnce() -> u64) -> u64 {
        *self.behind.get_or_insert_with(rotate)
    }

    /// Begins to write `days`; the log below `floor` holds them.
    pub(super) fn start(&mut self, days: Arc<Days>, floor: u64) -> io::Result<()> {
        let (work, end) = (Arc::clone(&self.work), self.end.clone());
        thread::Builder::new().name("specola-flush".into()).spawn(move || {
            let started = Instant::now();
            let outcome = work.flush(&days, floor);
            drop(days);
            metrics::flushed(outcome.is_ok(), started.elapsed());
            if outcome.is_ok()
                && let Err(error) = work.merge_small_parts()
            {
                tracing::warn!(%error, "small parts cannot be merged; the next flush tries again");
            }
            // The writer waits for this before it ends.
            let _ = end.blocking_send(Flushed { outcome, floor });
        })?;
        Ok(())
    }

    /// Waits for the flush under way.
    pub(super) async fn finished(&mut self) -> Option<Flushed> {
        let flushed = self.ended.recv().await?;
        if flushed.outcome.is_ok() {
            self.behind = None;
        }
        Some(flushed)
    }
}

impl Work {
    fn books(&self) -> Books {
        *self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_part(&self) -> u64 {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.next_part += 1;
        books.next_part - 1
    }

    /// Parts first, then the newest values, then the manifest; only then do the parts take the place of memory. Whatever a crash leaves
    /// unfinished is not in the manifest and goes at the next start, when the log is read again.
    fn flush(&self, days: &Days, floor: u64) -> Result<(), BoxError> {
        let mut parts = Vec::with_capacity(days.len());
        let outcome = days.iter().try_for_each(|(key, day)| {
            parts.push(Arc::new(self.write_part(key, &day.batches, Vec::new())?));
            Ok(())
        });
        let _turn = self.turn();
        if let Err(error) = outcome.and_then(|()| self.commit(&parts, &[], floor)) {
            for part in &parts {
                let _ = self.disk.remove(&part.path);
            }
            return Err(error);
        }
        let (count, readings) = (parts.len(), parts.iter().map(|part| part.about.rows).sum::<u64>());
        self.shelf.tables().thaw(parts);
        tracing::debug!(parts = count, readings, "written out");
        Ok(())
    }

    fn write_part(&self, key: &DayKey, batches: &[RecordBatch], replaces: Vec<u64>) -> Result<Part, BoxError> {
        let rows = sorted(batches)?;
        Part::write(&*self.disk, &self.shelf.layout.parts(), self.next_part(), (&key.0, key.1), &rows, replaces)
    }

    fn commit(&self, added: &[Arc<Part>], gone: &[u64], floor: u64) -> Result<(), BoxError> {
        let books = self.books();
        let root = &self.shelf.layout.root;
        let generation = books.generation + 1;
        let mut newest = books.newest;
        // A merge adds nothing to the newest values: the file that is there goes on counting.
        if floor != books.log_floor {
            newest = generation;
            let known = self.shelf.board().all().to_vec();
            newest_file::write(&*self.disk, root, newest, &known)?;
        }
        let mut parts: Vec<_> = self.shelf.tables().parts().map(|part| part.about.clone()).collect();
        parts.retain(|part| !gone.contains(&part.number));
        parts.extend(added.iter().map(|part| part.about.clone()));
        let manifest = Manifest { generation, newest, log_floor: floor, next_part: books.next_part, parts };
        manifest.write(&*self.disk, root)?;
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        (books.generation, books.newest, books.log_floor) = (generation, newest, floor);
        Ok(())
    }

    fn merge_small_parts(&self) -> Result<(), BoxError> {
        while let Some((key, small)) = self.small_parts() {
            let numbers: Vec<u64> = small.iter().map(|part| part.about.number).collect();
            let mut batches = Vec::new();
            for part in &small {
                if !self.shelf.is_sound(part) {
                    return Ok(());
                }
                for batch in part.read()? {
                    batches.push(batch?);
                }
            }
            let mut replaces = numbers.clone();
            if self.shelf.archive().is_some() {
                // Rows that left may still bear the number of a part that was merged long ago.
                replaces.extend(small.iter().flat_map(|part| part.about.replaces.iter().copied()));
            }
            let merged = Arc::new(self.write_part(&key, &batches, replaces)?);
            drop(batches);
            let _turn = self.turn();
            if !self.holds(&small) {
                // One of them has left meanwhile.
                self.disk.remove(&merged.path)?;
                continue;
            }
            if let Err(error) = self.commit(std::slice::from_ref(&merged), &numbers, self.books().log_floor) {
                self.disk.remove(&merged.path)?;
                return Err(error);
            }
            {
                let mut tables = self.shelf.tables();
                tables.remove_parts(&numbers);
                tables.add_part(merged);
            }
            small.iter().for_each(|part| part.mark_replaced());
            metrics::merged();
        }
        Ok(())
    }

    fn holds(&self, parts: &[Arc<Part>]) -> bool {
        let tables = self.shelf.tables();
        parts.iter().all(|part| tables.parts().any(|other| Arc::ptr_eq(other, part)))
    }

    /// The smallest parts of a day that has too many, as many as one merge takes.
    fn small_parts(&self) -> Option<(DayKey, Vec<Arc<Part>>)> {
        let tables = self.shelf.tables();
        tables.days_of_parts().filter(|(_, parts)| parts.len() > PARTS_OF_A_DAY).find_map(|(key, parts)| {
            let mut parts = parts.clone();
            parts.sort_by_key(|part| part.about.rows);
            let mut readings = 0;
            let take = parts.iter().take_while(|part| {
                readings += part.about.rows;
                readings <= MERGE_READINGS
            });
            let take = take.count();
            parts.truncate(take);
            // Few and large parts gain nothing from being written again.
            (take > PARTS_OF_A_DAY / 2).then(|| (key.clone(), parts))
        })
    }
}
