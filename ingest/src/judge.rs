//! What is let in: the rules that hold for every format, applied to what a decoder says.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use model::{AssetClass, Duration, Position, Quality, Reading, Reason, TenantId, Timestamp, Unit, Value};

use crate::acquaintance::{Acquaintances, Met, Seat};
use crate::class::{Clock, Skewed, Spoken};
use crate::config::{Config, Format, UnknownDevices, Welcome};
use crate::decode::{Command, Decoder, EVENT, Message, Moment, Observation, POSITION, PRESENCE, Refusal, Sink, Tools};
use crate::ledger::{Book, Books, Number, Slot};
use crate::metrics::Marks;
use crate::whereabouts::Whereabouts;
use crate::{Directory, LINES, Newcomer, Place, RawMessage, RefusedLine, Result};

/// Units that are kept ready: cities use some dozens, and a sender that invents units only costs itself speed.
const KNOWN_UNITS: usize = 1_024;

/// Rules and memory that hold over many messages.
pub(crate) struct Judge {
    directory: Arc<dyn Directory>,
    unknown: UnknownDevices,
    oldest: Timestamp,
    tolerance: Duration,
    welcome: Vec<Welcome>,
    known_series: usize,
    tables: Tables,
    units: HashMap<Box<str>, Unit>,
    whereabouts: Whereabouts,
    tools: Tools,
    /// The name of the device that spoke last; its memory is used again for each message.
    name: String,
}

/// Whom each tenant's decoders have met. Messages of one tenant follow each other.
#[derive(Default)]
struct Tables {
    tables: Vec<(TenantId, Acquaintances)>,
    by_tenant: HashMap<TenantId, usize>,
    last: usize,
}

impl Tables {
    fn of(&mut self, tenant: &TenantId, known_series: usize) -> &mut Acquaintances {
        if self.tables.get(self.last).is_none_or(|(last, _)| last != tenant) {
            let Self { tables, by_tenant, .. } = self;
            self.last = *by_tenant.entry(tenant.clone()).or_insert_with(|| {
                tables.push((tenant.clone(), Acquaintances::new(tenant.clone(), known_series)));
                tables.len() - 1
            });
        }
        &mut self.tables[self.last].1
    }
}

/// What was found in one message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Readings that the message has, good and bad.
    pub(crate) offered: u64,
    /// Those that were refused.
    pub(crate) rejected: Vec<Rejected>,
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
    pub(crate) places: Vec<Place>,
    /// What is to be said to devices; stays even when its message is refused.
    pub(crate) commands: Vec<Command>,
    /// Values that are no readings.
    pub(crate) skipped: u64,
    /// Lines of the message in hand that lost something: the first [`LINES`].
    pub(crate) lines: Vec<RefusedLine>,
    /// Readings that were kept although something speaks against them.
    pub(crate) marks: Marks,
    announced: HashSet<(TenantId, model::DeviceId)>,
    /// Who spoke in the message in hand, and of which moments.
    heard: Vec<(Slot, Timestamp)>,
}

impl Found {
    /// Forgets everything after these lengths.
    fn rewind(&mut self, readings: usize, seen: usize, places: usize, heard: usize, marks: Marks) {
        self.marks = marks;
        self.heard.truncate(heard);
        self.readings.truncate(readings);
        self.places.truncate(places);
        for newcomer in self.seen.drain(seen..) {
            self.announced.remove(&(newcomer.tenant, newcomer.device));
        }
    }

    /// Takes everything out.
    pub(crate) fn take(&mut self) -> (Vec<Reading>, Vec<Newcomer>, Vec<Place>) {
        self.announced.clear();
        // The next arrival is about as large.
        let next = Vec::with_capacity(self.readings.len());
        (std::mem::replace(&mut self.readings, next), std::mem::take(&mut self.seen), std::mem::take(&mut self.places))
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
            welcome: config.welcome.clone(),
            known_series: config.known_series,
            tables: Tables::default(),
            units: HashMap::new(),
            whereabouts: Whereabouts::default(),
            tools: Tools::new(config.max_depth),
            name: String::new(),
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
        books: &mut Books,
    ) -> Result<Heard, Refusal> {
        let Self { directory, unknown, oldest, tolerance, welcome, units, whereabouts, tools, name, .. } = self;
        let table = self.tables.of(&raw.tenant, self.known_series);
        let book = books.of(&raw.tenant);
        let (readings, seen, places) = (found.readings.len(), found.seen.len(), found.places.len());
        let mut hearing = Hearing {
            raw,
            format,
            generation: directory.generation(),
            directory: &**directory,
            unknown: *unknown,
            oldest: *oldest,
            tolerance: *tolerance,
            rules: welcome,
            table,
            units,
            whereabouts,
            found,
            book,
            offered: 0,
            rejected: Vec::new(),
            last: None,
            name,
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
        let Hearing { offered, rejected, .. } = hearing;
        if let Err(refusal) = outcome {
            found.rewind(readings, seen, places, 0, Marks::default());
            return Err(refusal);
        }
        found.heard.drain(..).for_each(|(slot, time)| book.hear(slot, time));
        found.places[places..].iter().for_each(|place| whereabouts.remember(place));
        Ok(Heard { offered, rejected })
    }
}

/// The judgement of one message.
struct Hearing<'a> {
    raw: &'a RawMessage,
    format: Format,
    generation: u64,
    directory: &'a dyn Directory,
    unknown: UnknownDevices,
    oldest: Timestamp,
    tolerance: Duration,
    rules: &'a [Welcome],
    table: &'a mut Acquaintances,
    units: &'a mut HashMap<Box<str>, Unit>,
    whereabouts: &'a Whereabouts,
    found: &'a mut Found,
    book: &'a mut Book,
    offered: u64,
    rejected: Vec<Rejected>,
    /// The device that spoke last; its name beside it.
    last: Option<Speaker>,
    name: &'a mut String,
    /// The line in hand, for messages of many lines.
    line: Option<Line>,
}

/// A device that speaks.
#[derive(Clone, Copy)]
struct Speaker {
    seat: Seat,
    /// Whether it may.
    welcome: bool,
    /// Its place in the ledger.
    slot: Option<Slot>,
}

/// A line and how much had been found before it.
#[derive(Clone, Copy)]
struct Line {
    number: u32,
    readings: usize,
    seen: usize,
    places: usize,
    heard: usize,
    marks: Marks,
    offered: u64,
    rejected: u64,
}

/// When a reading was measured, as far as its clock is believed.
struct When {
    time: Timestamp,
    quality: Quality,
    /// Whether the clock is further off than is believed.
    skewed: bool,
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

    fn rejected_so_far(&self) -> u64 {
        self.rejected.iter().map(|rejected| u64::from(rejected.readings)).sum()
    }

    /// This device; announces it when it is new.
    fn meet(&mut self, device: &str) -> Result<Speaker, Refusal> {
        if let Some(last) = self.last
            && *self.name == device
        {
            return Ok(last);
        }
        let (rules, raw, format, directory) = (self.rules, self.raw, self.format, self.directory);
        let class = || rules.iter().find(|rule| rule.fits(device, &raw.topic, format)).map(|rule| &rule.class);
        let profile = || class().and_then(|class| directory.profile_of_class(class));
        let met = self.table.device(device, directory, self.generation, profile);
        let (seat, known) = met.map_err(|why| Refusal::schema(why.to_string()))?;
        let welcome = known || self.unknown != UnknownDevices::Refuse;
        if !known && welcome {
            let key = (raw.tenant.clone(), self.table.id(seat).clone());
            if !self.found.announced.contains(&key) {
                let (tenant, device) = key.clone();
                let class = class().and_then(|class| AssetClass::new(class).ok());
                self.found.announced.insert(key);
                self.found.seen.push(Newcomer {
                    tenant,
                    device,
                    format,
                    class,
                    treatment: self.unknown,
                    source: Arc::clone(&raw.source),
                    topic: raw.topic.to_string(),
                    heard: raw.received,
                });
            }
        }
        self.name.clear();
        self.name.push_str(device);
        let slot = if welcome { self.table.follow(seat, self.book) } else { None };
        let speaker = Speaker { seat, welcome, slot };
        self.last = Some(speaker);
        Ok(speaker)
    }

    /// When something was measured, or why that cannot be.
    fn when(
        &self,
        clock: Option<Clock>,
        late: Option<Duration>,
        moment: Moment,
        quality: Quality,
    ) -> Result<When, String> {
        let received = self.raw.received;
        let doubted = if quality == Quality::Good { Quality::Uncertain } else { quality };
        let arrival = When { time: received, quality: doubted, skewed: true };
        let by_arrival = clock.is_some_and(|clock| clock.skewed == Skewed::Arrival);
        let time = match moment {
            // Nobody knows how long the broker has kept it, so it must neither be the newest value nor ring.
            Moment::Arrival if self.raw.retained && quality == Quality::Good => {
                return Ok(When { time: received, quality: Quality::Historical, skewed: false });
            }
            Moment::Arrival => return Ok(When { time: received, quality, skewed: false }),
            Moment::Beyond if by_arrival => return Ok(arrival),
            Moment::Beyond => return Err("beyond the year 2262 or before 1678".to_owned()),
            Moment::At(time) => time,
        };
        let ahead = clock.map_or_else(
            || time > received.plus(self.tolerance),
            |clock| clock.is_ahead(time, received, self.tolerance),
        );
        let too_old = time < self.oldest;
        let skewed = too_old || ahead || clock.is_some_and(|clock| clock.is_skewed(time, received, self.tolerance));
        match clock.map_or(Skewed::Refuse, |clock| clock.skewed) {
            _ if !skewed => {
                let is_late = quality.is_current() && late.is_some_and(|late| received.since(time) > late);
                Ok(When { time, quality: if is_late { Quality::Late } else { quality }, skewed })
            }
            Skewed::Arrival => Ok(arrival),
            // Its clock has not been set: no policy makes a history of 1970 true.
            Skewed::Accept if !too_old => {
                // From the future: as the newest value it would hide every true one until the clock has caught up.
                let quality = if ahead && quality.is_current() { Quality::Historical } else { quality };
                Ok(When { time, quality, skewed })
            }
            _ if ahead => Err(format!("{time}, ahead of its arrival")),
            _ => Err(format!("{time}, too old")),
        }
    }
}

/// What a sender says beside the value.
struct Sent<'a> {
    unit: &'a str,
    quality: Quality,
    measured: Timestamp,
}

/// The value, unit and quality of a reading as its class keeps them.
fn as_kept(
    met: &mut Met,
    value: Value,
    Sent { unit: sent, quality, measured }: Sent<'_>,
    units: &mut HashMap<Box<str>, Unit>,
    marks: &mut Marks,
) -> Option<(Value, Unit, Quality)> {
    let spoken = met.spoken(sent, |sent| known_unit(units, sent));
    let Some(metric) = &met.metric else { return Some((value, met.as_sent(), quality)) };
    let Some(number) = number_of(&value) else { return Some((value, met.as_sent(), quality)) };
    let (value, unit, number) = match (spoken, &metric.unit) {
        (Spoken::Strange, _) => {
            marks.unit += 1;
            let quality = if quality == Quality::Good { Quality::Uncertain } else { quality };
            return Some((value, met.as_sent(), quality));
        }
        (Spoken::Converted(conversion), Some(unit)) if conversion.is_none() => (value, unit.clone(), number),
        (Spoken::Converted(conversion), Some(unit)) => {
            let number = conversion.apply(number);
            if !number.is_finite() {
                return None;
            }
            (Value::Number(number), unit.clone(), number)
        }
        _ => (value, met.as_sent(), number),
    };
    let open = matches!(quality, Quality::Good | Quality::Uncertain);
    let implausible = open && metric.is_implausible(number);
    let frozen = met.is_frozen(number, measured) && open && !implausible;
    marks.out_of_range += u64::from(implausible);
    marks.frozen += u64::from(frozen);
    let quality = match (implausible, frozen) {
        (true, _) => Quality::OutOfRange,
        (_, true) => Quality::Frozen,
        _ => quality,
    };
    Some((value, unit, quality))
}

/// The number of a measured value. A flag or a text has neither unit nor range.
fn number_of(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Integer(number) => Some(*number as f64),
        Value::Flag(_) | Value::Text(_) | Value::Gap => None,
    }
}

fn known_unit(units: &mut HashMap<Box<str>, Unit>, text: &str) -> Unit {
    if text.is_empty() {
        return Unit::NONE;
    }
    if let Some(unit) = units.get(text) {
        return unit.clone();
    }
    if units.len() >= KNOWN_UNITS {
        units.clear();
    }
    let unit = Unit::new(text);
    units.insert(text.into(), unit.clone());
    unit
}

fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

impl Sink for Hearing<'_> {
    fn seen(&mut self, device: &str) -> Result<(), Refusal> {
        if !self.meet(device)?.welcome {
            self.reject(Reason::UnknownDevice, 0, || format!("the device {:?} is not registered", shortened(device)));
        }
        Ok(())
    }

    fn reading(&mut self, observation: Observation<'_>) -> Result<(), Refusal> {
        let Observation { device, metric, value, unit, time, quality } = observation;
        self.offered += 1;
        let Speaker { seat, welcome, slot } = self.meet(device)?;
        let (clock, late) = (self.table.clock(seat), self.table.late(seat));
        let met = self.table.series(seat, metric).map_err(|why| Refusal::schema(why.to_string()))?;
        if !welcome {
            self.reject(Reason::UnknownDevice, 1, || format!("the device {:?} is not registered", shortened(device)));
            return Ok(());
        }
        let series = Arc::clone(&met.series);
        let mut marks = Marks::default();
        let measured = match time {
            // A clock that is ahead must not make a sensor seem to hang for longer than it was heard.
            Moment::At(time) => time.min(self.raw.received),
            Moment::Arrival | Moment::Beyond => self.raw.received,
        };
        let sent = Sent { unit, quality, measured };
        let kept = value.and_then(finite).ok().and_then(|value| as_kept(met, value, sent, self.units, &mut marks));
        let Some((value, unit, quality)) = kept else {
            self.reject(Reason::Range, 1, || format!("{:?} is a number that no double holds", shortened(metric)));
            return Ok(());
        };
        let When { time, quality, skewed } = match self.when(clock, late, time, quality) {
            Ok(when) => when,
            Err(wrong) => {
                self.reject(Reason::Timestamp, 1, || format!("the time of {:?} is {wrong}", shortened(metric)));
                return Ok(());
            }
        };
        marks.clock += u64::from(skewed);
        marks.late += u64::from(quality == Quality::Late);
        self.found.marks.add(marks);
        // What others say about a device is not its own word, and of a wrong or old clock nothing follows.
        if let Some(slot) = slot.filter(|_| !skewed && !self.raw.retained && metric != PRESENCE)
            && !metric.starts_with(EVENT)
            && self.found.heard.last() != Some(&(slot, time))
        {
            self.found.heard.push((slot, time));
        }
        self.found.readings.push(Reading { series, time, received: self.raw.received, value, unit, quality });
        Ok(())
    }

    /// A device that says again where it is says nothing new: only its first place and its moves are kept.
    fn position(
        &mut self,
        device: &str,
        position: Position,
        altitude: Option<f64>,
        time: Moment,
    ) -> Result<(), Refusal> {
        if self.whereabouts.is_at(&self.raw.tenant, device, position, altitude) {
            return Ok(());
        }
        let before = self.found.readings.len();
        let parts = [(Some(position.lon()), "deg"), (Some(position.lat()), "deg"), (altitude, "m")];
        for (metric, (number, unit)) in POSITION.into_iter().zip(parts) {
            let Some(number) = number else { continue };
            let value = Ok(Value::Number(number));
            self.reading(Observation { device, metric, value, unit, time, quality: Quality::Good })?;
        }
        // Not where the readings were refused, and not where the device was before it was where we know it to be.
        if let Some(Reading { series, time, .. }) = self.found.readings.get(before)
            && self.whereabouts.is_news(&series.tenant, device, *time)
        {
            let (tenant, device, time) = (series.tenant.clone(), series.device.clone(), *time);
            self.found.places.push(Place { tenant, device, position, altitude, time });
        }
        Ok(())
    }

    fn line(&mut self, number: u32) {
        let rejected = self.rejected_so_far();
        let Found { readings, seen, places, heard, marks, .. } = &*self.found;
        let (readings, seen, places, heard) = (readings.len(), seen.len(), places.len(), heard.len());
        self.line =
            Some(Line { number, readings, seen, places, heard, marks: *marks, offered: self.offered, rejected });
    }

    fn refuse_line(&mut self, refusal: Refusal) {
        if let Some(Line { readings, seen, places, heard, marks, offered, rejected, .. }) = self.line {
            self.found.rewind(readings, seen, places, heard, marks);
            self.offered = offered + (self.rejected_so_far() - rejected);
        }
        // The line itself counts as one.
        self.offered += 1;
        // A device that only the forgotten line announced must be announced anew.
        self.last = None;
        self.reject(refusal.reason, 1, || refusal.detail);
    }

    /// It counts even when the message is refused: a message that came is not missing.
    fn numbered(&mut self, sender: &str, number: Number) {
        if let Some(slot) = self.book.slot(sender) {
            self.book.count(slot, number);
        }
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
