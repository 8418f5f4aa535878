//! The newest value and state of every asset of one tenant, as columns by slot.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use model::{Asset, DeviceId, Domain, MetricName, Reading, Timestamp, Value};

use super::catalogue::anchor;
use super::frame::{Frame, FrameKind};
use super::selection::Selection;
use super::state::STALE;

/// Seconds over which the rate of readings is measured: steady enough to read, quick enough to see a stop.
const RATE_SECONDS: usize = 5;

#[derive(Debug)]
struct Slot {
    version: u64,
    heard: Option<Timestamp>,
    stale_after: Duration,
    main: Option<MetricName>,
    value: f32,
    state: u8,
    domain: u16,
    has_sensors: bool,
    shown: bool,
    /// Since when its network says that it cannot be heard.
    offline: Option<Timestamp>,
    at: Option<(f64, f64)>,
}

/// Figures of the flow of readings.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Flow {
    pub(crate) readings_per_s: f64,
    pub(crate) kept_total: u64,
    pub(crate) lag: Duration,
}

#[derive(Debug, Default)]
pub(crate) struct Columns {
    version: u64,
    slots: Vec<Slot>,
    devices: HashMap<DeviceId, Vec<u32>>,
    domains: Vec<Domain>,
    kept: u64,
    lag: Duration,
    pace: VecDeque<(Timestamp, u64)>,
}

impl Columns {
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Takes an asset in at its slot: the next free one, or one that is known as `before`. `stale_after` tells how old a metric may grow.
    pub(crate) fn place(
        &mut self,
        slot: u32,
        asset: &Asset,
        before: Option<&Asset>,
        stale_after: impl Fn(&MetricName) -> Duration,
        now: Timestamp,
    ) {
        self.version += 1;
        let at = anchor(asset).map(|position| (position.lon(), position.lat()));
        let domain = self.domain(&asset.domain);
        let known = self.slots.get(slot as usize);
        let offline = known.and_then(|known| known.offline);
        let known = known.map(|known| (known.heard, known.main.clone(), known.value, known.state));
        let (heard, heard_metric, value, state) = known.unwrap_or((None, None, f32::NAN, 0));
        let main = asset.main_metric.clone().or_else(|| heard_metric.clone());
        let (heard, value) = if main == heard_metric { (heard, value) } else { (None, f32::NAN) };
        let mut next = Slot {
            version: self.version,
            heard,
            stale_after: main.as_ref().map_or(Duration::MAX, stale_after),
            main,
            value,
            state,
            domain,
            has_sensors: !asset.devices.is_empty(),
            shown: asset.lifecycle.is_shown(),
            offline,
            at,
        };
        next.age(now);
        match self.slots.get_mut(slot as usize) {
            Some(known) => *known = next,
            None => self.slots.push(next),
        }
        for device in before.iter().flat_map(|before| &before.devices) {
            if let Some(slots) = self.devices.get_mut(device) {
                slots.retain(|other| *other != slot);
            }
        }
        for device in &asset.devices {
            self.devices.entry(device.clone()).or_default().push(slot);
        }
    }

    fn domain(&mut self, domain: &Domain) -> u16 {
        let index = self.domains.iter().position(|known| known == domain).unwrap_or_else(|| {
            self.domains.push(domain.clone());
            self.domains.len() - 1
        });
        u16::try_from(index).unwrap_or(u16::MAX)
    }

    /// The metric that stands for an asset, if one is known by now.
    pub(crate) fn main_metric(&self, slot: u32) -> Option<MetricName> {
        self.slots.get(slot as usize)?.main.clone()
    }

    /// Takes in how old the main value of an asset may grow.
    pub(crate) fn set_stale_after(&mut self, slot: u32, stale_after: Duration) {
        if let Some(slot) = self.slots.get_mut(slot as usize) {
            slot.stale_after = stale_after;
        }
    }

    /// Takes the newest values in; true when the picture has changed. An asset without a main metric is represented by the first
    /// number that is heard from it: such slots are put into `found`.
    pub(crate) fn show<'a>(
        &mut self,
        readings: impl Iterator<Item = &'a Reading>,
        now: Timestamp,
        found: &mut Vec<u32>,
    ) -> bool {
        let next = self.version + 1;
        let mut changed = false;
        for reading in readings {
            if !reading.quality.is_current() {
                continue;
            }
            let Some(slots) = self.devices.get(&reading.series.device) else { continue };
            for index in slots {
                let slot = &mut self.slots[*index as usize];
                if slot.is_told(reading, now) {
                    slot.version = next;
                    changed = true;
                }
                match &slot.main {
                    Some(main) if *main != reading.series.metric => continue,
                    Some(_) => {}
                    None if reading.value.as_number().is_none() || reading.series.metric.is_about_transport() => {
                        continue;
                    }
                    None => {
                        slot.main = Some(reading.series.metric.clone());
                        found.push(*index);
                    }
                }
                if slot.hear(reading, now) {
                    slot.version = next;
                    changed = true;
                }
            }
        }
        if changed {
            self.version = next;
        }
        changed
    }

    /// Counts readings that were shown: how many, and how long after the newest of them came.
    pub(crate) fn count(&mut self, readings: u64, lag: Duration) {
        self.kept += readings;
        self.lag = lag;
    }

    /// Marks what has grown stale; true when the picture has changed.
    pub(crate) fn sweep(&mut self, now: Timestamp) -> bool {
        let next = self.version + 1;
        let mut changed = false;
        for slot in &mut self.slots {
            if slot.age(now) {
                slot.version = next;
                changed = true;
            }
        }
        if changed {
            self.version = next;
        }
        self.pace.push_back((now, self.kept));
        if self.pace.len() > RATE_SECONDS + 1 {
            self.pace.pop_front();
        }
        changed
    }

    /// Replaces what alarms say about an asset; true when that is new.
    pub(crate) fn mark(&mut self, slot: u32, marks: u8) -> bool {
        let Some(slot) = self.slots.get_mut(slot as usize) else { return false };
        let state = marks | (slot.state & STALE);
        if slot.state == state {
            return false;
        }
        slot.state = state;
        slot.version = self.version + 1;
        self.version += 1;
        true
    }

    pub(crate) fn flow(&self) -> Flow {
        let readings_per_s = match (self.pace.front(), self.pace.back()) {
            (Some((from, before)), Some((until, after))) if until > from => {
                (after - before) as f64 / until.since(*from).as_secs_f64()
            }
            _ => 0.0,
        };
        Flow { readings_per_s, kept_total: self.kept, lag: self.lag }
    }

    /// The states of a selection: all of them, or those that are newer than `seen`.
    pub(crate) fn frame(&self, seen: Option<u64>, selection: &Selection) -> Frame {
        let kind = if seen.is_some() { FrameKind::Delta } else { FrameKind::Snapshot };
        let mut frame = Frame::empty(kind, self.version);
        let wanted: Option<Vec<bool>> = selection
            .domains
            .as_ref()
            .map(|domains| self.domains.iter().map(|domain| domains.contains(domain)).collect());
        let after = seen.unwrap_or(0);
        for (index, slot) in self.slots.iter().enumerate() {
            if slot.version <= after || !slot.shown {
                continue;
            }
            if wanted.as_ref().is_some_and(|wanted| !wanted.get(usize::from(slot.domain)).is_some_and(|wanted| *wanted))
            {
                continue;
            }
            if let Some(view) = &selection.viewport {
                let inside = |(lon, lat): (f64, f64)| {
                    (view.west..=view.east).contains(&lon) && (view.south..=view.north).contains(&lat)
                };
                if !slot.at.is_some_and(inside) {
                    continue;
                }
            }
            frame.push(u32::try_from(index).expect("slots are numbered by u32"), slot.state, slot.value);
        }
        frame
    }
}

impl Slot {
    /// Takes a reading of the main metric in; true when the asset looks different now. A reading from the future counts from its
    /// arrival, so that it cannot stay the newest for ever.
    fn hear(&mut self, reading: &Reading, now: Timestamp) -> bool {
        let at = reading.time.min(reading.received);
        if self.heard.is_some_and(|heard| at < heard) {
            return false;
        }
        self.heard = Some(at);
        #[expect(clippy::cast_possible_truncation, reason = "the wire carries single precision")]
        let value = reading.value.as_number().map_or(f32::NAN, |number| number as f32);
        let new_value = value.to_bits() != self.value.to_bits();
        self.value = value;
        self.age(now) || new_value
    }

    /// Takes in what a reading says about its device's presence: its network's word, or the fact that it speaks again. True when the asset looks
    /// different now.
    fn is_told(&mut self, reading: &Reading, now: Timestamp) -> bool {
        let at = reading.time.min(reading.received);
        let before = self.offline;
        if reading.series.metric.as_str() == MetricName::ONLINE {
            let gone = reading.value == Value::Flag(false);
            self.offline = gone.then_some(at).filter(|at| before.is_none_or(|before| *at >= before));
        } else if before.is_some_and(|before| at > before) && !reading.series.metric.is_about_transport() {
            self.offline = None;
        }
        self.offline != before && self.age(now)
    }

    /// Sets the mark of staleness; true when it has changed. What has no sensors of its own is never stale.
    fn age(&mut self, now: Timestamp) -> bool {
        let old = self.heard.is_none_or(|heard| now.since(heard) > self.stale_after);
        let stale = self.has_sensors && (old || self.offline.is_some());
        let state = if stale { self.state | STALE } else { self.state & !STALE };
        std::mem::replace(&mut self.state, state) != state
    }
}
