//! One rule: which assets it looks at, what it calls abnormal, who is grouped, what people are told.

use std::collections::BTreeMap;

use model::alarm::Priority;
use model::{Asset, AssetClass, AssetId, Domain, Duration, MetricName, RelationKind, RuleId, Unit};

use super::error::Complaint;
use super::guidance::Wording;
use super::spec::{GroupSpec, Names, RuleSpec};
use crate::condition::Condition;

/// How old a reading may be on arrival and still count as the present, unless the rule says otherwise: longer than any radio's delay,
/// shorter than an outage whose backlog must not ring.
const MAX_AGE: Duration = Duration::from_secs(120);

/// One rule, checked and ready.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Its name.
    pub id: RuleId,
    /// A digest of what it says: unchanged by comments, blanks and the order of keys.
    pub version: u64,
    /// The file it came from.
    pub file: String,
    /// Whether it is in force.
    pub enabled: bool,
    /// What it judges; none for a rule about any sign of life of a device.
    pub metric: Option<MetricName>,
    /// How urgent its alarms are.
    pub priority: Priority,
    /// What it calls abnormal.
    pub condition: Condition,
    /// How long the abnormal must last before it rings.
    pub on_delay: Duration,
    /// How long the normal must last before the alarm returns.
    pub off_delay: Duration,
    /// How old a reading may be on arrival and still be judged.
    pub max_age: Duration,
    /// Which assets ring together.
    pub group: Option<Group>,
    pub(crate) unit: Unit,
    pub(crate) wording: Wording,
    selector: Selector,
    /// Whether it names every class that it is for: a kind of them may have other numbers.
    exact: bool,
}

/// How assets that fail together become one alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What they have in common.
    pub by: GroupBy,
    /// How many must be abnormal at least.
    pub at_least: u32,
    /// How far apart they may begin; also how long a single alarm is held back so that the group can win.
    pub within: Duration,
    /// Which share of the group must be abnormal, beside `at_least`; 0 to 1.
    pub share: Option<f64>,
    /// How urgent the group's alarm is.
    pub priority: Priority,
    pub(crate) wording: Wording,
    /// The kinds of the class that is looked for along a relation.
    kinds: Vec<AssetClass>,
}

impl Group {
    /// Whether something of this class is what the group looks for along its relation.
    pub(crate) fn looks_for(&self, class: &AssetClass) -> bool {
        match &self.by {
            GroupBy::Area => false,
            GroupBy::Relation(_, None) => true,
            GroupBy::Relation(_, Some(wanted)) => wanted == class || self.kinds.contains(class),
        }
    }

    /// How many of `known` members must be abnormal together.
    pub(crate) fn needed(&self, known: usize) -> usize {
        let by_share = self.share.map_or(0, |share| (share * known as f64).ceil() as usize);
        by_share.max(self.at_least as usize)
    }
}

/// What the members of a group have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupBy {
    /// The same area.
    Area,
    /// The same target of this relation, followed from target to target until one is of this class; without a class, the first target.
    Relation(RelationKind, Option<AssetClass>),
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Selector {
    domains: Vec<Domain>,
    classes: Vec<AssetClass>,
    areas: Vec<String>,
    assets: Vec<AssetId>,
    properties: BTreeMap<String, String>,
}

impl Rule {
    pub(super) fn compile(spec: RuleSpec, condition: Condition, version: u64, file: &str) -> Result<Self, Complaint> {
        let id =
            RuleId::new(&spec.id).map_err(|e| Complaint::new("id", e.to_string(), "such as \"water-low-pressure\""))?;
        let metric = spec.metric.as_deref().map(MetricName::new).transpose();
        let metric = metric.map_err(|e| Complaint::new("metric", e.to_string(), ""))?;
        if metric.is_none() && condition.silence().is_none() {
            return Err(Complaint::new(
                "metric",
                "is missing",
                "name what is judged, such as metric = \"pressure\"; only a silence rule can do without",
            ));
        }
        let priority = priority(&spec.priority, "priority")?;
        let wording = Wording::compile(&spec.guidance, "guidance")?;
        let group = spec.group.as_ref().map(|group| compile_group(group, priority, &wording)).transpose()?;
        Ok(Self {
            id,
            version,
            file: file.to_owned(),
            enabled: spec.enabled,
            metric,
            priority,
            condition,
            on_delay: spec.on_delay.0,
            off_delay: spec.off_delay.0,
            max_age: spec.max_age.map_or(MAX_AGE, |span| span.0),
            group,
            unit: Unit::new(spec.unit.as_deref().unwrap_or_default()),
            wording,
            selector: Selector {
                domains: names(&spec.domain, "domain")?,
                classes: names(&spec.class, "class")?,
                areas: spec.area.0,
                assets: names(&spec.asset, "asset")?,
                properties: spec.properties,
            },
            exact: false,
        })
    }

    /// This rule, which a template says for the classes that it names and for no others.
    pub(super) fn of_template(self) -> Self {
        Self { exact: true, ..self }
    }

    /// This rule, covering the kinds of its classes too and grouping by them; none when it does so already.
    pub(super) fn widened(&self, kinds: &dyn Fn(&AssetClass) -> Vec<AssetClass>) -> Option<Self> {
        let missing: Vec<_> = self.selector.classes.iter().filter(|_| !self.exact).flat_map(kinds).collect();
        let mut classes = self.selector.classes.clone();
        for class in missing {
            if !classes.contains(&class) {
                classes.push(class);
            }
        }
        let selector = Selector { classes, ..self.selector.clone() };
        let group = self.group.clone().map(|group| match &group.by {
            GroupBy::Relation(_, Some(class)) => Group { kinds: kinds(class), ..group },
            GroupBy::Relation(_, None) | GroupBy::Area => group,
        });
        (selector != self.selector || group != self.group).then(|| Self { selector, group, ..self.clone() })
    }

    /// Whether this rule looks at `asset`, by what the asset is. Says nothing about whether the rule or the asset is in service.
    pub fn covers(&self, asset: &Asset) -> bool {
        let Selector { domains, classes, areas, assets, properties } = &self.selector;
        (domains.is_empty() || domains.contains(&asset.domain))
            && (classes.is_empty() || classes.contains(&asset.class))
            && (areas.is_empty() || asset.area.as_ref().is_some_and(|area| areas.contains(area)))
            && (assets.is_empty() || assets.contains(&asset.id))
            && properties.iter().all(|(key, value)| asset.properties.get(key) == Some(value))
    }
}

fn compile_group(spec: &GroupSpec, own: Priority, wording: &Wording) -> Result<Group, Complaint> {
    let by = if spec.by == "area" {
        if spec.class.is_some() {
            return Err(Complaint::new("group.class", "an area has no class", "leave it out, or group by a relation"));
        }
        GroupBy::Area
    } else {
        let kind = RelationKind::from_word(&spec.by).ok_or_else(|| {
            let known = RelationKind::ALL.map(RelationKind::as_str).join(", ");
            Complaint::new("group.by", format!("{:?} is nothing to group by", spec.by), format!("area, {known}"))
        })?;
        let class = spec.class.as_ref().map(AssetClass::new).transpose();
        GroupBy::Relation(kind, class.map_err(|e| Complaint::new("group.class", e.to_string(), ""))?)
    };
    if spec.at_least < 2 {
        return Err(Complaint::new(
            "group.at_least",
            "a group begins with 2",
            "leave the group out to ring for each asset",
        ));
    }
    if let Some(share) = spec.share
        && !(share > 0.0 && share <= 1.0)
    {
        return Err(Complaint::new("group.share", "must be above 0 and at most 1", "0.5 is half of the known members"));
    }
    if spec.within.0 > Duration::from_secs(3600) {
        return Err(Complaint::new("group.within", "is longer than an hour", "single alarms are held back as long"));
    }
    Ok(Group {
        by,
        at_least: spec.at_least,
        within: spec.within.0,
        share: spec.share,
        priority: spec.priority.as_deref().map_or(Ok(own), |word| priority(word, "group.priority"))?,
        wording: match &spec.guidance {
            Some(own) => Wording::compile(own, "group.guidance")?,
            None => wording.clone(),
        },
        kinds: Vec::new(),
    })
}

fn priority(word: &str, key: &str) -> Result<Priority, Complaint> {
    word.parse().map_err(|e: model::alarm::UnknownPriority| Complaint::new(key, e.to_string(), ""))
}

fn names<T: std::str::FromStr<Err = model::InvalidId>>(names: &Names, key: &str) -> Result<Vec<T>, Complaint> {
    names
        .0
        .iter()
        .map(|name| name.parse().map_err(|e: model::InvalidId| Complaint::new(key, e.to_string(), "")))
        .collect()
}
