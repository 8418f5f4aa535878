//! A series that becomes restless, or strangely calm.

use serde::{Deserialize, Serialize};

use super::number::usable;

/// Compares the variance of the last values with that of the long run. Both are exponentially weighted; the long run learns slowly and
/// is clipped, so that the change itself does not become usual at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Variance {
    short: f64,
    long: f64,
    heard: u32,
    short_memory: u32,
    long_memory: u32,
    floor: f64,
}

impl Variance {
    /// Compares about `short` values with about `long` ones. Deviations below `resolution` count as that much.
    pub fn new(short: u32, long: u32, resolution: f64) -> Self {
        let floor = (resolution * resolution).clamp(1e-24, 1e200);
        Self { short: 0.0, long: 0.0, heard: 0, short_memory: short.max(1), long_memory: long.max(1), floor }
    }

    /// Takes in a deviation from what was expected (a residual, or the difference of two values). Gives how many times larger the
    /// standard deviation of the last values is than usual, and `None` until the long run has been heard.
    pub fn observe(&mut self, deviation: f64) -> Option<f64> {
        if !usable(deviation) {
            return None;
        }
        let square = (deviation * deviation).max(self.floor);
        self.heard = self.heard.saturating_add(1);
        let gain = |memory: u32| 1.0 / f64::from(self.heard.min(memory));
        let (short, long) = (gain(self.short_memory), gain(self.long_memory));
        // One value may count for as much as sixteen in the short run and nine in the long one.
        let known = self.heard > self.short_memory;
        let most = |times: f64| if known { times * self.long } else { f64::INFINITY };
        let (in_short, in_long) = (square.min(most(16.0)), square.min(most(9.0)));
        self.short += short * (in_short - self.short);
        self.long += long * (in_long - self.long);
        (self.heard >= self.long_memory).then(|| (self.short / self.long).sqrt())
    }
}
