//! One reading of one sensor, and readings that travel together.

use std::sync::Arc;

use crate::{Quality, Series, Timestamp, Unit, Value};

/// What one sensor said about one moment. Its key is (tenant, device, metric, time).
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Whose, which device, which metric.
    pub series: Arc<Series>,
    /// When it was measured.
    pub time: Timestamp,
    /// When it reached us.
    pub received: Timestamp,
    /// What was measured.
    pub value: Value,
    /// The unit as the sender wrote it.
    pub unit: Unit,
    /// How far it can be trusted.
    pub quality: Quality,
}

/// Readings that travel together. Never empty.
#[derive(Debug, Clone, PartialEq)]
pub struct ReadingBatch(Vec<Reading>);

impl ReadingBatch {
    /// A batch, or `None` when there is nothing to travel.
    pub fn new(readings: Vec<Reading>) -> Option<Self> {
        (!readings.is_empty()).then_some(Self(readings))
    }

    /// The readings, in the order of their arrival.
    pub fn readings(&self) -> &[Reading] {
        &self.0
    }

    /// The readings, taken out.
    pub fn into_readings(self) -> Vec<Reading> {
        self.0
    }

    /// How many there are; at least one.
    #[expect(clippy::len_without_is_empty, reason = "never empty")]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}
