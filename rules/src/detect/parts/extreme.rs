//! How large is too large, from the false-alarm rate that is wanted.

use serde::{Deserialize, Serialize};

use super::level::Level;
use super::number::usable;

/// The share of values whose excess is looked at.
const TAIL: f64 = 0.02;
/// How many values teach the level before the tail is looked at.
const FIRST: u32 = 64;
/// How many excesses there must be before anything is called extreme.
const ENOUGH: u32 = 10;
/// How many excesses are remembered.
const MEMORY: f64 = 1000.0;

/// Streaming peaks over threshold (Siffer, Fouque, Termier, Largouët, *Anomaly Detection in Streams with Extreme Value Theory*, KDD 2017:
/// SPOT). What exceeds a high quantile follows a generalised Pareto distribution, which gives the value that is exceeded with a
/// probability of `risk`.
///
/// Where the paper keeps every excess and fits by maximum likelihood, this keeps two exponentially weighted moments and fits by them
/// (Hosking and Wallis, *Technometrics* 1987), so that the state is bounded and drift is followed; and the quantile itself follows by
/// stochastic approximation. Feed it with deviations from a [`Level`] or a [`super::Season`] and it is DSPOT.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Extreme {
    risk: f64,
    level: Level,
    quantile: f64,
    share: f64,
    excesses: u32,
    mean: f64,
    square: f64,
}

impl Extreme {
    /// Calls extreme what comes with a probability of `risk` for one value, such as 1e-5.
    pub fn new(risk: f64) -> Self {
        Self {
            risk: risk.clamp(1e-12, TAIL / 2.0),
            level: Level::new(2000, 0.0),
            quantile: 0.0,
            share: TAIL,
            excesses: 0,
            mean: 0.0,
            square: 0.0,
        }
    }

    /// Whether `value` is extreme. One that is teaches no more than the threshold itself would: leaving it out would cut the tail off and
    /// lower the threshold, taking it in whole would let a fault raise it.
    pub fn observe(&mut self, value: f64) -> bool {
        if !usable(value) {
            return false;
        }
        let heard = self.level.heard();
        let threshold = self.threshold().filter(|_| heard >= FIRST);
        let extreme = threshold.is_some_and(|threshold| value > threshold);
        let value = threshold.map_or(value, |threshold| value.min(threshold));
        self.level.learn(value);
        if heard < FIRST {
            // Two spreads above a normal level are about its 98th part of a hundred.
            self.quantile = self.level.center() + 2.0 * self.level.spread();
            return false;
        }
        let above = value > self.quantile;
        let gain = 1.0 / f64::from(heard.min(2000));
        self.share += gain * (f64::from(u8::from(above)) - self.share);
        if above {
            self.excesses = self.excesses.saturating_add(1);
            let excess = value - self.quantile;
            let gain = 1.0 / f64::from(self.excesses).min(MEMORY);
            self.mean += gain * (excess - self.mean);
            self.square += gain * (excess * excess - self.square);
        }
        // Steps up and down balance when the share above is TAIL.
        let step = self.level.spread() * (20.0 * gain).min(0.5);
        self.quantile += step * if above { 1.0 - TAIL } else { -TAIL };
        extreme
    }

    /// What is exceeded with the wanted probability; `None` until the tail is known.
    pub fn threshold(&self) -> Option<f64> {
        if self.excesses < ENOUGH {
            return None;
        }
        let mean = self.mean.max(1e-9 * self.level.spread());
        let variance = (self.square - self.mean * self.mean).max(1e-6 * mean * mean);
        let ratio = mean * mean / variance;
        // Tails lighter than uniform or as heavy as to have no variance are artefacts of few values.
        let shape = (0.5 * (1.0 - ratio)).clamp(-0.5, 0.4);
        let scale = mean * (1.0 - shape);
        let rarity = self.risk / self.share.clamp(TAIL / 4.0, 4.0 * TAIL);
        let beyond = if shape.abs() < 1e-6 { -rarity.ln() } else { (rarity.powf(-shape) - 1.0) / shape };
        Some(self.quantile + scale * beyond)
    }
}
