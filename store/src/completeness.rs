//! How much of what should have come has come: counted from the kept readings, by the rhythm of each series.
//!
//! A series that speaks at even steps has a rhythm: the usual step. Where a step is longer, readings are missing. The work goes day by day and,
//! within a day, some devices at a time, so that years of a city take no more memory than an hour of it. A day of a series leaves only a handful
//! of numbers: how many steps there were of each length.

use std::collections::BTreeMap;
use std::time::Duration;

use model::{DeviceId, MetricName, TenantId, Timestamp, Window};

use crate::{Answer, Cell, Error, QueryLimits, Result, Telemetry};

/// Readings looked at in one question: their steps are sorted in memory.
const READINGS: u64 = 1_000_000;
/// Rows that one question may answer with: steps of a few lengths for every series of some devices.
const ROWS: usize = 4_000_000;
/// How long one question may take.
const DEADLINE: Duration = Duration::from_secs(120);
/// A step this many times longer than the usual one means that a reading is missing.
const TOO_LONG: f64 = 1.5;
/// A series has a rhythm when so much of its steps are about as long as the usual one.
const EVEN: f64 = 0.6;
/// A rhythm is not believed before so many steps.
const STEPS: u64 = 4;
/// Steps within this factor of each other are counted together: fine enough to tell 60 s from 70 s.
const LOG_STEP: f64 = 0.05;
/// How far back is looked for what was heard before the window: who spoke then is missed from its beginning.
const BEFORE: Duration = Duration::from_secs(86_400);
const DAY: i64 = 86_400_000_000_000;

/// Tells how often a series should speak, where somebody knows; elsewhere it is learned.
pub type Expected<'a> = &'a (dyn Fn(&DeviceId, &MetricName) -> Option<Duration> + Sync);

/// How complete one series is.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesCompleteness {
    /// What was measured.
    pub metric: MetricName,
    /// Readings that are kept.
    pub readings: u64,
    /// Readings that there should be, by the usual step; as many as are kept for a series without a rhythm.
    pub expected: u64,
    /// Readings that are missing.
    pub missed: u64,
    /// How often it speaks; none for one that speaks when something happens.
    pub usual: Option<Duration>,
    /// The longest time without a reading.
    pub longest: Duration,
}

/// How complete one device is.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceCompleteness {
    /// Which device.
    pub device: DeviceId,
    /// Its series.
    pub series: Vec<SeriesCompleteness>,
    /// Messages that its own counter says were sent and that never came.
    pub lost_frames: u64,
}

/// How complete a city is.
#[derive(Debug, Clone, PartialEq)]
pub struct Completeness {
    /// Over which time.
    pub window: Window,
    /// Every device that spoke, by name.
    pub devices: Vec<DeviceCompleteness>,
}

/// A time without readings.
#[derive(Debug, Clone, PartialEq)]
pub struct Hole {
    /// What was measured.
    pub metric: MetricName,
    /// The last reading before it.
    pub from: Timestamp,
    /// The first reading after it, or the end of the window.
    pub until: Timestamp,
    /// Readings that are missing.
    pub missed: u64,
}

impl DeviceCompleteness {
    /// Readings that are kept.
    pub fn readings(&self) -> u64 {
        self.series.iter().map(|series| series.readings).sum()
    }

    /// Readings that there should be.
    pub fn expected(&self) -> u64 {
        self.series.iter().map(|series| series.expected).sum()
    }

    /// Readings that are missing.
    pub fn missed(&self) -> u64 {
        self.series.iter().map(|series| series.missed).sum()
    }

    /// The longest time without a reading of a series that has a rhythm.
    pub fn longest(&self) -> Duration {
        let even = self.series.iter().filter(|series| series.usual.is_some());
        even.map(|series| series.longest).max().unwrap_or_default()
    }

    /// Whether something is missing.
    pub fn has_holes(&self) -> bool {
        self.missed() > 0 || self.lost_frames > 0
    }
}

impl Completeness {
    /// The part of what should have come that is there, from 0 to 1.
    pub fn ratio(&self) -> f64 {
        let expected: u64 = self.devices.iter().map(DeviceCompleteness::expected).sum();
        let missed: u64 = self.devices.iter().map(DeviceCompleteness::missed).sum();
        if expected == 0 { 1.0 } else { (expected - missed.min(expected)) as f64 / expected as f64 }
    }

    /// The devices with holes, the worst first.
    pub fn holes(&self) -> Vec<&DeviceCompleteness> {
        let mut holes: Vec<_> = self.devices.iter().filter(|device| device.has_holes()).collect();
        holes.sort_by_key(|device| std::cmp::Reverse((device.missed(), device.lost_frames)));
        holes
    }
}

/// The steps of about one length.
#[derive(Debug, Clone, Copy, Default)]
struct Steps {
    count: u64,
    nanos: i128,
    longest: i64,
}

/// What a series has said so far.
#[derive(Debug, Clone, Default)]
struct Rhythm {
    readings: u64,
    steps: BTreeMap<i32, Steps>,
    /// Its last reading; of one that spoke only before the window, at most one usual step before it.
    last: Option<i64>,
    /// The usual step that it had before the window.
    before: Option<f64>,
}

/// Readings that should have come in `silence` after the last one. The one that is due at its end, or a moment before, may still come.
fn overdue(silence: f64, usual: f64) -> u64 {
    ((silence / usual - 0.1).ceil() - 1.0).max(0.0) as u64
}

/// Which steps are about as long as this one.
fn length(nanos: i64) -> i32 {
    ((nanos.max(1) as f64).ln() / LOG_STEP).floor() as i32
}

impl Rhythm {
    fn step(&mut self, nanos: i64) {
        self.steps(length(nanos), Steps { count: 1, nanos: i128::from(nanos), longest: nanos });
    }

    fn steps(&mut self, length: i32, more: Steps) {
        let steps = self.steps.entry(length).or_default();
        steps.count += more.count;
        steps.nanos += more.nanos;
        steps.longest = steps.longest.max(more.longest);
    }

    /// The usual step in nanoseconds: the one in the middle, when most are like it.
    fn usual(&self) -> Option<f64> {
        let all: u64 = self.steps.values().map(|steps| steps.count).sum();
        if all < STEPS {
            return None;
        }
        let mut seen = 0;
        let (middle, _) = self.steps.iter().find(|(_, steps)| {
            seen += steps.count;
            seen * 2 >= all
        })?;
        // A rhythm may lie on the border of two lengths, and clocks tremble.
        let near = ((1.25_f64).ln() / LOG_STEP).ceil() as i32;
        let like: Vec<&Steps> = self.steps.range(middle - near..=middle + near).map(|(_, steps)| steps).collect();
        let count: u64 = like.iter().map(|steps| steps.count).sum();
        let nanos: i128 = like.iter().map(|steps| steps.nanos).sum();
        (count as f64 >= all as f64 * EVEN).then(|| nanos as f64 / count as f64)
    }

    /// The account of this series up to `end`.
    fn settle(self, metric: MetricName, expected: Option<Duration>, end: i64) -> SeriesCompleteness {
        let told = expected.map(|every| every.as_nanos() as f64).filter(|nanos| *nanos > 0.0);
        let usual = told.or_else(|| self.usual()).or(self.before);
        let mut missed = 0;
        let mut longest = self.steps.values().map(|steps| steps.longest).max().unwrap_or(0);
        if let Some(usual) = usual {
            // What is silent at the end is missing too, as far as it is late.
            let tail = self.last.map_or(0, |last| end.saturating_sub(last));
            if tail as f64 > usual * TOO_LONG {
                missed += overdue(tail as f64, usual);
                longest = longest.max(tail);
            }
            for steps in self.steps.values() {
                let mean = steps.nanos as f64 / steps.count as f64;
                if mean > usual * TOO_LONG {
                    let whole = (steps.nanos as f64 / usual).round() as u64;
                    missed += whole.saturating_sub(steps.count);
                }
            }
        }
        SeriesCompleteness {
            metric,
            readings: self.readings,
            expected: self.readings + missed,
            missed,
            usual: usual.map(|nanos| Duration::from_nanos(nanos as u64)),
            longest: Duration::from_nanos(longest.unsigned_abs()),
        }
    }
}

type Rhythms = BTreeMap<DeviceId, BTreeMap<MetricName, Rhythm>>;

/// Counts what is missing in a window. `expected` may know how often a series should speak. `progress` hears how much of the window is done, from
/// 0 to 1. A window that reaches beyond `now` ends there.
pub async fn completeness(
    readings: &dyn Telemetry,
    tenant: &TenantId,
    window: Window,
    now: Timestamp,
    expected: Expected<'_>,
    mut progress: impl FnMut(f64) + Send,
) -> Result<Completeness> {
    let end = window.until.min(now.plus(Duration::from_nanos(1)));
    let count = Count { readings, tenant };
    let mut rhythms = count.before(window).await?;
    let mut frames: BTreeMap<DeviceId, u64> = BTreeMap::new();
    let mut from = window.from;
    while from < end {
        let until = next_midnight(from).min(end);
        for slice in count.slices(from, until).await? {
            count.steps(from, until, &slice, &mut rhythms).await?;
            count.frames(from, until, &slice, &mut frames).await?;
        }
        from = until;
        progress(from.since(window.from).as_secs_f64() / end.since(window.from).as_secs_f64().max(1e-9));
    }
    let settle = |(device, series): (DeviceId, BTreeMap<MetricName, Rhythm>)| {
        let lost_frames = frames.get(&device).copied().unwrap_or(0);
        let series: Vec<SeriesCompleteness> = series
            .into_iter()
            .map(|(metric, rhythm)| {
                let every = expected(&device, &metric);
                rhythm.settle(metric, every, end.as_nanos())
            })
            .collect();
        DeviceCompleteness { device, series, lost_frames }
    };
    Ok(Completeness { window, devices: rhythms.into_iter().map(settle).collect() })
}

/// The holes of one device, in order, at most `limit`.
pub async fn holes(
    readings: &dyn Telemetry,
    tenant: &TenantId,
    window: Window,
    now: Timestamp,
    device: &DeviceCompleteness,
    limit: usize,
) -> Result<Vec<Hole>> {
    let end = window.until.min(now.plus(Duration::from_nanos(1)));
    let mut found = Vec::new();
    for series in &device.series {
        let Some(usual) = series.usual.filter(|_| series.missed > 0) else { continue };
        let usual = usual.as_nanos() as f64;
        let (name, metric) = (quoted(device.device.as_str()), quoted(series.metric.as_str()));
        let least = (usual * TOO_LONG) as i64;
        let begin = window.from.minus(BEFORE);
        let sql = format!(
            "select start, stop from (select lag(time) over (order by time) as start, time as stop from readings \
             where device = {name} and metric = {metric} and time >= '{begin}' and time < '{end}') \
             where cast(stop as bigint) - cast(start as bigint) > {least} and stop > '{}' order by 1 limit {limit}",
            window.from
        );
        let steps = ask(readings, tenant, &sql).await?;
        for row in &steps.rows {
            let [Cell::Time(from), Cell::Time(until)] = row[..] else { continue };
            let from = from.max(window.from);
            let span = until.since(from).as_nanos() as f64;
            if span > usual * TOO_LONG {
                let missed = (span / usual).round() as u64 - 1;
                found.push(Hole { metric: series.metric.clone(), from, until, missed });
            }
        }
        let sql = format!(
            "select max(time) from readings where device = {name} and metric = {metric} and time >= '{begin}' and time < '{end}'"
        );
        let last = ask(readings, tenant, &sql).await?;
        if let Some([Cell::Time(last)]) = last.rows.first().map(Vec::as_slice) {
            let last = (*last).max(window.from);
            let span = end.since(last).as_nanos() as f64;
            if span > usual * TOO_LONG {
                let missed = overdue(span, usual);
                found.push(Hole { metric: series.metric.clone(), from: last, until: end, missed });
            }
        }
    }
    found.sort_by_key(|hole| hole.from);
    found.truncate(limit);
    Ok(found)
}

fn next_midnight(time: Timestamp) -> Timestamp {
    Timestamp::from_nanos((time.as_nanos().div_euclid(DAY) + 1).saturating_mul(DAY))
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

async fn ask(readings: &dyn Telemetry, tenant: &TenantId, sql: &str) -> Result<Answer> {
    let answer = readings.query(tenant, sql, QueryLimits { rows: ROWS, deadline: DEADLINE }).await?;
    if answer.truncated {
        return Err(Error::QueryFailed(format!("there are more than {ROWS} series in a day")));
    }
    Ok(answer)
}

/// Devices whose steps are counted together, from the first to the last by name.
struct Slice {
    first: String,
    last: String,
}

impl Slice {
    fn condition(&self) -> String {
        format!("device >= {} and device <= {}", quoted(&self.first), quoted(&self.last))
    }
}

/// The questions.
struct Count<'a> {
    readings: &'a dyn Telemetry,
    tenant: &'a TenantId,
}

/// Metrics that the program itself writes down (presence, events, places, radio) have no rhythm.
const MEASURED: &str = "substr(metric, 1, 1) <> '_'";

impl Count<'_> {
    /// The series that spoke before the window, with the usual step that they had.
    async fn before(&self, window: Window) -> Result<Rhythms> {
        let (from, mut rhythms) = (window.from.minus(BEFORE), Rhythms::new());
        for slice in self.slices(from, window.from).await? {
            self.steps(from, window.from, &slice, &mut rhythms).await?;
        }
        for rhythm in rhythms.values_mut().flat_map(BTreeMap::values_mut) {
            // Only what happens inside of the window counts: silence begins with the reading that was due just before it.
            let (from, before) = (window.from.as_nanos(), rhythm.usual());
            let due = from - before.map_or(0, |usual| usual as i64);
            *rhythm = Rhythm { last: rhythm.last.map(|last| last.max(due)), before, ..Rhythm::default() };
        }
        Ok(rhythms)
    }

    /// The devices of a stretch of time in slices of a bounded number of readings.
    async fn slices(&self, from: Timestamp, until: Timestamp) -> Result<Vec<Slice>> {
        let sql = format!(
            "select device, count(*) from readings where time >= '{from}' and time < '{until}' group by device order by device"
        );
        let mut slices: Vec<Slice> = Vec::new();
        let mut readings = READINGS;
        for row in &ask(self.readings, self.tenant, &sql).await?.rows {
            let [Cell::Text(device), Cell::Integer(count)] = row.as_slice() else { continue };
            let count = count.unsigned_abs();
            match slices.last_mut() {
                Some(slice) if readings + count <= READINGS => slice.last.clone_from(device),
                _ => {
                    slices.push(Slice { first: device.clone(), last: device.clone() });
                    readings = 0;
                }
            }
            readings += count;
        }
        Ok(slices)
    }

    /// Adds the steps of a slice.
    async fn steps(&self, from: Timestamp, until: Timestamp, slice: &Slice, rhythms: &mut Rhythms) -> Result<()> {
        let devices = slice.condition();
        let sql = format!(
            "select device, metric, cast(floor(ln(cast(step as double)) / {LOG_STEP}) as bigint) as length, count(*), \
             sum(step), max(step), min(at), max(at) from \
             (select device, metric, cast(time as bigint) as at, \
              cast(time as bigint) - lag(cast(time as bigint)) over (partition by device, metric order by time) as step \
              from readings where time >= '{from}' and time < '{until}' and {devices} and {MEASURED}) \
             group by 1, 2, 3 order by 1, 2, 3"
        );
        // The first reading of a day has no step of its own: its step comes from the day before. Rows of one series follow each other.
        let rows = ask(self.readings, self.tenant, &sql).await?.rows;
        let mut ends: BTreeMap<(&str, &str), i64> = BTreeMap::new();
        for row in &rows {
            let [
                Cell::Text(device),
                Cell::Text(metric),
                length,
                Cell::Integer(count),
                sum,
                longest,
                Cell::Integer(first),
                Cell::Integer(last),
            ] = row.as_slice()
            else {
                continue;
            };
            let Some(rhythm) = rhythm(rhythms, device, metric) else { continue };
            rhythm.readings += count.unsigned_abs();
            match (length, sum, longest) {
                (Cell::Integer(length), Cell::Integer(sum), Cell::Integer(longest)) => rhythm.steps(
                    i32::try_from(*length).unwrap_or(i32::MAX),
                    Steps { count: count.unsigned_abs(), nanos: i128::from(*sum), longest: *longest },
                ),
                _ => {
                    if let Some(before) = rhythm.last.filter(|before| before < first) {
                        rhythm.step(first - before);
                    }
                }
            }
            let end = ends.entry((device, metric)).or_insert(*last);
            *end = (*end).max(*last);
        }
        for ((device, metric), last) in ends {
            if let Some(rhythm) = rhythm(rhythms, device, metric) {
                rhythm.last = Some(last);
            }
        }
        Ok(())
    }

    /// Adds what the counters of LoRaWAN frames say was sent and never came. A counter that goes back has begun anew.
    async fn frames(
        &self,
        from: Timestamp,
        until: Timestamp,
        slice: &Slice,
        lost: &mut BTreeMap<DeviceId, u64>,
    ) -> Result<()> {
        let devices = slice.condition();
        let sql = format!(
            "select device, cast(sum(step - 1) as bigint) from \
             (select device, value - lag(value) over (partition by device order by time) as step from readings \
              where time >= '{from}' and time < '{until}' and {devices} and metric = '{FRAMES}') \
             where step > 1 and step < 16384 group by device"
        );
        for row in &ask(self.readings, self.tenant, &sql).await?.rows {
            let [Cell::Text(device), Cell::Integer(frames)] = row.as_slice() else { continue };
            if let Ok(device) = DeviceId::new(device) {
                *lost.entry(device).or_default() += frames.unsigned_abs();
            }
        }
        Ok(())
    }
}

/// The metric in which decoders keep a device's own count of its messages.
const FRAMES: &str = "_f_cnt";

fn rhythm<'a>(rhythms: &'a mut Rhythms, device: &str, metric: &str) -> Option<&'a mut Rhythm> {
    let (device, metric) = (DeviceId::new(device).ok()?, MetricName::new(metric).ok()?);
    Some(rhythms.entry(device).or_default().entry(metric).or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn settled(steps: &[i64], tail: i64) -> (u64, Option<u64>) {
        let mut rhythm = Rhythm { readings: steps.len() as u64 + 1, last: Some(0), ..Rhythm::default() };
        steps.iter().for_each(|step| rhythm.step(step * SECOND));
        let series = rhythm.settle(MetricName::new("m").unwrap(), None, tail * SECOND);
        (series.missed, series.usual.map(|usual| usual.as_secs_f64().round() as u64))
    }

    #[test]
    fn what_is_missing_follows_from_the_rhythm() {
        assert_eq!(settled(&[60; 10], 59), (0, Some(60)));
        assert_eq!(settled(&[60, 60, 120, 60, 60, 60, 600, 60], 0), (1 + 9, Some(60)));
        assert_eq!(settled(&[58, 61, 60, 62, 59, 181], 0), (2, Some(60)), "clocks tremble");
        assert_eq!(settled(&[60; 10], 600), (9, Some(60)), "silent at the end");
        assert_eq!(settled(&[3, 700, 41, 9_000, 5, 88, 1_200], 90_000), (0, None), "it speaks when something happens");
        assert_eq!(settled(&[60, 60], 6_000), (0, None), "too little to know");
    }

    #[test]
    fn an_interval_that_is_known_counts_before_the_learned_one() {
        let mut rhythm = Rhythm { readings: 11, last: Some(600 * SECOND), ..Rhythm::default() };
        (0..10).for_each(|_| rhythm.step(60 * SECOND));
        let series = rhythm.settle(MetricName::new("m").unwrap(), Some(Duration::from_secs(30)), 600 * SECOND);
        assert_eq!((series.missed, series.expected), (10, 21));
    }

    #[test]
    fn a_day_ends_at_midnight() {
        assert_eq!(next_midnight(Timestamp::EPOCH), Timestamp::from_nanos(DAY));
        assert_eq!(next_midnight(Timestamp::from_nanos(-1)), Timestamp::EPOCH);
        assert_eq!(quoted("l'aquila"), "'l''aquila'");
    }
}
