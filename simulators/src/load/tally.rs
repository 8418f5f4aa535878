//! What all clients of a load have done so far, counted in batches.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hdrhistogram::Histogram;
use model::Duration;

/// The longest latency that is told apart, in microseconds: two minutes.
const LONGEST: u64 = 120_000_000;

/// Shared by the clients.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) sent: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) acknowledged: AtomicU64,
    pub(super) received: AtomicU64,
    pub(super) connected: AtomicUsize,
    pub(super) reconnects: AtomicU64,
    /// Microseconds from due to acknowledged.
    latency: Mutex<Histogram<u64>>,
}

impl Tally {
    pub(super) fn new() -> Self {
        let latency = Histogram::new_with_bounds(1, LONGEST, 3).expect("one microsecond to two minutes are bounds");
        Self {
            sent: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            acknowledged: AtomicU64::new(0),
            received: AtomicU64::new(0),
            connected: AtomicUsize::new(0),
            reconnects: AtomicU64::new(0),
            latency: Mutex::new(latency),
        }
    }

    pub(super) fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }

    /// Enters the latencies of one batch of acknowledgements.
    pub(super) fn enter(&self, latencies: &mut Vec<Duration>) {
        let mut histogram = self.latency.lock().unwrap_or_else(PoisonError::into_inner);
        for latency in latencies.drain(..) {
            histogram.saturating_record(u64::try_from(latency.as_micros()).unwrap_or(LONGEST).max(1));
        }
    }

    pub(super) fn latency(&self) -> Histogram<u64> {
        self.latency.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// A cheap view of a running load.
#[derive(Debug, Clone)]
pub struct Progress(pub(super) Arc<Tally>);

impl Progress {
    /// Messages that were sent.
    pub fn sent(&self) -> u64 {
        self.0.sent.load(Ordering::Relaxed)
    }

    /// Messages that were acknowledged.
    pub fn acknowledged(&self) -> u64 {
        self.0.acknowledged.load(Ordering::Relaxed)
    }

    /// Messages that the subscriber got.
    pub fn received(&self) -> u64 {
        self.0.received.load(Ordering::Relaxed)
    }

    /// Clients that are connected.
    pub fn connected(&self) -> usize {
        self.0.connected.load(Ordering::Relaxed)
    }

    /// Connections made again after one was lost.
    pub fn reconnects(&self) -> u64 {
        self.0.reconnects.load(Ordering::Relaxed)
    }

    /// The 99th percentile of the latency so far.
    pub fn p99(&self) -> Duration {
        Duration::from_micros(self.0.latency().value_at_quantile(0.99))
    }
}
