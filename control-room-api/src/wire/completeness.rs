//! How complete the readings of a city are.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// Over which time.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct CompletenessQuery {
    /// RFC 3339; 24 hours before `to` when left out.
    pub(crate) from: Option<String>,
    /// RFC 3339; now when left out.
    pub(crate) to: Option<String>,
    /// Devices with holes at most: 1 to 10000, default 1000.
    pub(crate) limit: Option<usize>,
}

/// What is missing of one device.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DeviceHoles {
    device: String,
    readings: u64,
    expected: u64,
    missed: u64,
    /// The longest time without a reading of a metric that should come regularly, while the device was awaited.
    longest_gap_s: f64,
    /// Messages that the device's own counter says were sent and that never came.
    lost_frames: u64,
}

/// How complete the readings of a city are. What comes only when something happens is expected as often as it came; while an asset is planned, out of
/// service or retired nothing is expected of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Completeness {
    #[schema(format = DateTime)]
    from: String,
    #[schema(format = DateTime)]
    to: String,
    /// The part of the expected readings that is there, from 0 to 1.
    ratio: f64,
    devices: u64,
    readings: u64,
    expected: u64,
    missed: u64,
    /// Devices with holes in all.
    devices_with_holes: u64,
    /// Those with the most missing readings, the worst first.
    holes: Vec<DeviceHoles>,
}

impl Completeness {
    pub(crate) fn of(found: &store::Completeness, limit: usize) -> Self {
        let sum = |count: fn(&store::DeviceCompleteness) -> u64| found.devices.iter().map(count).sum();
        let holes = found.holes();
        let device = |device: &&store::DeviceCompleteness| DeviceHoles {
            device: device.device.to_string(),
            readings: device.readings(),
            expected: device.expected(),
            missed: device.missed(),
            longest_gap_s: device.longest().as_secs_f64(),
            lost_frames: device.lost_frames,
        };
        Self {
            from: found.window.from.to_rfc3339(),
            to: found.window.until.to_rfc3339(),
            ratio: found.ratio(),
            devices: found.devices.len() as u64,
            readings: sum(store::DeviceCompleteness::readings),
            expected: sum(store::DeviceCompleteness::expected),
            missed: sum(store::DeviceCompleteness::missed),
            devices_with_holes: holes.len() as u64,
            holes: holes.iter().take(limit).map(device).collect(),
        }
    }
}
