//! Which devices are known and how they are judged, in memory, for every tenant.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use ingest::Awaited;
use ingest::class::{Class, Classes, Profile};
use model::{Asset, AssetClass, AssetId, DeviceId, TenantId, Timestamp};

use super::placing::Unplaced;

/// The devices of every tenant and the classes in force. Asked by the decoders about devices that they meet; changed rarely.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    tenants: RwLock<HashMap<TenantId, Register>>,
    classes: RwLock<Arc<Classes>>,
    /// Grows with every change, so that the decoders ask again.
    generation: AtomicU64,
    unplaced: Unplaced,
}

/// The devices of one tenant. One device may belong to several assets; the class of the first that has one counts.
#[derive(Debug, Default)]
struct Register {
    devices: HashMap<DeviceId, Vec<AssetId>>,
    assets: HashMap<AssetId, Known>,
}

/// What is known of one asset.
#[derive(Debug)]
struct Known {
    class: AssetClass,
    devices: Vec<DeviceId>,
    awaited: Awaited,
}

impl Register {
    fn put(&mut self, asset: &Asset, now: Timestamp) {
        let before = self.assets.get(&asset.id).map(|known| known.awaited);
        let awaited = match before {
            _ if !asset.lifecycle.is_awaited() => Awaited::Never,
            // It stays as long as nobody works on it.
            Some(Awaited::Since(since)) => Awaited::Since(since),
            Some(Awaited::Never) | None => Awaited::Since(now),
        };
        let known = Known { class: asset.class.clone(), devices: asset.devices.clone(), awaited };
        if let Some(Known { devices: before, .. }) = self.assets.insert(asset.id.clone(), known) {
            for device in before.iter().filter(|device| !asset.devices.contains(device)) {
                if let Some(owners) = self.devices.get_mut(device) {
                    owners.retain(|owner| *owner != asset.id);
                    if owners.is_empty() {
                        self.devices.remove(device);
                    }
                }
            }
        }
        for device in &asset.devices {
            let owners = self.devices.entry(device.clone()).or_default();
            if !owners.contains(&asset.id) {
                owners.push(asset.id.clone());
            }
        }
    }

    /// A device of several assets is awaited as long as one of them is.
    fn awaited(&self, device: &str) -> Awaited {
        let Some(owners) = self.devices.get(device) else { return Awaited::default() };
        let since = owners.iter().filter_map(|owner| match self.assets.get(owner)?.awaited {
            Awaited::Never => None,
            Awaited::Since(since) => Some(since),
        });
        since.min().map_or(Awaited::Never, Awaited::Since)
    }

    fn class(&self, device: &str, classes: &Classes) -> Option<Arc<Class>> {
        let owners = self.devices.get(device)?;
        owners.iter().find_map(|owner| classes.get(self.assets.get(owner)?.class.as_str()).cloned())
    }
}

impl Directory {
    /// An empty directory with these classes.
    pub(crate) fn new(classes: Arc<Classes>) -> Self {
        Self { classes: RwLock::new(classes), ..Self::default() }
    }

    /// Takes assets in that were registered before.
    pub(crate) fn learn(&self, assets: &[Asset]) {
        self.change(assets, Timestamp::MIN);
    }

    /// Takes assets in that are new or changed now.
    pub(crate) fn change(&self, assets: &[Asset], now: Timestamp) {
        let mut tenants = self.tenants.write().unwrap_or_else(PoisonError::into_inner);
        for asset in assets {
            tenants.entry(asset.tenant.clone()).or_default().put(asset, now);
        }
        drop(tenants);
        self.unplaced.learn(assets);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Takes changed classes in.
    pub(crate) fn judge_by(&self, classes: Arc<Classes>) {
        *self.classes.write().unwrap_or_else(PoisonError::into_inner) = classes;
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Assets without a place.
    pub(crate) fn unplaced(&self) -> &Unplaced {
        &self.unplaced
    }

    /// The classes in force.
    pub(crate) fn classes(&self) -> Arc<Classes> {
        Arc::clone(&self.classes.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether an asset has this device.
    pub(crate) fn has(&self, tenant: &TenantId, device: &str) -> bool {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        tenants.get(tenant).is_some_and(|known| known.devices.contains_key(device))
    }
}

impl ingest::Directory for Directory {
    fn knows(&self, tenant: &TenantId, device: &str) -> bool {
        self.has(tenant, device)
    }

    fn profile(&self, tenant: &TenantId, device: &str) -> Option<Arc<Profile>> {
        let classes = self.classes();
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        tenants.get(tenant)?.class(device, &classes).map(|class| Arc::clone(&class.profile))
    }

    fn profile_of_class(&self, class: &str) -> Option<Arc<Profile>> {
        self.classes().get(class).map(|class| Arc::clone(&class.profile))
    }

    fn awaited(&self, tenant: &TenantId, device: &str) -> Awaited {
        let tenants = self.tenants.read().unwrap_or_else(PoisonError::into_inner);
        tenants.get(tenant).map_or_else(Awaited::default, |known| known.awaited(device))
    }

    fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use ingest::Directory as _;
    use model::{Domain, Lifecycle};

    use super::*;

    fn asset(id: &str, class: &str, devices: &[&str]) -> Asset {
        Asset {
            tenant: TenantId::new("city").unwrap(),
            id: AssetId::new(id).unwrap(),
            name: id.to_owned(),
            domain: Domain::new("streetlight").unwrap(),
            class: AssetClass::new(class).unwrap(),
            geometry: None,
            area: None,
            devices: devices.iter().map(|device| DeviceId::new(device).unwrap()).collect(),
            relations: Vec::new(),
            main_metric: None,
            lifecycle: Lifecycle::InService,
            properties: Default::default(),
        }
    }

    #[test]
    fn a_device_follows_its_asset_and_its_class() {
        let (classes, _) = Classes::parse(crate::pipeline::class_folder::shipped_classes());
        let (directory, city) = (Directory::new(Arc::new(classes)), TenantId::new("city").unwrap());
        directory.learn(&[asset("a", "device", &["d", "e"])]);
        let before = directory.generation();
        assert!(directory.knows(&city, "d") && directory.profile(&city, "d").is_none());
        assert!(!directory.knows(&TenantId::new("other").unwrap(), "d"));
        directory.learn(&[asset("a", "lamp", &["e"])]);
        assert!(!directory.knows(&city, "d") && directory.generation() > before);
        assert!(directory.profile(&city, "e").unwrap().metric("voltage").is_some());
        directory.judge_by(Arc::default());
        assert!(directory.profile(&city, "e").is_none());
    }

    #[test]
    fn who_comes_back_is_awaited_from_then_on() {
        let (directory, city) = (Directory::new(Arc::default()), TenantId::new("city").unwrap());
        let stage = |lifecycle| [Asset { lifecycle, ..asset("a", "lamp", &["d"]) }];
        let at = |seconds: i64| Timestamp::from_nanos(seconds * 1_000_000_000);
        directory.learn(&stage(Lifecycle::InService));
        assert_eq!((directory.awaited(&city, "d"), directory.awaited(&city, "x")), Default::default());
        directory.change(&stage(Lifecycle::OutOfService), at(10));
        assert_eq!(directory.awaited(&city, "d"), Awaited::Never);
        directory.change(&stage(Lifecycle::InService), at(20));
        directory.change(&stage(Lifecycle::Installed), at(30));
        assert_eq!(directory.awaited(&city, "d"), Awaited::Since(at(20)));
        directory.change(&[Asset { lifecycle: Lifecycle::Retired, ..asset("b", "lamp", &["d"]) }], at(40));
        assert_eq!(directory.awaited(&city, "d"), Awaited::Since(at(20)), "one of its assets waits for it");
    }
}
