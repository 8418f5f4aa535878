//! A level and a slope that may change slowly, with what is not known of them.
//!
//! Kalman's filter for the local linear trend (Harvey, *Forecasting, Structural Time Series Models*, 1989, ch. 2). Two states, in doubles,
//! kept symmetric and positive by Joseph's form of the update: it does not diverge however long it runs.

use serde::{Deserialize, Serialize};

/// The state, in days.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Trend {
    pub(super) level: f64,
    pub(super) slope: f64,
    /// Variance of the level, covariance, variance of the slope.
    pub(super) unsure: [f64; 3],
}

/// How much level and slope may change by themselves, as variance a day.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wander {
    pub(super) level: f64,
    pub(super) slope: f64,
}

impl Trend {
    /// `days` pass.
    pub(super) fn advance(&mut self, days: f64, wander: Wander) {
        let [a, b, c] = self.unsure;
        self.level += days * self.slope;
        self.unsure = [
            a + 2.0 * days * b + days * days * c + wander.level * days + wander.slope * days * days * days / 3.0,
            b + days * c + wander.slope * days * days / 2.0,
            c + wander.slope * days,
        ];
    }

    /// Learns from `error`, what was measured less what was expected, where one unit of level is worth `worth` units of it and `noise` is its variance.
    /// Errors beyond `clip` standard deviations teach no more than that.
    pub(super) fn correct(&mut self, error: f64, worth: f64, noise: f64, clip: f64) {
        let [a, b, c] = self.unsure;
        let whole = worth * worth * a + noise;
        if !(whole > 0.0 && whole.is_finite() && error.is_finite()) {
            return;
        }
        let reach = clip * whole.sqrt();
        let error = error.clamp(-reach, reach);
        let (first, second) = (a * worth / whole, b * worth / whole);
        self.level += first * error;
        self.slope += second * error;
        let keep = 1.0 - first * worth;
        self.unsure = [
            keep * keep * a + first * first * noise,
            keep * (b - second * worth * a) + first * second * noise,
            c - 2.0 * second * worth * b + second * second * worth * worth * a + second * second * noise,
        ];
    }
}
