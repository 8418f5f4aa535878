//! Who should speak and does not: told by whoever hears the devices and keeps the register.

use async_trait::async_trait;
use model::{Duration, TenantId, Timestamp};
use store::Expectations;

/// A time in which a device should have spoken and did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The last reading before it.
    pub from: Timestamp,
    /// The first reading after it.
    pub until: Timestamp,
    /// How often it should have spoken meanwhile.
    pub missed: u64,
}

/// One device, or gateway, with gaps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceGaps {
    /// Its name.
    pub device: String,
    /// How often it should speak; none for one that speaks when something happens.
    pub interval: Option<Duration>,
    /// Whether it was learned how often it speaks, because its class does not say so.
    pub learned: bool,
    /// When it spoke last.
    pub latest: Option<Timestamp>,
    /// How often it should have spoken since then.
    pub overdue: u64,
    /// How often it should have spoken in gaps that have ended.
    pub missed: u64,
    /// The newest of these gaps, in order of time.
    pub gaps: Vec<Gap>,
    /// Messages that it numbered and that never came.
    pub lost_messages: u64,
}

/// The gaps of a city since the server was started.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gaps {
    /// Devices and gateways that are followed.
    pub followed: usize,
    /// Those that are silent now although they should speak.
    pub silent: usize,
    /// Those with gaps or silent, the worst first.
    pub devices: Vec<DeviceGaps>,
}

/// Knows who should speak, and who did not.
#[async_trait]
pub trait Attendance: Send + Sync {
    /// The gaps of a tenant since the start, as they are now.
    fn gaps(&self, tenant: &TenantId) -> Gaps;

    /// When the devices of a tenant are awaited, and how often they should speak.
    async fn expectations(&self, tenant: &TenantId) -> store::Result<Expectations>;
}
