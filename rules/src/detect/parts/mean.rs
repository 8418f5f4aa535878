//! A plain exponentially weighted mean.

use serde::{Deserialize, Serialize};

use super::number::usable;

/// An exponentially weighted mean that begins as the mean of what was heard.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Mean {
    value: f64,
    heard: u32,
    memory: u32,
}

impl Mean {
    /// Remembers about `memory` values.
    pub fn new(memory: u32) -> Self {
        Self { value: 0.0, heard: 0, memory: memory.max(1) }
    }

    /// Learns one value; one that is not usable teaches nothing.
    pub fn learn(&mut self, value: f64) {
        if usable(value) {
            self.heard = self.heard.saturating_add(1).min(self.memory);
            self.value += (value - self.value) / f64::from(self.heard);
        }
    }

    /// The mean; `None` before the first value.
    pub fn value(&self) -> Option<f64> {
        (self.heard > 0).then_some(self.value)
    }
}
