//! The timetable of one gateway: who reports when, spread evenly, and what leaves at once because something changed.
//! Knows no clock: it is told the time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use model::{Duration, Timestamp, Window};

use super::Message;
use crate::chance::{key_of, scramble, unit};
use crate::dialect::{Report, Said, Voice, Will};
use crate::scenario::{Effect, Scenario, Trouble};
use crate::sensor::{Kind, Samples};
use crate::{City, series};

/// How far ahead the beginnings and ends of faults are put into the timetable.
const FORESIGHT: Duration = Duration::from_secs(60);

/// Why somebody reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// It is their turn.
    Turn,
    /// A lamp switches.
    Switch,
    /// A fault begins, grows or ends.
    Change,
    /// Time to look at the script again.
    Foresee,
}

/// What is to happen when: time in nanoseconds, why, and which group.
type Entry = Reverse<(i64, Cause, usize)>;

/// The timetable of one gateway.
#[derive(Debug)]
pub struct Plan {
    city: Arc<City>,
    scenario: Option<Arc<Scenario>>,
    gateway: usize,
    /// Nanoseconds between two turns, by group.
    intervals: Vec<i64>,
    entries: BinaryHeap<Entry>,
    foreseen: Timestamp,
    voice: Box<dyn Voice>,
    /// What one report or answer still has to say; a handful of messages.
    waiting: VecDeque<Message>,
}

impl Plan {
    /// The timetables of all gateways from `start` on, at a rate of `readings_per_second` for the whole city.
    pub fn all(
        city: &Arc<City>,
        scenario: Option<&Arc<Scenario>>,
        readings_per_second: f64,
        start: Timestamp,
    ) -> Vec<Self> {
        let stretch = usual_rate(city, start) / readings_per_second;
        (0..city.gateways.len()).map(|gateway| Self::new(city, scenario, gateway, stretch, start)).collect()
    }

    fn new(city: &Arc<City>, scenario: Option<&Arc<Scenario>>, gateway: usize, stretch: f64, start: Timestamp) -> Self {
        let groups = &city.gateways[gateway].groups;
        let mut plan = Self {
            city: Arc::clone(city),
            scenario: scenario.map(Arc::clone),
            gateway,
            intervals: Vec::with_capacity(groups.len()),
            entries: BinaryHeap::new(),
            foreseen: start,
            voice: city.dialect_of(gateway).voice(city, &city.gateways[gateway]),
            waiting: VecDeque::new(),
        };
        let moment = city.sky.at(start);
        for (group, sensors) in groups.iter().enumerate() {
            let sensor = &city.sensors[sensors[0]];
            let interval = (sensor.kind.usual_interval() * stretch * 1e9) as i64;
            plan.intervals.push(interval.max(1));
            // A place within the interval by chance: even, and without a pattern that brings neighbours together.
            let first = start.as_nanos() + (unit(scramble(sensor.key), 0) * interval as f64) as i64;
            plan.entries.push(Reverse((first, Cause::Turn, group)));
            if matches!(sensor.kind, Kind::Lamp { .. }) {
                plan.entries.push(Reverse((nanos(series::next_switch(sensor.key, &moment)), Cause::Switch, group)));
            }
        }
        if plan.scenario.is_some() {
            plan.entries.push(Reverse((start.as_nanos(), Cause::Foresee, 0)));
        }
        plan
    }

    /// The gateway's name, part of its client id.
    pub fn gateway(&self) -> &str {
        &self.city.gateways[self.gateway].id
    }

    /// A connection with this number is open. Sparkplug gateways are born again on each.
    pub fn connected(&mut self, connection: u64) {
        if self.converses() {
            self.waiting.clear();
        }
        self.voice.connected(connection);
    }

    /// Takes what was said to the gateway; its answer is due at once.
    pub fn hear(&mut self, topic: &str, payload: &[u8]) {
        let answer = self.voice.hear(topic, payload);
        self.waiting.extend(answer);
    }

    /// The topic filter on which the gateway is spoken to.
    pub fn ears(&self) -> Option<String> {
        self.voice.ears()
    }

    /// What the broker says when the connection with a number is cut off, and the gateway itself before it leaves.
    pub fn death(&self, connection: u64) -> Option<Message> {
        let Will { topic, payload } = self.voice.will()?;
        Some(Message { topic, payload: payload(connection), readings: 0, assured: true })
    }

    /// The same for those who have no plan at hand.
    pub(super) fn will(&self) -> Option<Will> {
        self.voice.will()
    }

    /// Whether what it says only counts on the connection on which it began.
    pub(super) fn converses(&self) -> bool {
        self.voice.will().is_some()
    }

    /// When the next message is due.
    pub fn next_at(&self) -> Option<Timestamp> {
        if !self.waiting.is_empty() {
            return Some(Timestamp::MIN);
        }
        self.entries.peek().map(|Reverse((at, _, _))| Timestamp::from_nanos(*at))
    }

    /// The next message due at `now` or before; `None` when nothing is due. Turns that were missed (the broker was away) are left out,
    /// changes are not.
    pub fn due(&mut self, now: Timestamp) -> Option<Message> {
        loop {
            if let Some(message) = self.waiting.pop_front() {
                return Some(message);
            }
            let Reverse((at, cause, group)) = *self.entries.peek()?;
            if at > now.as_nanos() {
                return None;
            }
            self.entries.pop();
            let time = Timestamp::from_nanos(at);
            match cause {
                Cause::Foresee => self.foresee(time),
                Cause::Turn => {
                    let interval = self.intervals[group];
                    let missed = (now.as_nanos() - at) / interval;
                    let last = at + missed * interval;
                    self.entries.push(Reverse((last + interval, cause, group)));
                    self.report(group, Timestamp::from_nanos(last));
                }
                Cause::Switch => {
                    let sensor = &self.city.sensors[self.city.gateways[self.gateway].groups[group][0]];
                    let next = series::next_switch(sensor.key, &self.city.sky.at(time));
                    self.entries.push(Reverse((nanos(next), cause, group)));
                    self.report(group, time);
                }
                Cause::Change => self.report(group, time),
            }
        }
    }

    /// Lets a group say what it has at `time`, which is cut to whole milliseconds as the wire carries them.
    fn report(&mut self, group: usize, time: Timestamp) {
        let city = &*self.city;
        let Some(time) = Timestamp::from_millis(time.as_millis()) else { return };
        let moment = city.sky.at(time);
        let trouble = self.scenario.as_ref().map_or_else(Trouble::none, |scenario| scenario.trouble(time));
        let gateway = &city.gateways[self.gateway];
        let spoken: Vec<(usize, Samples)> = gateway.groups[group]
            .iter()
            .map(|index| {
                let mut samples = Samples::default();
                series::sample(*index, &city.sensors[*index], &moment, &trouble, &mut samples);
                (*index, samples)
            })
            .filter(|(_, samples)| !samples.as_slice().is_empty())
            .collect();
        let said: Vec<Said<'_>> = spoken
            .iter()
            .map(|(index, samples)| Said { sensor: &city.sensors[*index], samples: samples.as_slice() })
            .collect();
        if !said.is_empty() {
            self.waiting.extend(self.voice.report(&Report { city, gateway, said: &said, time }));
        }
    }

    /// Enters what the script has in store until a little later than `now`.
    fn foresee(&mut self, now: Timestamp) {
        let Some(scenario) = self.scenario.as_ref().map(Arc::clone) else { return };
        let (from, until) = (self.foreseen, now.plus(FORESIGHT));
        if let Some(window) = Window::new(from, until) {
            // A report may follow the edge of its fault by some seconds: look a little further back than what was foreseen last.
            let wide = Window { from: from.minus(FORESIGHT), until };
            for planned in scenario.planned(wide) {
                for (group, at) in self.reports_of(planned.effect, &planned.fault) {
                    if window.contains(at) {
                        self.entries.push(Reverse((at.as_nanos(), Cause::Change, group)));
                    }
                }
            }
        }
        self.foreseen = until;
        self.entries.push(Reverse((until.as_nanos() - 1_000_000_000, Cause::Foresee, 0)));
    }

    /// Which groups of this gateway report a fault at once, and when: at its beginning, when it is fully there, at its end.
    fn reports_of(&self, effect: Effect, fault: &crate::Fault) -> Vec<(usize, Timestamp)> {
        let offsets = |from: [u64; 2], until: [u64; 2]| {
            let late = |base: Timestamp, seconds: u64| base.plus(Duration::from_secs(seconds));
            [
                late(fault.from, from[0]),
                late(fault.from, from[1]),
                late(fault.until, until[0]),
                late(fault.until, until[1]),
            ]
        };
        // A last gasp leaves at once, a second word confirms it; slow quantities are reported as they change.
        let times = match effect {
            Effect::Dark { .. } | Effect::Frozen { .. } => offsets([0, 6], [0, 8]),
            _ => offsets([3, 9], [0, 6]),
        };
        let mut reports = Vec::new();
        for (group, sensors) in self.city.gateways[self.gateway].groups.iter().enumerate() {
            if let Some(index) = sensors.iter().find(|index| effect.reaches(**index, &self.city.sensors[**index])) {
                // Radio access is spread over three seconds, as LoRaWAN devices do.
                let spread = unit(key_of(self.city.sensors[*index].key, "last gasp"), 0) * 3e9;
                reports.extend(times.map(|at| (group, at.plus(Duration::from_nanos(spread as u64)))));
            }
        }
        reports
    }
}

/// Readings per second of the whole city at the usual intervals.
fn usual_rate(city: &City, time: Timestamp) -> f64 {
    let moment = city.sky.at(time);
    let mut samples = Samples::default();
    let per_sensor = city.sensors.iter().enumerate().map(|(index, sensor)| {
        samples.clear();
        series::sample(index, sensor, &moment, &Trouble::none(), &mut samples);
        samples.as_slice().len() as f64 / sensor.kind.usual_interval()
    });
    per_sensor.sum()
}

fn nanos(seconds: f64) -> i64 {
    if seconds.is_finite() { (seconds * 1e9) as i64 } else { i64::MAX }
}
