//! Which devices and assets are known, in memory, for every tenant.

use std::collections::{HashMap, HashSet};
use std::sync::{PoisonError, RwLock};

use model::{Asset, DeviceId, TenantId};

use super::placing::Unplaced;

/// The devices of every tenant. Asked by the decoders for devices that they have not met; changed rarely.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    devices: RwLock<HashMap<TenantId, HashSet<DeviceId>>>,
    unplaced: Unplaced,
}

impl Directory {
    /// Takes assets in.
    pub(crate) fn learn(&self, assets: &[Asset]) {
        let mut devices = self.devices.write().unwrap_or_else(PoisonError::into_inner);
        for asset in assets {
            devices.entry(asset.tenant.clone()).or_default().extend(asset.devices.iter().cloned());
        }
        drop(devices);
        self.unplaced.learn(assets);
    }

    /// Assets without a place.
    pub(crate) fn unplaced(&self) -> &Unplaced {
        &self.unplaced
    }

    /// Whether an asset has this device.
    pub(crate) fn has(&self, tenant: &TenantId, device: &str) -> bool {
        let devices = self.devices.read().unwrap_or_else(PoisonError::into_inner);
        devices.get(tenant).is_some_and(|known| known.contains(device))
    }
}

impl ingest::Directory for Directory {
    fn knows(&self, tenant: &TenantId, device: &str) -> bool {
        self.has(tenant, device)
    }
}
