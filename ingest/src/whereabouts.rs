//! Where devices said they are, so that a thing that stays where it is stores its place once and not with every message.

use std::collections::HashMap;

use model::{Position, TenantId, Timestamp};

use crate::Place;

/// Devices whose place is remembered, over all tenants: some 100 bytes each. When full it starts again, and each place is stored once more.
const KNOWN: usize = 200_000;

#[derive(Debug, Clone, Copy, PartialEq)]
struct Heard {
    position: Position,
    altitude: Option<f64>,
    time: Timestamp,
}

/// The last place of each device.
#[derive(Debug, Default)]
pub(crate) struct Whereabouts {
    tenants: HashMap<TenantId, HashMap<Box<str>, Heard>>,
    count: usize,
}

impl Whereabouts {
    /// Whether `device` is known to be exactly there.
    pub(crate) fn is_at(&self, tenant: &TenantId, device: &str, position: Position, altitude: Option<f64>) -> bool {
        self.heard(tenant, device).is_some_and(|heard| heard.position == position && heard.altitude == altitude)
    }

    /// Whether nothing later than `time` was heard of `device`.
    pub(crate) fn is_news(&self, tenant: &TenantId, device: &str, time: Timestamp) -> bool {
        self.heard(tenant, device).is_none_or(|heard| heard.time <= time)
    }

    /// Remembers where a device is.
    pub(crate) fn remember(&mut self, place: &Place) {
        let Place { tenant, device, position, altitude, time } = place;
        let heard = Heard { position: *position, altitude: *altitude, time: *time };
        if let Some(known) = self.tenants.get_mut(tenant).and_then(|devices| devices.get_mut(device.as_str())) {
            *known = heard;
            return;
        }
        if self.count >= KNOWN {
            self.tenants.clear();
            self.count = 0;
        }
        self.tenants.entry(tenant.clone()).or_default().insert(device.as_str().into(), heard);
        self.count += 1;
    }

    fn heard(&self, tenant: &TenantId, device: &str) -> Option<&Heard> {
        self.tenants.get(tenant)?.get(device)
    }
}
