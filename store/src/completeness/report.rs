//! What is told about a city, its devices and their series.

use std::time::Duration;

use model::{DeviceId, MetricName, Timestamp, Window};

/// How complete one series is.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesCompleteness {
    /// What was measured.
    pub metric: MetricName,
    /// Readings that are kept.
    pub readings: u64,
    /// Readings that there should be; as many as are kept for a series without a rhythm of which nobody says how often it speaks.
    pub expected: u64,
    /// Readings that are missing.
    pub missed: u64,
    /// How often it should speak; none for one that speaks when something happens.
    pub usual: Option<Duration>,
    /// The longest time without a reading in which it was awaited.
    pub longest: Duration,
}

/// How complete one device is.
#[derive(Debug, Clone, PartialEq)]
pub struct DeviceCompleteness {
    /// Which device.
    pub device: DeviceId,
    /// Its series.
    pub series: Vec<SeriesCompleteness>,
    /// Messages that its own counter says were sent and that never came.
    pub lost_frames: u64,
}

/// How complete a city is.
#[derive(Debug, Clone, PartialEq)]
pub struct Completeness {
    /// Over which time.
    pub window: Window,
    /// Every device that spoke or should have, by name.
    pub devices: Vec<DeviceCompleteness>,
}

/// A time without readings.
#[derive(Debug, Clone, PartialEq)]
pub struct Hole {
    /// What was measured.
    pub metric: MetricName,
    /// The last reading before it.
    pub from: Timestamp,
    /// The first reading after it, or the end of the window.
    pub until: Timestamp,
    /// Readings that are missing.
    pub missed: u64,
}

impl DeviceCompleteness {
    /// Readings that are kept.
    pub fn readings(&self) -> u64 {
        self.series.iter().map(|series| series.readings).sum()
    }

    /// Readings that there should be.
    pub fn expected(&self) -> u64 {
        self.series.iter().map(|series| series.expected).sum()
    }

    /// Readings that are missing.
    pub fn missed(&self) -> u64 {
        self.series.iter().map(|series| series.missed).sum()
    }

    /// The longest time without a reading of a series that has a rhythm.
    pub fn longest(&self) -> Duration {
        let even = self.series.iter().filter(|series| series.usual.is_some());
        even.map(|series| series.longest).max().unwrap_or_default()
    }

    /// Whether something is missing.
    pub fn has_holes(&self) -> bool {
        self.missed() > 0 || self.lost_frames > 0
    }
}

impl Completeness {
    /// The part of what should have come that is there, from 0 to 1.
    pub fn ratio(&self) -> f64 {
        let expected: u64 = self.devices.iter().map(DeviceCompleteness::expected).sum();
        let missed: u64 = self.devices.iter().map(DeviceCompleteness::missed).sum();
        if expected == 0 { 1.0 } else { (expected - missed.min(expected)) as f64 / expected as f64 }
    }

    /// The devices with holes, the worst first.
    pub fn holes(&self) -> Vec<&DeviceCompleteness> {
        let mut holes: Vec<_> = self.devices.iter().filter(|device| device.has_holes()).collect();
        holes.sort_by_key(|device| std::cmp::Reverse((device.missed(), device.lost_frames)));
        holes
    }
}
