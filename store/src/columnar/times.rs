//! When every series was read: parts, memory and archive of a day run together by device and metric, without sorting what is sorted.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, Float64Array, RecordBatch, StringViewArray, TimestampNanosecondArray};
use model::{DeviceId, MetricName, Reading, Window};
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use tokio::sync::mpsc;

use super::schema::column;
use super::shelf::Shelf;
use super::tables::DayView;
use crate::error::BoxError;
use crate::{Error, Result, SeriesTimes, TimesStream};

/// Times that are handed over together, about: a hand-over wakes somebody.
const TOGETHER: usize = 16_384;
/// Hand-overs that wait for whoever takes them: the disk may be a little ahead.
const AHEAD: usize = 4;

/// Device and metric.
type Key = (DeviceId, MetricName);

/// Rows of one series that follow each other.
struct Run {
    key: Key,
    times: Vec<i64>,
    /// Of counters only.
    numbers: Vec<f64>,
}

/// What an archive has of some days, by day and series. All of it is in memory: who asks for a long time asks day by day.
#[derive(Default)]
pub(super) struct Beyond(BTreeMap<i32, BTreeMap<Key, Run>>);

impl Beyond {
    /// Takes a reading in.
    pub(super) fn take(&mut self, reading: &Reading, counter: &MetricName) {
        let Reading { series, time, value, .. } = reading;
        let key = (series.device.clone(), series.metric.clone());
        let day = self.0.entry(time.day()).or_default();
        let run = day.entry(key.clone()).or_insert_with(|| Run { key, times: Vec::new(), numbers: Vec::new() });
        run.times.push(time.as_nanos());
        if series.metric == *counter {
            run.numbers.push(value.as_number().unwrap_or(f64::NAN));
        }
    }
}

/// Begins to read what the folder has in `days` and what an archive has beside it. What cannot be opened is said at once; afterwards only damage
/// ends it early.
pub(super) fn stream(
    shelf: Arc<Shelf>,
    mut days: BTreeMap<i32, DayView>,
    mut beyond: Beyond,
    window: Window,
    counter: MetricName,
) -> Result<TimesStream> {
    for day in beyond.0.keys() {
        days.entry(*day).or_default();
    }
    let mut days = days.into_iter().map(move |(day, view)| (view, beyond.0.remove(&day).unwrap_or_default()));
    let failed = |error: BoxError| Error::unreachable("reading the times of a day", error);
    // The first day is opened here: a reader beside the owner may find that its files have gone, and looks again.
    let first = days.next().map(|day| Day::open(&shelf, day, window, &counter)).transpose().map_err(failed)?;
    let (give, take) = mpsc::channel(AHEAD);
    tokio::task::spawn_blocking(move || {
        let rest = days.map(|day| Day::open(&shelf, day, window, &counter));
        for day in first.into_iter().map(Ok).chain(rest) {
            let outcome = day.and_then(|day| day.hand_over(&give));
            match outcome {
                Ok(true) => {}
                // Nobody listens any more.
                Ok(false) => return,
                Err(error) => {
                    // Whoever has hung up meanwhile does not mind.
                    let _ = give.blocking_send(Err(failed(error)));
                    return;
                }
            }
        }
    });
    Ok(take)
}

/// Everything that holds readings of one day.
struct Day {
    sources: Vec<Source>,
    window: Window,
}

impl Day {
    fn open(
        shelf: &Shelf,
        (mut view, beyond): (DayView, BTreeMap<Key, Run>),
        window: Window,
        counter: &MetricName,
    ) -> Result<Self, BoxError> {
        view.parts.retain(|part| part.window_overlaps(&window));
        shelf.only_sound(&mut view);
        let archived = Source { reader: None, ready: beyond.into_values().collect(), counter: counter.clone() };
        let mut sources = vec![Source::memory(&view.batches, counter)?, archived];
        for part in &view.parts {
            sources.push(Source { reader: Some(part.read_times()?), ready: VecDeque::new(), counter: counter.clone() });
        }
        Ok(Self { sources, window })
    }

    /// Hands the series of the day over in order; `false` when nobody takes them.
    fn hand_over(mut self, give: &mpsc::Sender<Result<Vec<SeriesTimes>>>) -> Result<bool, BoxError> {
        let (from, until) = (self.window.from.as_nanos(), self.window.until.as_nanos());
        let (mut together, mut count) = (Vec::new(), 0);
        loop {
            let mut next: Option<Key> = None;
            for source in &mut self.sources {
                if let Some(key) = source.key()?
                    && next.as_ref().is_none_or(|next| key < next)
                {
                    next = Some(key.clone());
                }
            }
            let Some(key) = next else { break };
            let (mut times, mut numbers): (Vec<i64>, Vec<f64>) = (Vec::new(), Vec::new());
            for source in &mut self.sources {
                while source.key()?.is_some_and(|own| *own == key) {
                    let Some(run) = source.ready.pop_front() else { break };
                    if times.is_empty() {
                        (times, numbers) = (run.times, run.numbers);
                    } else {
                        times.extend(run.times);
                        numbers.extend(run.numbers);
                    }
                }
            }
            put_in_order(&mut times, &mut numbers, from..until);
            if times.is_empty() {
                continue;
            }
            count += times.len();
            let (device, metric) = key;
            together.push(SeriesTimes { device, metric, times, numbers });
            if count >= TOGETHER {
                count = 0;
                if give.blocking_send(Ok(std::mem::take(&mut together))).is_err() {
                    return Ok(false);
                }
            }
        }
        Ok(together.is_empty() || give.blocking_send(Ok(together)).is_ok())
    }
}

/// One part, or memory: its series in order.
struct Source {
    reader: Option<ParquetRecordBatchReader>,
    /// Runs of one series each. A series may go on in the batch after the last of them.
    ready: VecDeque<Run>,
    counter: MetricName,
}

impl Source {
    fn memory(batches: &[RecordBatch], counter: &MetricName) -> Result<Self, BoxError> {
        let mut series: BTreeMap<Key, Run> = BTreeMap::new();
        for batch in batches {
            for run in runs(batch, counter)? {
                match series.get_mut(&run.key) {
                    Some(known) => {
                        known.times.extend(run.times);
                        known.numbers.extend(run.numbers);
                    }
                    None => {
                        series.insert(run.key.clone(), run);
                    }
                }
            }
        }
        Ok(Self { reader: None, ready: series.into_values().collect(), counter: counter.clone() })
    }

    /// The series that comes next.
    fn key(&mut self) -> Result<Option<&Key>, BoxError> {
        while self.ready.is_empty() {
            let Some(batch) = self.reader.as_mut().and_then(Iterator::next) else { return Ok(None) };
            self.ready.extend(runs(&batch?, &self.counter)?);
        }
        Ok(self.ready.front().map(|run| &run.key))
    }
}

/// Leaves only what lies inside, in order of time. Most days are one part, or parts one after the other: then nothing is sorted.
fn put_in_order(times: &mut Vec<i64>, numbers: &mut Vec<f64>, inside: Range<i64>) {
    if numbers.is_empty() {
        times.retain(|time| inside.contains(time));
        if !times.is_sorted() {
            times.sort_unstable();
        }
        return;
    }
    let both = times.iter().copied().zip(numbers.iter().copied());
    let mut both: Vec<(i64, f64)> = both.filter(|(time, _)| inside.contains(time)).collect();
    both.sort_by_key(|(time, _)| *time);
    (*times, *numbers) = both.into_iter().unzip();
}

/// The runs of a batch, with the numbers of those of `counter`.
fn runs(batch: &RecordBatch, counter: &MetricName) -> Result<Vec<Run>, BoxError> {
    let any = |position: usize| batch.columns().get(position).map(|array| array.as_any());
    let names = |position: usize| any(position).and_then(|array| array.downcast_ref::<StringViewArray>());
    let times = any(column::TIME).and_then(|array| array.downcast_ref::<TimestampNanosecondArray>());
    let numbers = any(column::VALUE).and_then(|array| array.downcast_ref::<Float64Array>());
    let (Some(device), Some(metric), Some(times), Some(numbers)) =
        (names(column::DEVICE), names(column::METRIC), times, numbers)
    else {
        return Err("these are no readings".into());
    };
    let number = |row: usize| if numbers.is_valid(row) { numbers.value(row) } else { f64::NAN };
    let mut runs: Vec<Run> = Vec::new();
    let mut start = 0;
    for row in 1..=batch.num_rows() {
        if row < batch.num_rows() && is_same(device, row) && is_same(metric, row) {
            continue;
        }
        let (name, rows) = (metric.value(start), start..row);
        runs.push(Run {
            key: (DeviceId::new(device.value(start))?, MetricName::new(name)?),
            times: times.values()[rows.clone()].to_vec(),
            numbers: if name == counter.as_str() { rows.map(number).collect() } else { Vec::new() },
        });
        start = row;
    }
    Ok(runs)
}

/// Whether a row has the same text as the one before it. Rows of one name share their bytes, so the short view of them mostly decides.
fn is_same(names: &StringViewArray, row: usize) -> bool {
    names.views()[row] == names.views()[row - 1] || names.value(row) == names.value(row - 1)
}
