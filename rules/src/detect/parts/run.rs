//! The same value again and again: stuck, or at the end of the scale.

use model::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

/// How many values teach what runs are usual before anything may be called stuck.
const LEARNING: u32 = 32;
/// How much is forgotten of the longest usual run with each new one.
const FORGET: f32 = 0.995;

/// Follows runs of the same value, and learns how long they usually are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    value: f64,
    since: i64,
    last: i64,
    length: u32,
    heard: u32,
    usual: f32,
    low: f64,
    high: f64,
    tolerance: f64,
}

impl Run {
    /// Values that differ by at most `tolerance` are the same.
    pub fn new(tolerance: f64) -> Self {
        let tolerance = tolerance.abs();
        Self { value: 0.0, since: 0, last: 0, length: 0, heard: 0, usual: 1.0, low: 0.0, high: 0.0, tolerance }
    }

    /// Takes in a value; one that is not finite is passed over.
    pub fn observe(&mut self, time: Timestamp, value: f64) {
        if !value.is_finite() {
            return;
        }
        let time = time.as_nanos();
        self.heard = self.heard.saturating_add(1);
        if self.heard == 1 {
            (self.low, self.high) = (value, value);
        } else if (value - self.value).abs() <= self.tolerance {
            self.length = self.length.saturating_add(1);
            self.last = time;
            return;
        }
        // A run that is over and was not extraordinary teaches; one that was would hide the next.
        let length = self.length as f32;
        let strange = self.heard > LEARNING && length > 3.0 * self.usual;
        self.usual = (self.usual * FORGET).max(if strange { self.usual } else { length }).max(1.0);
        (self.low, self.high) = (self.low.min(value), self.high.max(value));
        (self.value, self.since, self.last, self.length) = (value, time, time, 1);
    }

    /// How many values the present run has.
    pub fn length(&self) -> u32 {
        self.length
    }

    /// How long it has lasted, from its first value to its last.
    pub fn lasted(&self) -> Duration {
        Timestamp::from_nanos(self.last).since(Timestamp::from_nanos(self.since))
    }

    /// Whether the present run has at least `least` values and is more than `times` as long as the longest usual one.
    pub fn is_stuck(&self, least: u32, times: f32) -> bool {
        self.heard > LEARNING && self.length >= least && self.length as f32 > times * self.usual
    }

    /// Whether the present run lies on the highest or the lowest value ever seen, as at the end of a scale.
    pub fn at_end_of_scale(&self) -> bool {
        self.high > self.low && (self.value >= self.high - self.tolerance || self.value <= self.low + self.tolerance)
    }
}
