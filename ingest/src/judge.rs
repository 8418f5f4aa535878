//! What is let in: the rules that hold for every format, applied to what a decoder says.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{Duration, Quality, Reading, Reason, SeriesTable, TenantId, Timestamp, Unit, Value};

use crate::config::{Config, Format, UnknownDevices};
use crate::decode::{Command, Decoder, Message, Moment, Observation, Refusal, Sink, Tools};
use crate::{Directory, LINES, Newcomer, RawMessage, RefusedLine, Result};

/// Units that are kept ready: cities use some dozens, and a sender that invents units only costs itself speed.
const KNOWN_UNITS: usize = 1_024;

/// Rules and memory that hold over many messages.
pub(crate) struct Judge {
    directory: Arc<dyn Directory>,
    unknown: UnknownDevices,
    oldest: Timestamp,
    tolerance: Duration,
    known_series: usize,
    tables: HashMap<TenantId, SeriesTable>,
    units: HashMap<Box<str>, Unit>,
    tools: Tools,
}

/// Single readings of one message that were refused, by reason.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rejected {
    pub(crate) reason: Reason,
    pub(crate) readings: u32,
    pub(crate) detail: String,
}

/// What has been found since the last arrival left: the decoder's part of it.
#[derive(Default)]
pub(crate) struct Found {
    pub(crate) readings: Vec<Reading>,
    pub(crate) seen: Vec<Newcomer>,
    /// What is to be said to devices; stays even when its message is refused.
    pub(crate) commands: Vec<Command>,
    /// Values that are no readings.
    pub(crate) skipped: u64,
    /// Lines of the message in hand that lost something: the first [`LINES`].
    pub(crate) lines: Vec<RefusedLine>,
    announced: HashSet<(TenantId, model::DeviceId)>,
}

impl Found {
    /// Forgets everything after these lengths.
    fn rewind(&mut self, readings: usize, seen: usize) {
        self.readings.truncate(readings);
        for newcomer in self.seen.drain(seen..) {
            self.announced.remove(&(newcomer.tenant, newcomer.device));
        }
    }

    /// Takes everything out.
    pub(crate) fn take(&mut self) -> (Vec<Reading>, Vec<Newcomer>) {
        self.announced.clear();
        (std::mem::take(&mut self.readings), std::mem::take(&mut self.seen))
    }
}

impl Judge {
    /// The rules of this configuration.
    pub(crate) fn new(config: &Config, directory: Arc<dyn Directory>) -> Result<Self> {
        Ok(Self {
            directory,
            unknown: config.unknown_devices,
            oldest: config.oldest()?,
            tolerance: Duration::from_secs(config.future_tolerance_seconds),
            known_series: config.known_series,
            tables: HashMap::new(),
            units: HashMap::new(),
            tools: Tools::new(config.max_depth),
        })
    }

    /// Decodes one message into `found`. Readings that were refused come back by reason; an error means that the message is refused whole and
    /// `found` is as before.
    pub(crate) fn hear(
        &mut self,
        raw: &RawMessage,
        format: Format,
        decoder: &mut dyn Decoder,
        found: &mut Found,
    ) -> Result<Vec<Rejected>, Refusal> {
        let Self { directory, unknown, oldest, tolerance, known_series, tables, units, tools } = self;
        if !tables.contains_key(&raw.tenant) {
            tables.insert(raw.tenant.clone(), SeriesTable::new(raw.tenant.clone(), *known_series));
        }
        let Some(table) = tables.get_mut(&raw.tenant) else { return Ok(Vec::new()) };
        let (readings, seen) = (found.readings.len(), found.seen.len());
        let mut hearing = Hearing {
            raw,
            format,
            directory: &**directory,
            unknown: *unknown,
            oldest: *oldest,
            latest: raw.received.plus(*tolerance),
            table,
            units,
            found,
            rejected: Vec::new(),
            last: String::new(),
            welcome: false,
            line: None,
        };
        let message = Message {
            tenant: &raw.tenant,
            source: &raw.source,
            topic: &raw.topic,
            payload: &raw.payload,
            received: raw.received,
        };
        let outcome = decoder.decode(&message, tools, &mut hearing);
        let rejected = hearing.rejected;
        if let Err(refusal) = outcome {
            found.rewind(readings, seen);
            return Err(refusal);
        }
        Ok(rejected)
    }
}

/// The judgement of one message.
struct Hearing<'a> {
    raw: &'a RawMessage,
    format: Format,
    directory: &'a dyn Directory,
    unknown: UnknownDevices,
    oldest: Timestamp,
    latest: Timestamp,
    table: &'a mut SeriesTable,
    units: &'a mut HashMap<Box<str>, Unit>,
    found: &'a mut Found,
    rejected: Vec<Rejected>,
    /// The device that was asked about last, and the answer.
    last: String,
    welcome: bool,
    /// The line in hand, for messages of many lines.
    line: Option<Line>,
}

/// A line and how much had been found before it.
#[derive(Clone, Copy)]
struct Line {
    number: u32,
    readings: usize,
    seen: usize,
}

impl Hearing<'_> {
    fn reject(&mut self, reason: Reason, readings: u32, detail: impl FnOnce() -> String) {
        let known = self.rejected.iter_mut().find(|rejected| rejected.reason == reason);
        match (known, self.line) {
            (Some(rejected), None) => rejected.readings = rejected.readings.saturating_add(readings),
            (None, None) => self.rejected.push(Rejected { reason, readings, detail: detail() }),
            (known, Some(Line { number, .. })) => {
                let named = self.found.lines.len() < LINES;
                let text = if named || known.is_none() { detail() } else { String::new() };
                match known {
                    Some(rejected) => rejected.readings = rejected.readings.saturating_add(readings),
                    None => self.rejected.push(Rejected { reason, readings, detail: format!("line {number}: {text}") }),
                }
                if named {
                    self.found.lines.push(RefusedLine { line: number.into(), reason, detail: text });
                }
            }
        }
    }

    /// Whether this device may speak; announces it when it is new.
    fn welcomes(&mut self, device: &str) -> Result<bool, Refusal> {
        if self.last == device {
            return Ok(self.welcome);
        }
        let known = self.directory.knows(&self.raw.tenant, device);
        self.welcome = known || self.unknown != UnknownDevices::Refuse;
        if !known {
            let id = model::DeviceId::new(device).map_err(|why| Refusal::schema(why.to_string()))?;
            let key = (self.raw.tenant.clone(), id);
            if self.welcome && !self.found.announced.contains(&key) {
                let (tenant, device) = key.clone();
                self.found.announced.insert(key);
                self.found.seen.push(Newcomer { tenant, device, format: self.format, treatment: self.unknown });
            }
        }
        self.last.clear();
        self.last.push_str(device);
        Ok(self.welcome)
    }

    fn unit(&mut self, text: &str) -> Unit {
        if text.is_empty() {
            return Unit::NONE;
        }
        if let Some(unit) = self.units.get(text) {
            return unit.clone();
        }
        if self.units.len() >= KNOWN_UNITS {
            self.units.clear();
        }
        let unit = Unit::new(text);
        self.units.insert(text.into(), unit.clone());
        unit
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

impl Sink for Hearing<'_> {
    fn seen(&mut self, device: &str) -> Result<(), Refusal> {
        if !self.welcomes(device)? {
            self.reject(Reason::UnknownDevice, 0, || format!("the device {:?} is not registered", shortened(device)));
        }
        Ok(())
    }

    fn reading(&mut self, observation: Observation<'_>) -> Result<(), Refusal> {
        let Observation { device, metric, value, unit, time, quality } = observation;
        let series = self.table.series(device, metric).map_err(|why| Refusal::schema(why.to_string()))?;
        if !self.welcomes(device)? {
            self.reject(Reason::UnknownDevice, 1, || format!("the device {:?} is not registered", shortened(device)));
            return Ok(());
        }
        let Ok(value) = value.and_then(finite) else {
            self.reject(Reason::Range, 1, || format!("{:?} is a number that no double holds", shortened(metric)));
            return Ok(());
        };
        let (time, quality) = match time {
            Moment::At(time) => (time, quality),
            // Nobody knows how long the broker has kept it, so it must neither be the newest value nor ring.
            Moment::Arrival if self.raw.retained && quality == Quality::Good => {
                (self.raw.received, Quality::Historical)
            }
            Moment::Arrival => (self.raw.received, quality),
            Moment::Beyond => {
                self.reject(Reason::Timestamp, 1, || {
                    format!("the time of {:?} is beyond the year 2262 or before 1678", shortened(metric))
                });
                return Ok(());
            }
        };
        if time > self.latest || time < self.oldest {
            let wrong = if time < self.oldest { "too old" } else { "ahead of its arrival" };
            self.reject(Reason::Timestamp, 1, || format!("the time {time} of {:?} is {wrong}", shortened(metric)));
            return Ok(());
        }
        let unit = self.unit(unit);
        self.found.readings.push(Reading { series, time, received: self.raw.received, value, unit, quality });
        Ok(())
    }

    fn line(&mut self, number: u32) {
        self.line = Some(Line { number, readings: self.found.readings.len(), seen: self.found.seen.len() });
    }

    fn refuse_line(&mut self, refusal: Refusal) {
        if let Some(Line { readings, seen, .. }) = self.line {
            self.found.rewind(readings, seen);
        }
        // A device that only the forgotten line announced must be announced anew.
        self.last.clear();
        self.reject(refusal.reason, 1, || refusal.detail);
    }

    fn command(&mut self, command: Command) {
        self.found.commands.push(command);
    }

    fn skipped(&mut self, values: u32) {
        self.found.skipped += u64::from(values);
    }
}

fn finite(value: Value) -> Result<Value, crate::decode::NotFinite> {
    match value {
        Value::Number(number) if !number.is_finite() => Err(crate::decode::NotFinite),
        value => Ok(value),
    }
}
