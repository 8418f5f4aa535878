//! What a value should be, given temperature, light, demand or the hour: recursive least squares that cannot lose its footing.

use serde::{Deserialize, Serialize};

use super::number::usable;

/// Regressors are expected to be of order one; beyond this a sample is refused, because its square would swallow the rest.
const LARGEST: f64 = 1e6;
/// What forgetting may make of the uncertainty of a direction that is not excited. Without a bound it grows for ever (wind-up), and the
/// first sample that excites it again throws the coefficients anywhere.
const MOST_UNCERTAIN: f64 = 1e4;
/// What is certain must stay correctable.
const LEAST_UNCERTAIN: f64 = 1e-12;

/// Recursive least squares with exponential forgetting, in double precision and with the covariance factorised as `U D Uᵀ` (Bierman,
/// *Factorization Methods for Discrete Sequential Estimation*, 1977, chapter V).
///
/// The plain form subtracts two nearly equal matrices, so the covariance loses its symmetry and then its sign; in single precision that
/// took 200,000 readings. Here the covariance is never formed: its factor `D` is only ever multiplied by quotients of positive numbers
/// and held between two bounds, so it is positive definite after any number of readings.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Regression {
    coefficients: Box<[f64]>,
    /// The upper triangle of U without its diagonal of ones, column by column.
    upper: Box<[f64]>,
    diagonal: Box<[f64]>,
    keep: f64,
    heard: u64,
    /// Room for one update, so that none is asked for.
    #[serde(skip)]
    room: Vec<f64>,
}

impl Regression {
    /// Explains a value by `size` regressors (the constant one among them), remembering about `memory` readings.
    pub fn new(size: usize, memory: f64) -> Self {
        Self {
            coefficients: vec![0.0; size].into(),
            upper: vec![0.0; size * size.saturating_sub(1) / 2].into(),
            diagonal: vec![MOST_UNCERTAIN; size].into(),
            keep: 1.0 - 1.0 / memory.max(2.0),
            heard: 0,
            room: Vec::new(),
        }
    }

    /// What the value should be; 0 before anything was learnt.
    pub fn expect(&self, regressors: &[f64]) -> f64 {
        self.coefficients.iter().zip(regressors).map(|(c, r)| c * r).sum()
    }

    /// How uncertain [`Regression::expect`] is there, as a multiple of the variance of one reading.
    pub fn uncertainty(&self, regressors: &[f64]) -> f64 {
        let mut sum = 0.0;
        for (j, d) in self.diagonal.iter().enumerate() {
            sum += d * self.projected(regressors, j).powi(2);
        }
        sum
    }

    /// Learns one reading and gives the residual by what was known before it; `None` when a number is not usable. The residual counts for
    /// at most `reach` either way, more while little is known: an outlier bends nothing.
    pub fn learn(&mut self, regressors: &[f64], value: f64, reach: f64) -> Option<f64> {
        let size = self.coefficients.len();
        let fit = regressors.len() == size && usable(value) && regressors.iter().all(|r| r.abs() <= LARGEST);
        if !fit {
            return None;
        }
        let residual = value - self.expect(regressors);
        if !usable(residual) {
            return None;
        }
        let mut gain = std::mem::take(&mut self.room);
        gain.clear();
        gain.resize(size, 0.0);
        // What forgetting does to the covariance is said by weighing the reading: alpha begins at the share that is kept.
        let mut alpha = self.keep;
        for j in 0..size {
            let f = self.projected(regressors, j);
            let g = self.diagonal[j] * f;
            let before = alpha;
            alpha += f * g;
            let d = self.diagonal[j] * before / (alpha * self.keep);
            self.diagonal[j] = d.clamp(LEAST_UNCERTAIN, MOST_UNCERTAIN);
            gain[j] = g;
            let column = j * j.saturating_sub(1) / 2;
            // As many as there are rows above the diagonal: `j` of them.
            for (u, gain) in self.upper[column..column + j].iter_mut().zip(&mut gain) {
                let before_u = *u;
                *u = before_u - f / before * *gain;
                *gain += g * before_u;
            }
        }
        // Where little is known yet a large residual is no outlier: the reach grows with the uncertainty. Without that, one reading with tiny
        // regressors after a quiet time throws the coefficients away and the next ones, clipped, cannot bring them back.
        let reach = reach.abs() * alpha.max(1.0).sqrt();
        let step = residual.clamp(-reach, reach) / alpha;
        for (coefficient, gain) in self.coefficients.iter_mut().zip(&gain) {
            *coefficient += gain * step;
        }
        self.room = gain;
        self.heard = self.heard.saturating_add(1);
        Some(residual)
    }

    /// How much each regressor weighs.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// How many readings were learnt.
    pub fn heard(&self) -> u64 {
        self.heard
    }

    /// Component `j` of `Uᵀ h`.
    fn projected(&self, regressors: &[f64], j: usize) -> f64 {
        let column = j * j.saturating_sub(1) / 2;
        let above: f64 = self.upper[column..column + j].iter().zip(regressors).map(|(u, h)| u * h).sum();
        regressors[j] + above
    }
}
