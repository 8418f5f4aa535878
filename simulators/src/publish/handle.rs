//! What others may ask a running city: how much it has said, and what is wrong in it now.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use model::{Timestamp, Window};

use crate::{Fault, Scenario};

/// Shared by the gateways.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) published: AtomicU64,
    pub(super) readings: AtomicU64,
    pub(super) acknowledged: AtomicU64,
    pub(super) connected: AtomicU64,
    pub(super) reconnects: AtomicU64,
    pub(super) scenario: OnceLock<Arc<Scenario>>,
}

impl Tally {
    pub(super) fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }
}

/// What the city has done so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counters {
    /// Messages handed to the MQTT sessions.
    pub published: u64,
    /// Readings in them.
    pub readings: u64,
    /// Messages that the broker acknowledged.
    pub acknowledged: u64,
    /// Gateways connected at this moment.
    pub connected: u64,
    /// Connections made again after one was lost.
    pub reconnects: u64,
}

/// A cheap view of a running city; clones see the same city.
#[derive(Debug, Clone)]
pub struct Handle(pub(super) Arc<Tally>);

impl Handle {
    /// What the city has done so far.
    pub fn counters(&self) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let tally = &self.0;
        Counters {
            published: read(&tally.published),
            readings: read(&tally.readings),
            acknowledged: read(&tally.acknowledged),
            connected: read(&tally.connected),
            reconnects: read(&tally.reconnects),
        }
    }

    /// What is wrong in the city at `now`; nothing before the run begins or without a scenario.
    pub fn faults(&self, now: Timestamp) -> Vec<Fault> {
        self.0.scenario.get().map(|scenario| scenario.active(now)).unwrap_or_default()
    }

    /// Ground truth: every fault that touches the window, past or to come.
    pub fn ground_truth(&self, window: Window) -> Vec<Fault> {
        self.0.scenario.get().map(|scenario| scenario.faults(window)).unwrap_or_default()
    }
}
