//! What to read back. A selection always names its tenant, so a query across tenants cannot be written by forgetting a filter.

use crate::{DeviceId, MetricName, TenantId, Window};

/// One series over one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeriesSelection {
    /// Whose data.
    pub tenant: TenantId,
    /// Which device.
    pub device: DeviceId,
    /// Which metric.
    pub metric: MetricName,
    /// Which time.
    pub window: Window,
}
