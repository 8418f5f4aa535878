//! What a structure should show in this weather: warmth that reaches its core late, frost, and wind.

use model::Timestamp;
use serde::{Deserialize, Serialize};

use crate::detect::parts::Regression;

/// How many hours concrete, steel and soil take to follow the air: the response is a mixture of these.
const HOURS: [f64; 3] = [6.0, 24.0, 72.0];
/// Which of [`HOURS`] decides whether the structure is frozen.
const FROST: usize = 1;
const REGRESSORS: usize = 4 + HOURS.len();
/// About two years of hourly readings: the weather of all seasons is remembered.
const MEMORY: f64 = 20_000.0;
/// Readings after which the noise is known roughly, and outliers are cut.
const ROUGH: u32 = 48;
/// Readings after which a residual says something.
const KNOWN: u32 = 120;

/// The expected response, learned by recursive least squares.
///
/// Frequencies depend on temperature almost linearly above freezing and with another slope below it, where asphalt and soil stiffen
/// (Peeters and De Roeck, "One-year monitoring of the Z24-Bridge", Earthquake Engineering and Structural Dynamics 30, 2001), and
/// follow the warmth of the body, not of the air.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Response {
    fit: Regression,
    warmth: Option<[f64; HOURS.len()]>,
    origin: f64,
    noise: f64,
    last: i64,
    first: i64,
    readings: u32,
}

/// What a reading is, against what was expected.
#[derive(Debug, Clone, Copy)]
pub(super) struct Residual {
    /// In standard deviations, the uncertainty of the expectation in this weather included.
    pub(super) standard: f64,
    /// What was expected, in the unit of the series, and one standard deviation of it.
    pub(super) expected: f64,
    pub(super) deviation: f64,
    raw: f64,
    spread: f64,
    regressors: [f64; REGRESSORS],
}

impl Default for Response {
    fn default() -> Self {
        let fit = Regression::new(REGRESSORS, MEMORY);
        Self { fit, warmth: None, origin: 0.0, noise: 0.0, last: 0, first: 0, readings: 0 }
    }
}

impl Response {
    /// Compares a finite value with what this weather makes of the structure.
    pub(super) fn compare(&mut self, time: Timestamp, value: f64, temperature: f64, wind: f64) -> Residual {
        let time = time.as_nanos();
        if self.readings == 0 {
            (self.origin, self.first, self.last) = (value, time, time);
        }
        let hours = time.saturating_sub(self.last).max(0) as f64 / 3.6e12;
        self.last = self.last.max(time);
        let regressors = self.regressors(hours, temperature, wind);
        let expected = self.fit.expect(&regressors);
        let raw = value - self.origin - expected;
        let spread = 1.0 + self.fit.uncertainty(&regressors);
        let deviation = (self.noise * spread.sqrt()).max(1e-12 * value.abs()).max(f64::MIN_POSITIVE);
        let standard = (raw / deviation).clamp(-100.0, 100.0);
        Residual { standard, expected: expected + self.origin, deviation, raw, spread, regressors }
    }

    /// Learns from a reading of a sound structure.
    pub(super) fn learn(&mut self, residual: &Residual, value: f64) {
        let cut = if self.readings > ROUGH { 3.0 * self.noise } else { f64::MAX };
        let _ = self.fit.learn(&residual.regressors, value - self.origin, cut);
        self.readings = self.readings.saturating_add(1);
        let seen = residual.raw.abs().min(cut);
        if self.readings <= 20 {
            self.noise = self.noise.max(0.3 * seen.min(1e50));
        } else {
            let variance = self.noise * self.noise;
            let news = (seen * seen / residual.spread).min(9.0 * variance) - variance;
            let gain = (1.0 / f64::from(self.readings)).max(0.001);
            self.noise = (variance + gain * news).max(0.0).sqrt();
        }
    }

    /// Whether residuals say something.
    pub(super) fn is_known(&self) -> bool {
        self.readings > KNOWN
    }

    /// For how long it has been watched, in days.
    pub(super) fn days(&self) -> f64 {
        self.last.saturating_sub(self.first) as f64 / 8.64e13
    }

    fn regressors(&mut self, hours: f64, temperature: f64, wind: f64) -> [f64; REGRESSORS] {
        let mut regressors = [0.0; REGRESSORS];
        regressors[0] = 1.0;
        // Centred and scaled to order one, so that no direction is weak beside another.
        let scaled = |celsius: f64| (celsius - 12.0) / 10.0;
        if temperature.is_finite() {
            let air = temperature.clamp(-60.0, 80.0);
            let warmth = self.warmth.get_or_insert([air; HOURS.len()]);
            for (warmth, span) in warmth.iter_mut().zip(HOURS) {
                *warmth += (1.0 - (-hours / span).exp()) * (air - *warmth);
            }
            regressors[1] = scaled(air);
        }
        if let Some(warmth) = self.warmth {
            for (place, warmth) in warmth.into_iter().enumerate() {
                regressors[2 + place] = scaled(warmth);
            }
            regressors[2 + HOURS.len()] = warmth[FROST].min(0.0) / 10.0;
        }
        regressors[3 + HOURS.len()] = if wind.is_finite() { wind.clamp(0.0, 80.0) / 5.0 } else { 0.0 };
        regressors
    }
}
