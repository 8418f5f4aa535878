//! Which rule watches which device: worked out once from rules and assets, so that a reading finds its watches at once.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;

use model::{Asset, AssetId, DeviceId, Domain, MetricName, RuleId, Series, TenantId, Timestamp, Unit, Value};

use super::subject::{GroupState, Subject, Watch};
use crate::book::{Group, GroupBy, Rule, RuleBook};

/// What an alarm needs to know of an asset.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) tenant: TenantId,
    pub(super) id: AssetId,
    pub(super) name: String,
    pub(super) domain: Domain,
    pub(super) main_metric: Option<MetricName>,
}

#[derive(Debug, Default)]
struct Device {
    /// Watches of one metric, those of any metric included.
    metrics: Vec<(MetricName, Range<usize>)>,
    /// Watches of any other metric: silence rules without a metric.
    any: Range<usize>,
}

#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) rules: Vec<Arc<Rule>>,
    pub(super) places: Vec<Place>,
    pub(super) subjects: Vec<Subject>,
    pub(super) watches: Vec<Watch>,
    pub(super) groups: Vec<GroupState>,
    devices: HashMap<TenantId, HashMap<DeviceId, Device>>,
    lists: Vec<usize>,
    rule_by_id: HashMap<RuleId, usize>,
    place_by_id: HashMap<(TenantId, AssetId), usize>,
    subject_by_key: HashMap<(usize, usize), usize>,
    group_by_key: HashMap<(usize, TenantId, AssetId), usize>,
}

impl Plan {
    pub(super) fn build(book: &RuleBook, assets: &[Asset]) -> Self {
        let rules: Vec<_> = book.in_force().cloned().collect();
        let rule_by_id = rules.iter().enumerate().map(|(r, rule)| (rule.id.clone(), r)).collect();
        let mut plan = Self { rules, rule_by_id, ..Self::default() };
        // sorted, so that facts do not depend on the order in which a store gives its assets
        let assets: BTreeMap<_, _> = assets.iter().map(|asset| ((&asset.tenant, &asset.id), asset)).collect();
        for asset in assets.values().filter(|asset| asset.lifecycle.is_judged()) {
            plan.add_asset(asset, &assets);
        }
        plan.index();
        plan
    }

    fn add_asset(&mut self, asset: &Asset, assets: &BTreeMap<(&TenantId, &AssetId), &Asset>) {
        if asset.devices.is_empty() {
            return;
        }
        let place = self.places.len();
        self.places.push(Place {
            tenant: asset.tenant.clone(),
            id: asset.id.clone(),
            name: asset.name.clone(),
            domain: asset.domain.clone(),
            main_metric: asset.main_metric.clone(),
        });
        self.place_by_id.insert((asset.tenant.clone(), asset.id.clone()), place);
        for r in 0..self.rules.len() {
            let rule = Arc::clone(&self.rules[r]);
            if !rule.covers(asset) {
                continue;
            }
            let subject = self.subjects.len();
            let first = self.watches.len();
            for device in &asset.devices {
                self.watches.push(Watch {
                    subject,
                    device: device.clone(),
                    last: Timestamp::MIN,
                    value: Value::Gap,
                    unit: Unit::NONE,
                    abnormal: false,
                    memory: rule.condition.memory(),
                });
            }
            let source = rule.group.as_ref().and_then(|group| source_of(asset, group, assets));
            let group = source.map(|source| self.group(r, asset, &source, assets));
            if let Some(group) = group {
                self.groups[group].members.push(subject);
            }
            self.subjects.push(Subject::new(r, place, group, first..self.watches.len()));
            self.subject_by_key.insert((r, place), subject);
        }
    }

    fn group(
        &mut self,
        rule: usize,
        asset: &Asset,
        source: &AssetId,
        assets: &BTreeMap<(&TenantId, &AssetId), &Asset>,
    ) -> usize {
        let key = (rule, asset.tenant.clone(), source.clone());
        if let Some(group) = self.group_by_key.get(&key) {
            return *group;
        }
        let known = assets.get(&(&asset.tenant, source));
        self.groups.push(GroupState {
            rule,
            tenant: asset.tenant.clone(),
            source: source.clone(),
            name: known.map_or_else(|| source.as_str().to_owned(), |known| known.name.clone()),
            domain: known.map_or_else(|| asset.domain.clone(), |known| known.domain.clone()),
            members: Vec::new(),
            alarm: None,
            last_raised: Timestamp::MIN,
            active: 0,
            touched: Vec::new(),
            leaver: None,
            dirty: false,
        });
        self.group_by_key.insert(key, self.groups.len() - 1);
        self.groups.len() - 1
    }

    fn index(&mut self) {
        let mut by_device: BTreeMap<(TenantId, DeviceId), Vec<usize>> = BTreeMap::new();
        for (w, watch) in self.watches.iter().enumerate() {
            let tenant = &self.places[self.subjects[watch.subject].place].tenant;
            by_device.entry((tenant.clone(), watch.device.clone())).or_default().push(w);
        }
        for ((tenant, device), watches) in by_device {
            let metric_of = |w: &usize| self.rules[self.subjects[self.watches[*w].subject].rule].metric.as_ref();
            let any: Vec<usize> = watches.iter().copied().filter(|w| metric_of(w).is_none()).collect();
            let mut metrics: Vec<_> = watches.iter().filter_map(metric_of).cloned().collect();
            metrics.sort();
            metrics.dedup();
            let mut entry = Device::default();
            for metric in metrics {
                let from = self.lists.len();
                let own = watches.iter().copied().filter(|w| metric_of(w).is_none_or(|judged| *judged == metric));
                self.lists.extend(own);
                entry.metrics.push((metric, from..self.lists.len()));
            }
            let from = self.lists.len();
            self.lists.extend(any);
            entry.any = from..self.lists.len();
            self.devices.entry(tenant).or_default().insert(device, entry);
        }
    }

    /// Where in the lists the watches of a series stand; none for a series that no rule knows.
    pub(super) fn watches_of(&self, series: &Series) -> Range<usize> {
        let Some(device) = self.devices.get(&series.tenant).and_then(|devices| devices.get(&series.device)) else {
            return 0..0;
        };
        // a device has a handful of metrics: looking through them is faster than hashing
        let known = device.metrics.iter().find(|(metric, _)| *metric == series.metric);
        known.map_or_else(|| device.any.clone(), |(_, range)| range.clone())
    }

    /// The watch at this place in the lists.
    pub(super) fn listed(&self, at: usize) -> usize {
        self.lists[at]
    }

    pub(super) fn device_count(&self) -> usize {
        self.devices.values().map(HashMap::len).sum()
    }

    pub(super) fn rule(&self, id: &RuleId) -> Option<usize> {
        self.rule_by_id.get(id).copied()
    }

    pub(super) fn subject(&self, rule: usize, tenant: &TenantId, asset: &AssetId) -> Option<usize> {
        let place = self.place_by_id.get(&(tenant.clone(), asset.clone()))?;
        self.subject_by_key.get(&(rule, *place)).copied()
    }

    pub(super) fn group_about(&self, rule: usize, tenant: &TenantId, source: &AssetId) -> Option<usize> {
        self.group_by_key.get(&(rule, tenant.clone(), source.clone())).copied()
    }

    pub(super) fn rule_of(&self, subject: usize) -> &Rule {
        &self.rules[self.subjects[subject].rule]
    }

    pub(super) fn place_of(&self, subject: usize) -> &Place {
        &self.places[self.subjects[subject].place]
    }
}

/// What groups `asset`: its area, or the nearest thing it depends on, of the class that is asked for.
fn source_of(asset: &Asset, group: &Group, assets: &BTreeMap<(&TenantId, &AssetId), &Asset>) -> Option<AssetId> {
    let kind = match &group.by {
        GroupBy::Area => return asset.area.as_ref().and_then(|area| AssetId::new(area).ok()),
        GroupBy::Relation(kind, None) => return asset.related(*kind).next().cloned(),
        GroupBy::Relation(kind, Some(_)) => *kind,
    };
    // nearest first; `seen` ends circles
    let mut seen = HashSet::new();
    let mut open: VecDeque<&AssetId> = asset.related(kind).collect();
    while let Some(id) = open.pop_front() {
        let Some(target) = assets.get(&(&asset.tenant, id)) else { continue };
        if group.looks_for(&target.class) {
            return Some(id.clone());
        }
        if seen.insert(id) {
            open.extend(target.related(kind));
        }
    }
    None
}
