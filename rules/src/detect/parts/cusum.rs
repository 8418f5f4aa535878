//! Small changes that last: sums of deviations.

use serde::{Deserialize, Serialize};

use super::number::usable;

/// Which way something changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Side {
    /// Upwards.
    Up,
    /// Downwards.
    Down,
}

/// Tabular CUSUM of both sides (Page, *Continuous Inspection Schemes*, Biometrika 1954; Montgomery, *Statistical Quality Control*,
/// chapter 9): sums what goes beyond `slack` standard deviations and speaks when a sum passes `limit`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cusum {
    slack: f64,
    limit: f64,
    clip: f64,
    up: f64,
    down: f64,
}

impl Cusum {
    /// `slack` is half of the shift to be found, in standard deviations. One value counts for at most `clip` of them, so that a single
    /// spike does not speak when `clip` is below `limit`.
    pub fn new(slack: f64, limit: f64, clip: f64) -> Self {
        Self { slack, limit, clip: clip.abs(), up: 0.0, down: 0.0 }
    }

    /// Takes in a deviation in standard deviations; says when a sum has passed its limit, and begins anew.
    pub fn observe(&mut self, standing: f64) -> Option<Side> {
        if standing.is_nan() {
            return None;
        }
        let z = standing.clamp(-self.clip, self.clip);
        self.up = (self.up + z - self.slack).max(0.0);
        self.down = (self.down - z - self.slack).max(0.0);
        let side = if self.up > self.limit {
            Side::Up
        } else if self.down > self.limit {
            Side::Down
        } else {
            return None;
        };
        self.reset();
        Some(side)
    }

    /// Both sums, upwards and downwards.
    pub fn sums(&self) -> (f64, f64) {
        (self.up, self.down)
    }

    /// Forgets both sums.
    pub fn reset(&mut self) {
        (self.up, self.down) = (0.0, 0.0);
    }
}

/// Page-Hinkley test (Hinkley, *Inference about the change-point from cumulative sum tests*, Biometrika 1971): like [`Cusum`], for a
/// level that is not known but learnt on the way. In the unit of the series.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PageHinkley {
    slack: f64,
    limit: f64,
    mean: f64,
    heard: u32,
    up: f64,
    down: f64,
}

impl PageHinkley {
    /// Tolerates `slack` either way and speaks when more than `limit` has come together.
    pub fn new(slack: f64, limit: f64) -> Self {
        Self { slack, limit, mean: 0.0, heard: 0, up: 0.0, down: 0.0 }
    }

    /// Takes in a value; says when a change is certain, and begins anew from there.
    pub fn observe(&mut self, value: f64) -> Option<Side> {
        if !usable(value) {
            return None;
        }
        self.heard = self.heard.saturating_add(1);
        self.mean += (value - self.mean) / f64::from(self.heard);
        self.up = (self.up + value - self.mean - self.slack).max(0.0);
        self.down = (self.down + self.mean - value - self.slack).max(0.0);
        let side = if self.up > self.limit {
            Side::Up
        } else if self.down > self.limit {
            Side::Down
        } else {
            return None;
        };
        *self = Self::new(self.slack, self.limit);
        Some(side)
    }
}
