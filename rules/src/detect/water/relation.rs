//! How the pressures of a network hang together, and how they follow its flows.
//!
//! Everything that is measured at one moment is one vector: pressures, flows, and flows to the power 1.852, because the loss of head
//! in a pipe grows so (Williams and Hazen, *Hydraulic Tables*, 1905). Its mean and covariance are learnt with slow forgetting. The inverse of
//! the covariance says at once what each value should be, given all others: `x_i - (P x)_i / P_ii` (Lauritzen, *Graphical Models*, 1996, ch. 5).
//! A covariance is an average and cannot run away; the inverse is made anew once a day and never updated in place.

use serde::{Deserialize, Serialize};

use super::matrix::{forward, inverse};

/// Share of each variance that is added to it, so that two meters that always agree still leave a solvable system.
const RIDGE: f64 = 1e-5;
/// Sweeps of Gauss and Seidel's method that fill what is absent.
const SWEEPS: usize = 30;

/// The learnt relation of `size` values, of which the first `pressures` are pressures.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Relation {
    pub(super) size: usize,
    pub(super) pressures: usize,
    memory: f64,
    weight: f64,
    mean: Vec<f64>,
    covariance: Vec<f64>,
    fit: Option<Fit>,
}

/// What follows from the covariance of the day.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Fit {
    center: Vec<f64>,
    scale: Vec<f64>,
    precision: Vec<f64>,
    /// How the pressures follow the rest.
    slope: Vec<f64>,
    /// The covariance of the pressures where the rest is known.
    noise: Vec<f64>,
}

impl Relation {
    /// Forgets half in `half_life` vectors.
    pub(super) fn new(size: usize, pressures: usize, half_life: f64) -> Self {
        Self {
            size,
            pressures,
            memory: 0.5_f64.powf(1.0 / half_life),
            weight: 0.0,
            mean: vec![0.0; size],
            covariance: vec![0.0; size * size],
            fit: None,
        }
    }

    pub(super) fn is_fitted(&self) -> bool {
        self.fit.is_some()
    }

    /// Learns one vector, in the units of the meters.
    pub(super) fn learn(&mut self, x: &[f64]) {
        self.weight = self.memory * self.weight + 1.0;
        let gain = 1.0 / self.weight;
        let n = self.size;
        for row in 0..n {
            let away = x[row] - self.mean[row];
            for (column, (value, mean)) in x.iter().zip(&self.mean).enumerate().take(row + 1) {
                let (old, other) = (self.covariance[row * n + column], value - mean);
                let new = (1.0 - gain) * (old + gain * away * other);
                self.covariance[row * n + column] = new;
                self.covariance[column * n + row] = new;
            }
        }
        for (mean, x) in self.mean.iter_mut().zip(x) {
            *mean += gain * (x - *mean);
        }
    }

    /// Draws the conclusions from what was learnt; those of before stay when there are none.
    pub(super) fn refit(&mut self) {
        let (n, m) = (self.size, self.pressures);
        let scale: Vec<f64> = (0..n).map(|i| self.covariance[i * n + i].max(0.0).sqrt() + 1e-6).collect();
        let mut correlation = self.covariance.clone();
        for row in 0..n {
            for column in 0..n {
                correlation[row * n + column] /= scale[row] * scale[column];
            }
            correlation[row * n + row] += RIDGE;
        }
        let Some(precision) = inverse(correlation, n) else { return };
        let block = (0..m * m).map(|at| precision[at / m * n + at % m]).collect();
        let Some(noise) = inverse(block, m) else { return };
        let rest = n - m;
        let mut slope = vec![0.0; m * rest];
        for row in 0..m {
            for column in 0..rest {
                slope[row * rest + column] =
                    -(0..m).map(|k| noise[row * m + k] * precision[k * n + m + column]).sum::<f64>();
            }
        }
        self.fit = Some(Fit { center: self.mean.clone(), scale, precision, slope, noise });
    }

    /// Makes `x` a vector without units and fills what `absent` names by what the others say. `false` before the first conclusions.
    pub(super) fn complete(&self, x: &mut [f64], absent: &[bool]) -> bool {
        let Some(fit) = &self.fit else { return false };
        let n = self.size;
        for (i, x) in x.iter_mut().enumerate() {
            *x = if absent[i] { 0.0 } else { (*x - fit.center[i]) / fit.scale[i] };
        }
        if absent.contains(&true) {
            for _ in 0..SWEEPS {
                for i in (0..n).filter(|i| absent[*i]) {
                    let sum: f64 = fit.precision[i * n..][..n].iter().zip(&*x).map(|(p, x)| p * x).sum();
                    x[i] -= sum / fit.precision[i * n + i];
                }
            }
        }
        true
    }

    /// The value `z` of place `i`, in the meter's unit again.
    pub(super) fn unscaled(&self, i: usize, z: f64) -> f64 {
        self.fit.as_ref().map_or(f64::NAN, |fit| fit.center[i] + fit.scale[i] * z)
    }

    /// A value in the meter's unit, as [`complete`](Self::complete) makes it.
    pub(super) fn scaled(&self, i: usize, x: f64) -> f64 {
        self.fit.as_ref().map_or(f64::NAN, |fit| (x - fit.center[i]) / fit.scale[i])
    }

    /// By how many of its own standard deviations the pressure `i` of the complete `z` is where the others do not expect it.
    pub(super) fn oddness(&self, i: usize, z: &[f64]) -> f64 {
        let Some(fit) = &self.fit else { return 0.0 };
        let n = self.size;
        let sum: f64 = fit.precision[i * n..][..n].iter().zip(z).map(|(p, z)| p * z).sum();
        sum / fit.precision[i * n + i].sqrt()
    }

    /// One standard deviation of [`oddness`](Self::oddness), as a part of the pressure's scale.
    pub(super) fn own_noise(&self, i: usize) -> f64 {
        self.fit.as_ref().map_or(1.0, |fit| fit.precision[i * self.size + i].sqrt().recip())
    }

    /// The pressure `i` of the complete `z` without what the flows explain.
    pub(super) fn beyond_flow(&self, i: usize, z: &[f64]) -> f64 {
        let Some(fit) = &self.fit else { return 0.0 };
        let rest = self.size - self.pressures;
        let explained: f64 =
            fit.slope[i * rest..][..rest].iter().zip(&z[self.pressures..]).map(|(slope, z)| slope * z).sum();
        z[i] - explained
    }

    /// The covariance of [`beyond_flow`](Self::beyond_flow) at one moment.
    pub(super) fn noise(&self, i: usize, j: usize) -> f64 {
        self.fit.as_ref().map_or(f64::from(u8::from(i == j)), |fit| fit.noise[i * self.pressures + j])
    }
}

/// How far a vector of residuals is from none at all, in the directions in which it usually does not stray (Hotelling, 1931), against
/// how far it usually is.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Departure {
    covariance: Vec<f64>,
    typical: f64,
    heard: u32,
    memory: f64,
    ridge: f64,
}

impl Departure {
    /// Of `count` residuals; half is forgotten in `half_life` vectors. `ridge` is the share of the noise of one moment that is always allowed for.
    pub(super) fn new(count: usize, half_life: f64, ridge: f64) -> Self {
        Self {
            covariance: Vec::new(),
            typical: count as f64,
            heard: 0,
            memory: 1.0 - 0.5_f64.powf(1.0 / half_life),
            ridge,
        }
    }

    /// The squared distance of `residuals` (those that are known) in units of the usual one. `room` is for reckoning.
    pub(super) fn of(&mut self, relation: &Relation, residuals: &[Option<f64>], room: &mut Vec<f64>) -> Option<f64> {
        let m = residuals.len();
        if self.covariance.len() != m * m {
            self.covariance = (0..m * m).map(|at| 0.3 * relation.noise(at / m, at % m)).collect();
        }
        let known = residuals.iter().flatten().count();
        if known < 2 || known * 2 < m {
            return None;
        }
        room.clear();
        for (i, _) in residuals.iter().enumerate().filter(|(_, residual)| residual.is_some()) {
            for (j, _) in residuals.iter().enumerate().filter(|(_, residual)| residual.is_some()) {
                room.push(self.covariance[i * m + j] + self.ridge * relation.noise(i, j));
            }
        }
        room.extend(residuals.iter().flatten());
        let (matrix, vector) = room.split_at_mut(known * known);
        if !super::matrix::factor(matrix, known) {
            return None;
        }
        forward(matrix, known, vector);
        let distance: f64 = vector.iter().map(|part| part * part).sum();
        Some(distance / (self.typical * known as f64 / m as f64))
    }

    /// Learns what is usual. `departure` is what [`of`](Self::of) said; far ones teach no more than one that is `cap` times the usual.
    pub(super) fn learn(&mut self, residuals: &[Option<f64>], departure: f64, gain: f64, cap: f64) {
        let m = residuals.len();
        self.heard = self.heard.saturating_add(1);
        let share = (cap / departure.max(1e-9)).min(1.0);
        self.typical = (self.typical * (1.0 + gain * (departure.min(cap) - 1.0))).max(1e-3);
        let gain = self.memory.max(1.0 / (f64::from(self.heard) + 200.0));
        for (i, first) in residuals.iter().enumerate() {
            for (j, second) in residuals.iter().enumerate() {
                if let (Some(first), Some(second)) = (first, second) {
                    let cell = &mut self.covariance[i * m + j];
                    *cell += gain * (first * second * share - *cell);
                }
            }
        }
    }
}
