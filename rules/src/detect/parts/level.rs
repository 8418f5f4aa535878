//! Where a series usually is, and how far it usually strays, in spite of outliers.

use serde::{Deserialize, Serialize};

use super::number::usable;

/// Deviations beyond so many spreads teach no more than this many (Huber, *Robust Estimation of a Location Parameter*, 1964).
const CLIP: f64 = 3.0;
/// The first values are averaged as they are: there is no spread yet to clip them by.
const FIRST: u32 = 8;
/// A normal distribution's standard deviation in mean absolute deviations.
const PER_ABSOLUTE: f64 = 1.253_314_137_315_5;

/// A level and a spread that follow a series: an exponentially weighted mean and mean absolute deviation, both robust by clipping, which
/// learn from the first values as a plain mean would.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Level {
    center: f64,
    spread: f64,
    resolution: f64,
    heard: u32,
    memory: u32,
}

impl Level {
    /// Remembers about `memory` values. The spread is never below `resolution`, the step in which the sensor counts.
    pub fn new(memory: u32, resolution: f64) -> Self {
        Self { center: 0.0, spread: 0.0, resolution: resolution.abs(), heard: 0, memory: memory.max(1) }
    }

    /// Learns one value; one that is not usable teaches nothing.
    pub fn learn(&mut self, value: f64) {
        if !usable(value) {
            return;
        }
        self.heard = self.heard.saturating_add(1);
        let gain = 1.0 / f64::from(self.heard.min(self.memory));
        let reach = if self.heard <= FIRST { f64::INFINITY } else { CLIP * self.spread() };
        let away = (value - self.center).clamp(-reach, reach);
        self.center += gain * away;
        if self.heard > 1 {
            // The center has just moved towards the value: its distance is measured from before, which the factor makes up for.
            let gain = 1.0 / f64::from((self.heard - 1).min(self.memory));
            self.spread += gain * (PER_ABSOLUTE * away.abs() - self.spread);
        }
    }

    /// Where the series usually is.
    pub fn center(&self) -> f64 {
        self.center
    }

    /// How far it usually strays, as a standard deviation; never zero.
    pub fn spread(&self) -> f64 {
        self.spread.max(self.resolution).max(1e-9 * self.center.abs()).max(1e-12)
    }

    /// How many spreads above the center `value` is; 0 when that cannot be said.
    pub fn standing(&self, value: f64) -> f64 {
        if usable(value) && self.heard > 0 { (value - self.center) / self.spread() } else { 0.0 }
    }

    /// How many values were learnt.
    pub fn heard(&self) -> u32 {
        self.heard
    }
}
