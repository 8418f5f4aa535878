//! Whether residuals have left zero: at once, or little by little.

use model::Timestamp;
use serde::{Deserialize, Serialize};

/// A day of readings is one step of the slow sums.
const DAY: i64 = 86_000_000_000_000;
/// A day with fewer readings joins the next one.
const FEWEST: u16 = 8;
/// Slack and limit of the slow sums, in standard deviations of daily means: one false alarm in some thousands of years of a series
/// whose days are independent; real ones are not quite, which is what the width is for.
const SLOW_SLACK: f64 = 1.0;
const SLOW_LIMIT: f64 = 8.0;
/// The same of the quick sums, in standard deviations of single readings.
const QUICK_SLACK: f64 = 2.0;
const QUICK_LIMIT: f64 = 15.0;
/// Daily means are not believed to be quieter than this many standard deviations of a reading (24 independent readings would be 0.2).
const QUIETEST: f64 = 0.22;
/// Days near zero after which it is over.
const CALM: u8 = 4;

/// Two-sided CUSUMs (Page, Biometrika 41, 1954) of single readings and of daily means; the latter are measured by their own spread,
/// which holds whatever slow weather (moisture, sun) the regression does not know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Shift {
    quick: [f64; 2],
    slow: [f64; 2],
    sum: f64,
    count: u16,
    since: Option<i64>,
    spread: f64,
    days: u32,
    calm: u8,
}

/// How it left zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    None,
    Suspected,
    Sudden,
    Slow,
}

impl Default for Shift {
    fn default() -> Self {
        let (quick, slow) = ([0.0; 2], [0.0; 2]);
        Self { quick, slow, sum: 0.0, count: 0, since: None, spread: 0.5, days: 0, calm: 0 }
    }
}

impl Shift {
    /// Takes in a standardised residual; `learns` says whether its days may teach what is usual.
    pub(super) fn take(&mut self, time: Timestamp, standard: f64, learns: bool) {
        for (sum, signed) in self.quick.iter_mut().zip([standard, -standard]) {
            *sum = (*sum + signed.min(6.0) - QUICK_SLACK).clamp(0.0, 2.0 * QUICK_LIMIT);
        }
        self.sum += standard.clamp(-8.0, 8.0);
        self.count = self.count.saturating_add(1);
        let since = *self.since.get_or_insert(time.as_nanos());
        if time.as_nanos().saturating_sub(since) >= DAY - DAY / 40 && self.count >= FEWEST {
            self.close(learns);
            self.since = Some(time.as_nanos());
        }
    }

    fn close(&mut self, learns: bool) {
        let mean = self.sum / f64::from(self.count);
        (self.sum, self.count) = (0.0, 0);
        self.days = self.days.saturating_add(1);
        if learns {
            let variance = self.spread * self.spread;
            let gain = (1.0 / (f64::from(self.days) + 4.0)).max(1.0 / 60.0);
            self.spread = (variance + gain * ((mean * mean).min(9.0 * variance) - variance)).sqrt().max(QUIETEST);
        }
        let day = mean / self.spread;
        for (sum, signed) in self.slow.iter_mut().zip([day, -day]) {
            *sum = (*sum + signed.min(6.0) - SLOW_SLACK).clamp(0.0, 3.0 * SLOW_LIMIT);
        }
        self.calm = if day.abs() < 1.5 { self.calm.saturating_add(1) } else { 0 };
    }

    /// What the sums say.
    pub(super) fn change(&self) -> Change {
        let most = |sums: [f64; 2]| sums[0].max(sums[1]);
        if most(self.quick) > QUICK_LIMIT {
            Change::Sudden
        } else if most(self.slow) > SLOW_LIMIT {
            Change::Slow
        } else if most(self.slow) > SLOW_LIMIT / 2.0 {
            Change::Suspected
        } else {
            Change::None
        }
    }

    /// Whether the last days were near zero again.
    pub(super) fn is_calm(&self) -> bool {
        self.calm >= CALM && self.quick == [0.0; 2]
    }

    /// Begins anew, with what is known of the spread.
    pub(super) fn reset(&mut self) {
        (self.quick, self.slow, self.calm) = ([0.0; 2], [0.0; 2], 0);
    }
}
