//! Gives assets that nobody placed the place that their device tells.

use std::collections::{BTreeMap, HashMap};
use std::sync::{PoisonError, RwLock};

use ingest::Place;
use model::{Asset, AssetId, DeviceId, Position, TenantId};

use super::keep::Keeper;

/// Places that may wait for their asset: the store was away, or the device is not registered yet. More are forgotten, the oldest first; a device tells its
/// place again when it moves, and after a restart.
const WAITING: usize = 1_000;

/// Assets without a place, in memory: asked for each place that is told.
#[derive(Debug, Default)]
pub(crate) struct Unplaced(RwLock<HashMap<TenantId, Nowhere>>);

/// Assets of one tenant without a place, and which devices tell theirs.
#[derive(Debug, Default)]
struct Nowhere {
    assets: HashMap<AssetId, Vec<DeviceId>>,
    devices: HashMap<DeviceId, Vec<AssetId>>,
}

impl Nowhere {
    fn forget(&mut self, id: &AssetId) {
        for device in self.assets.remove(id).unwrap_or_default() {
            if let Some(owners) = self.devices.get_mut(&device) {
                owners.retain(|owner| owner != id);
                if owners.is_empty() {
                    self.devices.remove(&device);
                }
            }
        }
    }

    fn put(&mut self, asset: &Asset) {
        self.forget(&asset.id);
        if asset.geometry.is_some() || asset.devices.is_empty() {
            return;
        }
        self.assets.insert(asset.id.clone(), asset.devices.clone());
        for device in &asset.devices {
            self.devices.entry(device.clone()).or_default().push(asset.id.clone());
        }
    }
}

impl Unplaced {
    /// Takes assets in, new or changed.
    pub(crate) fn learn(&self, assets: &[Asset]) {
        let mut tenants = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for asset in assets {
            tenants.entry(asset.tenant.clone()).or_default().put(asset);
        }
    }

    /// The assets of this device that have no place.
    pub(crate) fn of(&self, tenant: &TenantId, device: &DeviceId) -> Vec<AssetId> {
        let tenants = self.0.read().unwrap_or_else(PoisonError::into_inner);
        tenants.get(tenant).and_then(|nowhere| nowhere.devices.get(device)).cloned().unwrap_or_default()
    }
}

impl Keeper {
    /// Places the assets that these places are about and that have none. What could not be done yet stays in `places`.
    pub(super) async fn place(&self, places: &mut Vec<Place>) -> Vec<Asset> {
        let _turn = self.turn.lock().await;
        let mut wanted: BTreeMap<TenantId, Vec<(AssetId, Position)>> = BTreeMap::new();
        // Of two places of one device the later counts, and the store takes the first that it is given.
        for place in places.iter().rev() {
            for asset in self.directory.unplaced().of(&place.tenant, &place.device) {
                wanted.entry(place.tenant.clone()).or_default().push((asset, place.position));
            }
        }
        let (mut placed, mut later) = (Vec::new(), Vec::new());
        for (tenant, wanted) in wanted {
            let author = self.author("place");
            match self.store.place_assets(&tenant, &wanted, &author).await {
                Ok(assets) => {
                    for asset in &assets {
                        tracing::info!(%tenant, asset = %asset.id, "placed where its device says that it is");
                    }
                    self.directory.change(&assets, author.at);
                    self.live.put_assets(&tenant, &assets);
                    placed.extend(assets);
                }
                Err(error) => {
                    tracing::warn!(%error, %tenant, assets = wanted.len(), "could not place assets");
                    if error.is_temporary() {
                        later.push(tenant);
                    }
                }
            }
        }
        places
            .retain(|place| later.contains(&place.tenant) || !self.directory.has(&place.tenant, place.device.as_str()));
        places.drain(..places.len().saturating_sub(WAITING));
        placed
    }
}

#[cfg(test)]
mod tests {
    use model::{AssetClass, Domain, Geometry, Lifecycle};

    use super::*;

    fn asset(id: &str, devices: &[&str], geometry: Option<Geometry>) -> Asset {
        Asset {
            tenant: TenantId::new("city").unwrap(),
            id: AssetId::new(id).unwrap(),
            name: id.to_owned(),
            domain: Domain::new("streetlight").unwrap(),
            class: AssetClass::new("lamp").unwrap(),
            geometry,
            area: None,
            devices: devices.iter().map(|device| DeviceId::new(device).unwrap()).collect(),
            relations: Vec::new(),
            main_metric: None,
            lifecycle: Lifecycle::InService,
            properties: BTreeMap::new(),
        }
    }

    #[track_caller]
    fn check(unplaced: &Unplaced, device: &str, expected: &[&str]) {
        let city = TenantId::new("city").unwrap();
        let found = unplaced.of(&city, &DeviceId::new(device).unwrap());
        assert_eq!(found.iter().map(AssetId::as_str).collect::<Vec<_>>(), expected, "{device}");
    }

    #[test]
    fn an_asset_waits_for_a_place_until_it_has_one_or_another_device() {
        let unplaced = Unplaced::default();
        let here = Some(Geometry::Point(Position::new(15.5, 38.2).unwrap()));
        unplaced.learn(&[
            asset("a", &["d"], None),
            asset("b", &["d", "e"], None),
            asset("c", &["f"], here.clone()),
            asset("g", &[], None),
        ]);
        check(&unplaced, "d", &["a", "b"]);
        check(&unplaced, "f", &[]);
        unplaced.learn(&[asset("a", &["d"], here), asset("b", &["e"], None)]);
        check(&unplaced, "d", &[]);
        check(&unplaced, "e", &["b"]);
        unplaced.learn(&[asset("b", &["e"], None)]);
        check(&unplaced, "e", &["b"]);
    }
}
