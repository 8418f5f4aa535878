//! How much power a lamp takes at each dimming level when it is well, learned from itself.

use serde::{Deserialize, Serialize};

/// How many dimming levels are remembered; schedules know two or three, and what is between is taken from the nearest.
const LEVELS: usize = 4;
/// The first readings of a new lamp whose median is its first level.
const FIRST: usize = 5;
/// What a driver takes without light, as a share of full power. LED drivers follow the command as a straight line above this
/// (IEC 62384 annexes; measured by Gil-de-Castro et al., "Harmonic effects of street-light LED dimming", 2013).
const DRIVER_SHARE: f32 = 0.06;
/// After so many readings a level follows so slowly only (about half a year of nights): what is slower is ageing as it should be.
const SLOWEST: f32 = 2000.0;
/// A level that is derived from another weighs as much as so many readings of its own.
const DERIVED_WEIGHT: f32 = 20.0;
/// From so many readings on a level is exact enough to see a decline of a percent against.
const EXACT: u16 = 60;
/// The share of a slow decline that is kept from a level that is known already; the rest lets an error of the level heal.
const KEPT: f32 = 0.8;
/// The least noise that is believed, as a share of power: meters have a resolution.
const LEAST_NOISE: f32 = 0.003;

#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Level {
    dim: u8,
    readings: u16,
    derived: bool,
    /// The natural logarithm of the power.
    log_power: f32,
}

/// What is known of one lamp.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Levels {
    known: Vec<Level>,
    first: [f32; FIRST],
    firsts: u8,
    first_dim: u8,
    noise: f32,
}

impl Default for Levels {
    fn default() -> Self {
        Self { known: Vec::new(), first: [0.0; FIRST], firsts: 0, first_dim: 0, noise: 0.02 }
    }
}

/// What is expected at one dimming level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Expected {
    /// The natural logarithm of the power.
    pub(super) log_power: f32,
    /// Whether it is known well enough for the small changes.
    pub(super) exact: bool,
    place: Option<usize>,
}

impl Levels {
    /// The noise of a single reading, as a share of power.
    pub(super) fn noise(&self) -> f32 {
        self.noise.max(LEAST_NOISE)
    }

    /// What the lamp should take at this level; `None` while nothing is known.
    pub(super) fn expected(&self, dim: u8) -> Option<Expected> {
        if let Some(place) = self.known.iter().position(|level| level.dim == dim) {
            let level = self.known[place];
            return Some(Expected { log_power: level.log_power, exact: level.readings >= EXACT, place: Some(place) });
        }
        let near = self.known.iter().min_by_key(|level| (level.dim.abs_diff(dim), level.dim))?;
        Some(Expected { log_power: near.log_power + curve(dim) - curve(near.dim), exact: false, place: None })
    }

    /// What it should take at full power, in watts.
    pub(super) fn full_power(&self) -> Option<f32> {
        self.expected(100).map(|expected| expected.log_power.exp())
    }

    /// Learns the very first readings of a lamp.
    pub(super) fn begin(&mut self, dim: u8, log_power: f32) {
        if self.firsts == 0 || self.first_dim != dim {
            (self.firsts, self.first_dim) = (0, dim);
        }
        self.first[usize::from(self.firsts)] = log_power;
        self.firsts += 1;
        if usize::from(self.firsts) == FIRST {
            self.first.sort_unstable_by(f32::total_cmp);
            self.known.clear();
            let log_power = self.first[FIRST / 2];
            self.known.push(Level { dim, readings: FIRST as u16, derived: false, log_power });
            self.firsts = 0;
        }
    }

    /// Learns from a reading of a healthy lamp: `residual` is what it took more than expected, `own` the part of it that its
    /// neighbours did not show, `drift` what is known of a slow decline that must not be learned as the level of a new command.
    pub(super) fn learn(&mut self, dim: u8, expected: Expected, residual: f32, own: f32, drift: f32) {
        let place = match expected.place {
            Some(place) => place,
            None if self.known.len() < LEVELS => {
                self.known.push(Level { dim, readings: 0, derived: true, log_power: expected.log_power });
                self.known.len() - 1
            }
            None => return,
        };
        let level = &mut self.known[place];
        let weight = f32::from(level.readings) + if level.derived { DERIVED_WEIGHT } else { 1.0 };
        let news = residual - if level.readings < EXACT { drift } else { KEPT * drift };
        level.log_power += news.clamp(-0.1, 0.1) / weight.min(SLOWEST);
        level.readings = level.readings.saturating_add(1);
        // The mean deviation of a normal noise is 0.8 of its standard deviation.
        let gain = 1.0 / f32::from(level.readings).clamp(10.0, 400.0);
        self.noise += gain * (own.abs().min(0.1) * 1.253 - self.noise);
    }

    /// Forgets everything: another lamp hangs there now.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}

/// The logarithm of the share of full power that a driver takes at this command.
fn curve(dim: u8) -> f32 {
    (DRIVER_SHARE + (1.0 - DRIVER_SHARE) * f32::from(dim.min(100)) / 100.0).ln()
}
