//! When a device is awaited and how often it should speak, as the register says.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use model::{DeviceId, MetricName, Timestamp, Window};

/// By what is judged how often a device should speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// By what is told of it.
    Told,
    /// By its own rhythm: nobody knew it then.
    Learned,
}

/// A time in which a device is awaited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The time.
    pub window: Window,
    /// By what is judged how often it should speak.
    pub pace: Pace,
}

/// What is expected of one device.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expectation {
    /// How often each of its metrics should come; one that is not named has its own rhythm.
    pub intervals: Arc<BTreeMap<MetricName, Duration>>,
    /// The metric in which it is missed when it says nothing at all.
    pub main: Option<MetricName>,
    /// When it is awaited, in order of time, without overlap. Outside of them nothing is missing.
    pub spans: Vec<Span>,
}

/// What is expected of the devices of a tenant. Of one that is not named nothing is known: it is awaited always, by its own rhythm.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Expectations {
    devices: HashMap<DeviceId, Expectation>,
}

impl Expectations {
    /// Says what is expected of a device.
    pub fn put(&mut self, device: DeviceId, expectation: Expectation) {
        self.devices.insert(device, expectation);
    }

    /// What is expected of a device, if anybody knows.
    pub fn of(&self, device: &DeviceId) -> Option<&Expectation> {
        self.devices.get(device)
    }

    /// Every device of which something is known.
    pub(super) fn all(&self) -> impl Iterator<Item = (&DeviceId, &Expectation)> {
        self.devices.iter()
    }

    /// When a device is awaited between two moments.
    pub(super) fn spans(&self, device: &DeviceId, from: Timestamp, until: Timestamp) -> Vec<Span> {
        match self.of(device) {
            None => Window::new(from, until).map(|window| Span { window, pace: Pace::Learned }).into_iter().collect(),
            Some(expectation) => expectation.within(from, until),
        }
    }
}

impl Expectation {
    /// When the device is awaited between two moments.
    pub(super) fn within(&self, from: Timestamp, until: Timestamp) -> Vec<Span> {
        let inside = |span: &Span| {
            let window = Window::new(span.window.from.max(from), span.window.until.min(until))?;
            Some(Span { window, ..*span })
        };
        self.spans.iter().filter_map(inside).collect()
    }
}
