//! Whether the sensor is to blame: the same value again and again, or more noise than ever.

use serde::{Deserialize, Serialize};

/// How unlikely a run of equal values must be (natural logarithm): once in ten thousand million.
const UNLIKELY: f64 = -23.0;
/// Nobody is believed to repeat a value more seldom than this.
const RAREST: f64 = 0.005;
/// The gain of the present noise: some three days of hourly readings.
const PRESENT: f64 = 1.0 / 36.0;
/// The gain of the usual noise.
const USUAL: f64 = 1.0 / 600.0;
/// The first differences, which make the usual noise.
const FIRST: u32 = 180;
/// How many times the usual noise is too much, and where it is well again. The mean of so few differences wanders by a tenth.
const TOO_MUCH: f64 = 1.9;
const ENOUGH: f64 = 1.3;

/// What is known of a sensor's habits.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Sensor {
    last_value: Option<f64>,
    last_standard: Option<f64>,
    repeats: u32,
    /// The chance that a value is repeated.
    chance: f64,
    present: f64,
    usual: f64,
    differences: u32,
}

impl Sensor {
    /// Takes in a value.
    pub(super) fn take_value(&mut self, value: f64) {
        let same = self.last_value == Some(value);
        self.last_value = Some(value);
        self.repeats = if same { self.repeats.saturating_add(1) } else { 0 };
        if self.repeats <= 1 {
            self.chance += 0.002 * (f64::from(self.repeats) - self.chance);
        }
    }

    /// Takes in a standardised residual. Differences of neighbours are looked at, so that a shift is no noise.
    pub(super) fn take_residual(&mut self, standard: f64, learns: bool) {
        let Some(last) = self.last_standard.replace(standard) else { return };
        let difference = (standard - last).abs().min(8.0);
        self.differences = self.differences.saturating_add(1);
        let gain = PRESENT.max(1.0 / f64::from(self.differences));
        self.present += gain * (difference - self.present);
        if self.differences <= FIRST {
            self.usual += (difference - self.usual) / f64::from(self.differences);
        } else if learns {
            self.usual += USUAL * (difference.min(3.0 * self.usual) - self.usual);
        }
    }

    /// Whether it repeats one value so often that chance is no explanation.
    pub(super) fn is_stuck(&self) -> bool {
        self.repeats >= 4 && f64::from(self.repeats) * self.chance.max(RAREST).ln() < UNLIKELY
    }

    /// Whether its values move.
    pub(super) fn moves(&self) -> bool {
        self.repeats == 0
    }

    /// How many times the usual noise there is.
    pub(super) fn noise(&self) -> f64 {
        if self.differences <= FIRST || self.usual <= 0.0 { 1.0 } else { self.present / self.usual }
    }

    /// Whether that is too much.
    pub(super) fn is_noisy(&self) -> bool {
        self.noise() > TOO_MUCH
    }

    /// Whether it is as usual.
    pub(super) fn is_quiet(&self) -> bool {
        self.noise() < ENOUGH
    }
}
