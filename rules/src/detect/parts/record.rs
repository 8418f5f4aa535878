//! By how much a series outdoes itself.

use serde::{Deserialize, Serialize};

use super::number::usable;

/// How many values set the first record before any can break it.
const FIRST: u32 = 50;
/// Below this a record is none: nothing has ever happened.
const NOTHING: f64 = 1e-9;

/// The largest value so far, slowly forgotten. Says how far a value surpasses it: a threshold in units of the series' own past, so that one
/// number fits series of any unit, noise and habit. What has happened once is less surprising the second time.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    keep: f64,
    largest: f64,
    heard: u32,
}

impl Record {
    /// Forgets a record over about `memory` values.
    pub fn new(memory: f64) -> Self {
        Self { keep: 1.0 - 1.0 / memory.max(2.0), largest: 0.0, heard: 0 }
    }

    /// The natural logarithm of how many times larger than the record the magnitude of `value` is; 0 when it is not.
    pub fn observe(&mut self, value: f64) -> f64 {
        if !usable(value) {
            return 0.0;
        }
        let value = value.abs();
        if self.heard < FIRST {
            self.heard += 1;
            self.largest = self.largest.max(value);
            return 0.0;
        }
        if value <= self.largest {
            self.largest *= self.keep;
            return 0.0;
        }
        let surprise = if self.largest > NOTHING { (value / self.largest).ln() } else { 0.0 };
        self.largest = value;
        surprise
    }
}
