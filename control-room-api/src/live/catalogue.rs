//! The assets of one tenant in memory: each with its slot, findable by id and listed in the order of ids.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use model::{Asset, AssetId, Bounds, Domain, Position};

/// Assets by slot and by id. Slots are never reused.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {
    slots: Vec<Arc<Asset>>,
    by_id: BTreeMap<AssetId, u32>,
}

/// What putting an asset in did.
pub(crate) enum Placed {
    Added(u32),
    Changed(u32, Arc<Asset>),
    Same,
}

impl Catalogue {
    pub(crate) fn put(&mut self, asset: &Asset) -> Placed {
        match self.by_id.get(&asset.id) {
            Some(slot) => {
                let known = &mut self.slots[*slot as usize];
                if **known == *asset {
                    return Placed::Same;
                }
                let before = std::mem::replace(known, Arc::new(asset.clone()));
                Placed::Changed(*slot, before)
            }
            None => {
                let slot = u32::try_from(self.slots.len()).expect("no city has four billion assets");
                self.slots.push(Arc::new(asset.clone()));
                self.by_id.insert(asset.id.clone(), slot);
                Placed::Added(slot)
            }
        }
    }

    pub(crate) fn slot(&self, id: &AssetId) -> Option<u32> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn get(&self, id: &AssetId) -> Option<(u32, &Arc<Asset>)> {
        self.slot(id).map(|slot| (slot, &self.slots[slot as usize]))
    }

    /// Every asset, by slot.
    pub(crate) fn all(&self) -> &[Arc<Asset>] {
        &self.slots
    }

    /// At most `limit` assets that fit, in the order of ids, after `after`; and whether there are more. Whether retired ones are among them is for
    /// `fits` to say.
    pub(crate) fn page(
        &self,
        after: Option<&AssetId>,
        limit: usize,
        fits: impl Fn(&Asset) -> bool,
    ) -> (Vec<(u32, Arc<Asset>)>, bool) {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let mut found = self
            .by_id
            .range::<AssetId, _>((from, Bound::Unbounded))
            .map(|(_, slot)| (*slot, &self.slots[*slot as usize]))
            .filter(|(_, asset)| fits(asset))
            .map(|(slot, asset)| (slot, Arc::clone(asset)));
        let page = found.by_ref().take(limit).collect();
        (page, found.next().is_some())
    }

    /// How many assets each trade has, and the rectangle round all of them.
    pub(crate) fn overview(&self) -> (BTreeMap<Domain, usize>, Option<Bounds>) {
        let standing = || self.slots.iter().filter(|asset| asset.lifecycle.is_shown());
        let mut domains = BTreeMap::new();
        for asset in standing() {
            *domains.entry(asset.domain.clone()).or_default() += 1;
        }
        (domains, Bounds::around(standing().filter_map(|asset| anchor(asset))))
    }
}

/// Where the symbol of an asset stands.
pub(crate) fn anchor(asset: &Asset) -> Option<Position> {
    asset.geometry.as_ref().and_then(model::Geometry::anchor)
}
