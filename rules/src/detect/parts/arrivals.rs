//! Who has fallen silent, and whose link loses readings.

use model::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

/// Follows when a series speaks, against how often it is expected to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Arrivals {
    period: i64,
    last: i64,
    heard: u32,
    gain: f64,
    share: f64,
    usual: f64,
}

impl Arrivals {
    /// A series that is expected every `period`; the share of what arrives is judged over about `memory` periods.
    pub fn new(period: Duration, memory: u32) -> Self {
        let period = i64::try_from(period.as_nanos()).unwrap_or(i64::MAX).max(1);
        Self { period, last: 0, heard: 0, gain: 1.0 / f64::from(memory.max(1)), share: 1.0, usual: 1.0 }
    }

    /// A reading of this moment has arrived.
    pub fn observe(&mut self, time: Timestamp) {
        let time = time.as_nanos();
        if self.heard > 0 {
            let gap = time.saturating_sub(self.last);
            if gap <= self.period / 2 {
                // Sooner than expected, or a repetition: it proves nothing about the link.
                self.last = self.last.max(time);
                return;
            }
            let missed = (gap as f64 / self.period as f64).round() - 1.0;
            let after = |share: f64, gain: f64| {
                let after = share * (1.0 - gain).powf(missed.max(0.0));
                after + gain * (1.0 - after)
            };
            self.share = after(self.share, self.gain);
            // What this link usually delivers is learnt twenty times as slowly.
            self.usual = after(self.usual, self.gain / 20.0);
        }
        self.heard = self.heard.saturating_add(1);
        self.last = time;
    }

    /// How many readings have been due and did not come, as of `now`; 0 before the first.
    pub fn overdue(&self, now: Timestamp) -> f64 {
        if self.heard == 0 {
            return 0.0;
        }
        (now.as_nanos().saturating_sub(self.last) as f64 / self.period as f64 - 1.0).max(0.0)
    }

    /// When it spoke last.
    pub fn last(&self) -> Option<Timestamp> {
        (self.heard > 0).then(|| Timestamp::from_nanos(self.last))
    }

    /// The share of the expected readings that arrived lately.
    pub fn share(&self) -> f64 {
        self.share
    }

    /// How many standard deviations less arrived lately than usual, by the binomial law for the memory's number of readings.
    pub fn shortfall(&self) -> f64 {
        let usual = self.usual.clamp(0.05, 0.995);
        // The variance of an exponentially weighted mean is gain / (2 - gain) of that of one value.
        let deviation = (usual * (1.0 - usual) * self.gain / (2.0 - self.gain)).sqrt();
        ((usual - self.share) / deviation).max(0.0)
    }
}
