//! The one writer: takes the appends that wait, makes them durable together, and only then answers.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::ipc::writer::IpcWriteContext;
use model::{Reading, ReadingBatch, Value};
use tokio::sync::{mpsc, oneshot};

use super::board::SeriesNumber;
use super::flush::{Flush, Flushed};
use super::frame;
use super::judge::{Judge, Verdict};
use super::log::Log;
use super::rows::Builder;
use super::shelf::Shelf;
use super::tables::DayKey;
use crate::metrics::{self, Outcome};
use crate::{Config, Error, NotKept, Receipt, Result};

/// After a failed flush the next try comes this much later: an operator who makes room sees it work at once.
const RETRY: Duration = Duration::from_secs(2);
/// While a flush is slow, memory may grow to so many times `flush_readings`; then appends wait.
const MEMORY_LIMIT: usize = 4;

/// How often memory is written out at least; the clock cannot count further than a year with certainty.
fn period(config: &Config) -> Duration {
    Duration::from_secs(config.flush_seconds.clamp(1, 365 * 86_400))
}

/// What the writer is asked to do.
pub(super) enum Command {
    Append { batch: ReadingBatch, answer: oneshot::Sender<Result<Receipt>> },
    Flush { answer: oneshot::Sender<Result<()>> },
    Close { answer: oneshot::Sender<Result<()>> },
}

type Done = oneshot::Sender<Result<()>>;

/// An append with its verdicts.
struct Waiting {
    readings: Vec<Reading>,
    answer: oneshot::Sender<Result<Receipt>>,
    kept: Vec<bool>,
    duplicates: usize,
    conflicts: usize,
    not_kept: Vec<(usize, NotKept)>,
}

/// The thread that owns the log.
pub(super) struct Writer {
    config: Config,
    shelf: Arc<Shelf>,
    log: Log,
    log_bytes: Arc<AtomicU64>,
    judge: Judge,
    commands: mpsc::Receiver<Command>,
    flush: Flush,
    /// The flush under way: who waits for it.
    flushing: Option<Vec<Done>>,
    /// Who waits for the flush after it.
    flush_next: Vec<Done>,
    flush_due: Instant,
    last_flush_error: Option<String>,
    context: IpcWriteContext,
}

impl Writer {
    pub(super) fn new(
        config: Config,
        shelf: Arc<Shelf>,
        log: Log,
        log_bytes: Arc<AtomicU64>,
        commands: mpsc::Receiver<Command>,
        flush: Flush,
    ) -> Self {
        log_bytes.store(log.bytes(), Ordering::Relaxed);
        let judge = Judge::new(Arc::clone(&shelf));
        let flush_due = Instant::now() + period(&config);
        Self {
            config,
            shelf,
            log,
            log_bytes,
            judge,
            commands,
            flush,
            flushing: None,
            flush_next: Vec::new(),
            flush_due,
            last_flush_error: None,
            context: IpcWriteContext::default(),
        }
    }

    /// Works until it is closed or nobody can ask any more, and finishes what is under way.
    pub(super) async fn run(mut self) {
        let mut closed = None;
        loop {
            self.flush_if_due();
            // While memory is full only a finished flush helps: the queue fills up and pushes back on the sources.
            let room = self.flushing.is_none() || !self.memory_is_full();
            let due = tokio::time::Instant::from_std(self.flush_due);
            tokio::select! {
                biased;
                Some(flushed) = self.flush.finished() => self.flushed(flushed),
                command = self.commands.recv(), if room => match command {
                    None => break,
                    Some(Command::Close { answer }) => {
                        closed = Some(answer);
                        break;
                    }
                    Some(Command::Flush { answer }) => self.flush_for(answer),
                    Some(Command::Append { batch, answer }) => {
                        closed = self.commit_waiting(batch, answer);
                        if closed.is_some() {
                            break;
                        }
                    }
                },
                () = tokio::time::sleep_until(due), if self.flushing.is_none() => {}
            }
        }
        self.commands.close();
        if self.flushing.is_some()
            && let Some(flushed) = self.flush.finished().await
        {
            self.flush_next.clear();
            self.flushed(flushed);
        }
        if let Some(answer) = closed {
            let _ = answer.send(Ok(()));
        }
    }

    fn memory_is_full(&self) -> bool {
        self.shelf.tables().active_rows() >= self.config.flush_readings.saturating_mul(MEMORY_LIMIT)
    }

    /// Commits one append and those that wait behind it. Returns who asked to close, if anybody did.
    fn commit_waiting(&mut self, batch: ReadingBatch, answer: oneshot::Sender<Result<Receipt>>) -> Option<Done> {
        let mut count = batch.len();
        let mut group = vec![Waiting::new(batch, answer)];
        let mut flushes = Vec::new();
        let mut close = None;
        while count < self.config.commit_readings && close.is_none() && flushes.is_empty() {
            match self.commands.try_recv() {
                Ok(Command::Append { batch, answer }) => {
                    count += batch.len();
                    group.push(Waiting::new(batch, answer));
                }
                Ok(Command::Flush { answer }) => flushes.push(answer),
                Ok(Command::Close { answer }) => close = Some(answer),
                Err(_) => break,
            }
        }
        self.commit(group);
        flushes.into_iter().for_each(|answer| self.flush_for(answer));
        close
    }

    fn commit(&mut self, mut group: Vec<Waiting>) {
        let started = Instant::now();
        let outcome = if self.memory_is_full() { Err(self.full()) } else { self.make_durable(&mut group) };
        match outcome {
            Ok(outcome) => {
                metrics::committed(outcome, started.elapsed());
                group.into_iter().for_each(Waiting::confirm);
            }
            Err(error) => {
                self.judge.forget();
                metrics::commit_failed();
                tracing::error!(%error, source = ?std::error::Error::source(&error), "nothing is acknowledged");
                let text = error.with_causes();
                for waiting in group {
                    let again = Error::unreachable("keeping readings", text.clone());
                    // Whoever stopped waiting will ask again.
                    let _ = waiting.answer.send(Err(again));
                }
            }
        }
        self.log_bytes.store(self.log.bytes(), Ordering::Relaxed);
    }

    fn full(&self) -> Error {
        let reason = self.last_flush_error.clone().unwrap_or_else(|| "no part could be written".into());
        Error::unreachable("memory is full and cannot be written out", reason)
    }

    fn make_durable(&mut self, group: &mut [Waiting]) -> Result<Outcome> {
        let numbers = self.judge.numbers(group.iter().flat_map(|waiting| &waiting.readings));
        self.judge.ask(&numbers, group.iter().flat_map(|waiting| &waiting.readings));
        let mut outcome = Outcome::default();
        let mut builders: HashMap<DayKey, Builder> = HashMap::new();
        let rows = numbers.len();
        let mut kept: Vec<SeriesNumber> = Vec::with_capacity(rows);
        let mut number = numbers.iter();
        for waiting in group.iter_mut() {
            for reading in &waiting.readings {
                let number = *number.next().expect("one number for each reading");
                let duplicates = waiting.duplicates;
                let new = if matches!(reading.value, Value::Number(value) if !value.is_finite()) {
                    outcome.not_finite += 1;
                    waiting.conflicts += 1;
                    false
                } else {
                    let verdict = self.judge.judge(number, reading)?;
                    waiting.duplicates += usize::from(verdict == Verdict::Duplicate);
                    waiting.conflicts += usize::from(verdict == Verdict::Conflict);
                    verdict == Verdict::New
                };
                if !new {
                    let why = if waiting.duplicates > duplicates { NotKept::Duplicate } else { NotKept::Conflict };
                    waiting.not_kept.push((waiting.kept.len(), why));
                }
                waiting.kept.push(new);
                if new {
                    kept.push(number);
                    let day = (reading.series.tenant.clone(), reading.time.day());
                    builders.entry(day).or_insert_with(|| Builder::new(rows.min(1_024))).push(reading);
                }
            }
            outcome.duplicates += waiting.duplicates;
            outcome.conflicts += waiting.conflicts;
        }
        outcome.kept = kept.len();
        outcome.conflicts -= outcome.not_finite;
        if kept.is_empty() {
            self.judge.forget();
            return Ok(outcome);
        }
        let batches: Vec<(DayKey, RecordBatch)> =
            builders.into_iter().map(|(day, rows)| (day, rows.finish())).collect();
        let mut frames = Vec::new();
        for ((tenant, _), batch) in &batches {
            frame::encode(&mut frames, &mut self.context, tenant, batch)
                .map_err(|error| Error::unreachable("writing readings as columns", error))?;
        }
        self.log.append(&frames).map_err(|error| Error::unreachable("writing the log", error))?;
        self.apply(group, batches, &kept);
        Ok(outcome)
    }

    /// Shows what is durable.
    fn apply(&mut self, group: &[Waiting], batches: Vec<(DayKey, RecordBatch)>, kept: &[SeriesNumber]) {
        {
            let board = self.shelf.board();
            self.judge.confirm(|number| board.known(number).series.tenant.clone());
        }
        {
            let mut tables = self.shelf.tables();
            batches.into_iter().for_each(|(day, batch)| tables.push(day, batch));
        }
        let mut board = self.shelf.board_mut();
        for (number, reading) in kept.iter().zip(group.iter().flat_map(Waiting::kept)) {
            board.note(*number, reading);
        }
    }

    fn flush_if_due(&mut self) {
        if self.flushing.is_some() {
            return;
        }
        let rows = self.shelf.tables().memory_rows();
        let now = Instant::now();
        // After a failure the time of the next try counts, however much there is.
        let full = rows >= self.config.flush_readings && self.last_flush_error.is_none();
        if full || now >= self.flush_due {
            self.flush_due = now + period(&self.config);
            self.start_flush(Vec::new());
        }
    }

    fn flush_for(&mut self, answer: Done) {
        if self.flushing.is_some() {
            self.flush_next.push(answer);
        } else if self.flush.is_behind() {
            // What a failed flush left goes first; what came since then goes with the next one.
            self.flush_next.push(answer);
            self.start_flush(Vec::new());
        } else {
            self.start_flush(vec![answer]);
        }
    }

    fn start_flush(&mut self, waiting: Vec<Done>) {
        let fresh = self.shelf.tables().freeze();
        let Some(days) = fresh else {
            for answer in waiting {
                let _ = answer.send(Ok(()));
            }
            return;
        };
        let floor = self.flush.floor_or(|| self.log.rotate());
        match self.flush.start(days, floor) {
            Ok(()) => self.flushing = Some(waiting),
            Err(error) => {
                self.flushing = Some(waiting);
                self.flushed(Flushed { outcome: Err(error.into()), floor });
            }
        }
    }

    fn flushed(&mut self, flushed: Flushed) {
        let waiting = self.flushing.take().unwrap_or_default();
        match flushed.outcome {
            Ok(()) => {
                self.log.forget(flushed.floor);
                self.log_bytes.store(self.log.bytes(), Ordering::Relaxed);
                self.judge.memory_was_written_out();
                self.last_flush_error = None;
                self.flush_due = Instant::now() + period(&self.config);
                for answer in waiting {
                    let _ = answer.send(Ok(()));
                }
            }
            Err(error) => {
                tracing::error!(%error, "memory cannot be written out; the log keeps everything");
                self.flush_due = Instant::now() + RETRY;
                self.last_flush_error = Some(error.to_string());
                for answer in waiting {
                    let _ = answer.send(Err(Error::unreachable("writing parts", error.to_string())));
                }
            }
        }
        let next = std::mem::take(&mut self.flush_next);
        if !next.is_empty() {
            self.start_flush(next);
        }
    }
}

impl Waiting {
    fn new(batch: ReadingBatch, answer: oneshot::Sender<Result<Receipt>>) -> Self {
        let readings = batch.into_readings();
        let kept = Vec::with_capacity(readings.len());
        Self { kept, readings, answer, duplicates: 0, conflicts: 0, not_kept: Vec::new() }
    }

    fn kept(&self) -> impl Iterator<Item = &Reading> {
        self.readings.iter().zip(&self.kept).filter_map(|(reading, kept)| kept.then_some(reading))
    }

    fn confirm(self) {
        let Self { readings, kept, answer, duplicates, conflicts, not_kept } = self;
        let kept = if kept.iter().all(|kept| *kept) {
            readings
        } else {
            readings.into_iter().zip(kept).filter_map(|(reading, kept)| kept.then_some(reading)).collect()
        };
        // Whoever stopped waiting will ask again and hear that these are duplicates.
        let _ = answer.send(Ok(Receipt { kept, duplicates, conflicts, not_kept }));
    }
}
