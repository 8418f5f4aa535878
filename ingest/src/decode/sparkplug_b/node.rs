//! The conversation with one edge node: its session, its devices, what it announced.

use std::collections::HashMap;
use std::sync::Arc;

use model::{Duration, Timestamp};

use super::births::Births;
use super::payload::{Payload, PropertySet};
use super::rebirth::Rebirth;
use super::sequence::Sequence;

/// Metrics and devices that one node may announce. The largest message holds some ten thousand metrics, and a node has one birth for itself and one
/// for each device.
const ANNOUNCED: usize = 100_000;

/// One edge node.
#[derive(Debug)]
pub(super) struct Node {
    /// The source on which it is heard.
    pub(super) source: Arc<str>,
    /// The topic on which it takes commands.
    pub(super) commands: String,
    /// When it was heard last.
    pub(super) heard: Timestamp,
    pub(super) sequence: Sequence,
    pub(super) rebirth: Rebirth,
    /// Whether somebody will look whether a gap has closed.
    pub(super) watched: bool,
    /// Metrics and devices that are remembered, and how many may be.
    pub(super) weight: usize,
    pub(super) room: usize,
    /// Whether there is room to remember the node at all: one that is forgotten at once must not be asked for what would be forgotten.
    pub(super) remembered: bool,
    born: bool,
    bd_seq: Option<u64>,
    births: Births,
    devices: HashMap<Box<str>, Device>,
    /// When it started over, until its devices had time to follow.
    restarted: Option<Timestamp>,
}

/// One device behind a node.
#[derive(Debug, Default)]
struct Device {
    /// Whether it was born in the present session of its node.
    born: bool,
    online: bool,
    births: Births,
}

impl Node {
    /// A node of which nothing is known but that it spoke.
    pub(super) fn new(source: Arc<str>, commands: String, heard: Timestamp) -> Self {
        Self {
            source,
            commands,
            heard,
            sequence: Sequence::default(),
            rebirth: Rebirth::default(),
            watched: false,
            weight: 0,
            room: 0,
            remembered: true,
            born: false,
            bd_seq: None,
            births: Births::default(),
            devices: HashMap::new(),
            restarted: None,
        }
    }

    fn room(&self) -> usize {
        self.room.min(ANNOUNCED)
    }

    /// The node is born: what was announced before, by its devices too, no longer holds. The devices are not gone yet; their births follow at once.
    pub(super) fn begin(&mut self, payload: &Payload, properties: &mut PropertySet, now: Timestamp) {
        self.born = true;
        self.bd_seq = payload.bd_seq();
        self.sequence.begin(payload.sequence());
        self.rebirth.settled();
        self.devices.retain(|_, device| device.online);
        for device in self.devices.values_mut() {
            device.born = false;
            device.births.clear();
        }
        self.restarted = (!self.devices.is_empty()).then_some(now);
        self.births.take(&payload.metrics, self.room().saturating_sub(self.devices.len()), properties);
        self.weight = self.devices.len() + self.births.len();
    }

    /// A device is born.
    pub(super) fn begin_device(&mut self, name: &str, payload: &Payload, properties: &mut PropertySet) {
        if !self.devices.contains_key(name) {
            if self.weight >= self.room() {
                return;
            }
            self.devices.insert(name.into(), Device::default());
            self.weight += 1;
        }
        let room = self.room();
        let Some(device) = self.devices.get_mut(name) else { return };
        (device.born, device.online) = (true, true);
        let others = self.weight.saturating_sub(device.births.len());
        device.births.take(&payload.metrics, room.saturating_sub(others), properties);
        self.weight = others + device.births.len();
    }

    /// A device is gone.
    pub(super) fn end_device(&mut self, name: &str) {
        if let Some(device) = self.devices.remove(name) {
            self.weight = self.weight.saturating_sub(1 + device.births.len());
        }
    }

    /// Whether a death with this number is that of the present session. A death of which we do not know the birth is believed: when it was an old one,
    /// the next message of the node asks for a birth and puts it right, while a dead node would be shown as living for ever.
    pub(super) fn ends_with(&self, bd_seq: Option<u64>) -> bool {
        !self.born || self.bd_seq == bd_seq
    }

    /// The node is gone, with everything it announced; the devices that went with it.
    pub(super) fn end(&mut self) -> Vec<Box<str>> {
        self.born = false;
        self.bd_seq = None;
        self.births.clear();
        self.sequence = Sequence::default();
        self.rebirth.settled();
        self.restarted = None;
        self.weight = 0;
        self.devices.drain().filter(|(_, device)| device.online).map(|(name, _)| name).collect()
    }

    /// What the node itself (`None`) or a device announced, if it is born.
    pub(super) fn births(&self, device: Option<&str>) -> Option<&Births> {
        match device {
            None => self.born.then_some(&self.births),
            Some(name) => self.devices.get(name).filter(|device| device.born).map(|device| &device.births),
        }
    }

    /// Whether we lack the birth of the node or of this device.
    pub(super) fn lacks_birth(&self, device: Option<&str>) -> bool {
        !self.born || self.births(device).is_none()
    }

    /// Devices that were there before the node started over and did not follow within `wait`: their death was not heard.
    pub(super) fn left_behind(&mut self, now: Timestamp, wait: Duration) -> Vec<Box<str>> {
        if self.restarted.is_none_or(|restarted| now < restarted.plus(wait)) {
            return Vec::new();
        }
        self.restarted = None;
        let gone = self.devices.extract_if(|_, device| !device.born).map(|(name, _)| name).collect::<Vec<_>>();
        self.weight = self.weight.saturating_sub(gone.len());
        gone
    }
}
