//! How each stage is doing: for `/status`, for the status line, and for the log when one is late.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use store::Receipt;
use tokio::time::Instant;

/// What became of the readings since the start.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    kept: AtomicU64,
    duplicates: AtomicU64,
    conflicts: AtomicU64,
    unstorable: AtomicU64,
}

impl Counters {
    /// Counts what the store made of a batch.
    pub(crate) fn count(&self, receipt: &Receipt) {
        add(&self.kept, receipt.kept.len());
        add(&self.duplicates, receipt.duplicates);
        add(&self.conflicts, receipt.conflicts);
    }

    /// Counts readings that the store can never take.
    pub(crate) fn unstorable(&self, readings: usize) {
        add(&self.unstorable, readings);
    }

    /// Readings that were new and are on disk.
    pub(crate) fn kept(&self) -> u64 {
        self.kept.load(Ordering::Relaxed)
    }

    /// Each outcome with its count.
    pub(crate) fn all(&self) -> [(&'static str, u64); 4] {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        [
            ("kept", read(&self.kept)),
            ("duplicate", read(&self.duplicates)),
            ("conflict", read(&self.conflicts)),
            ("unstorable", read(&self.unstorable)),
        ]
    }
}

fn add(counter: &AtomicU64, readings: usize) {
    counter.fetch_add(readings as u64, Ordering::Relaxed);
}

/// What troubles a stage now. A stage that is not named is well.
#[derive(Debug)]
pub(crate) struct Stages {
    trouble: Mutex<BTreeMap<&'static str, String>>,
    started: Instant,
    /// Since when the keeper has had in hand what it has: milliseconds after `started`, and one more; 0 while it has nothing.
    in_hand_since: AtomicU64,
}

/// Nobody waits so long for a disk that works, whatever it is busy with.
const STALLED: Duration = Duration::from_secs(5);

impl Default for Stages {
    fn default() -> Self {
        Self { trouble: Mutex::default(), started: Instant::now(), in_hand_since: AtomicU64::new(0) }
    }
}

impl Stages {
    /// The keeper has something in hand.
    pub(crate) fn begins(&self) {
        let since = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.in_hand_since.store(since.saturating_add(1), Ordering::Relaxed);
    }

    /// The keeper is done with what it had in hand, and takes what waits.
    pub(crate) fn ends(&self) {
        self.in_hand_since.store(0, Ordering::Relaxed);
    }

    /// For how long the keeper has had the same in hand: what waits behind it is not acknowledged meanwhile.
    pub(crate) fn nothing_kept_for(&self) -> Duration {
        match self.in_hand_since.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => self.started.elapsed().saturating_sub(Duration::from_millis(since - 1)),
        }
    }

    /// What keeps readings from being acknowledged: what the store says, or that it says nothing.
    pub(crate) fn keeping_trouble(&self) -> Option<String> {
        let waited = self.nothing_kept_for();
        let stalled =
            || (waited >= STALLED).then(|| format!("nothing has been acknowledged for {} s", waited.as_secs()));
        self.trouble("keep").or_else(stalled)
    }

    /// A stage cannot go on; it keeps trying.
    pub(crate) fn troubled(&self, stage: &'static str, error: &store::Error) {
        let text = error.with_causes();
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if trouble.get(stage) != Some(&text) {
            tracing::error!(stage, error = %text, "stage cannot go on and keeps trying");
            trouble.insert(stage, text);
        }
    }

    /// A stage goes on.
    pub(crate) fn recovered(&self, stage: &'static str) {
        if self.trouble.lock().unwrap_or_else(PoisonError::into_inner).remove(stage).is_some() {
            tracing::info!(stage, "stage goes on");
        }
    }

    /// What troubles this stage.
    pub(crate) fn trouble(&self, stage: &str) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).get(stage).cloned()
    }
}
