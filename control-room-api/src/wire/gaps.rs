//! Who should have spoken and did not, as it crosses the wire.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How many devices.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct GapsQuery {
    /// Devices at most: 1 to 10000, default 1000.
    pub(crate) limit: Option<usize>,
}

/// A time in which a device should have spoken and did not.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Gap {
    /// The last reading before it.
    #[schema(format = DateTime)]
    from: String,
    /// The first reading after it.
    #[schema(format = DateTime)]
    until: String,
    /// How often it should have spoken meanwhile.
    missed: u64,
}

/// One device, or gateway, with gaps.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DeviceGaps {
    device: String,
    /// How often it should speak; null for one that speaks when something happens.
    interval_s: Option<f64>,
    /// Whether that was learned from its readings, because its class does not say so.
    learned: bool,
    /// When it spoke last; null for one that only numbers its messages.
    #[schema(format = DateTime)]
    latest: Option<String>,
    /// How often it should have spoken since then.
    overdue: u64,
    /// How often it should have spoken in gaps that have ended.
    missed: u64,
    /// The newest of these gaps, at most 16, in order of time.
    gaps: Vec<Gap>,
    /// Messages that it numbered and that never came.
    lost_messages: u64,
}

/// The gaps of a city since the server was started. Late readings close them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Gaps {
    /// Devices and gateways that are followed.
    followed: u64,
    /// Those that are silent now although they should speak.
    silent: u64,
    /// Those with gaps or silent in all.
    devices_with_gaps: u64,
    /// Those with the most gaps, the worst first.
    devices: Vec<DeviceGaps>,
}

impl Gaps {
    pub(crate) fn of(found: crate::Gaps, limit: usize) -> Self {
        let gap =
            |gap: &crate::Gap| Gap { from: gap.from.to_rfc3339(), until: gap.until.to_rfc3339(), missed: gap.missed };
        let device = |one: crate::DeviceGaps| DeviceGaps {
            interval_s: one.interval.map(|interval| interval.as_secs_f64()),
            learned: one.learned,
            latest: one.latest.map(|latest| latest.to_rfc3339()),
            overdue: one.overdue,
            missed: one.missed,
            gaps: one.gaps.iter().map(gap).collect(),
            lost_messages: one.lost_messages,
            device: one.device,
        };
        Self {
            followed: found.followed as u64,
            silent: found.silent as u64,
            devices_with_gaps: found.devices.len() as u64,
            devices: found.devices.into_iter().take(limit).map(device).collect(),
        }
    }
}
