//! What a file says about one asset. What it does not say stays as it is.

use std::collections::BTreeMap;

use ingest::class::Classes;
use model::{
    Asset, AssetClass, AssetId, DeviceId, Domain, Geometry, Lifecycle, MetricName, Relation, RelationKind, TenantId,
};

/// One asset of a file. An outer `None` means that the file does not speak of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Draft {
    /// Where it stands in the file.
    pub(crate) line: u64,
    pub(crate) id: AssetId,
    pub(crate) name: Option<String>,
    pub(crate) domain: Option<Domain>,
    pub(crate) class: Option<AssetClass>,
    pub(crate) geometry: Option<Option<Geometry>>,
    pub(crate) area: Option<Option<String>>,
    pub(crate) devices: Option<Vec<DeviceId>>,
    pub(crate) relations: Option<Vec<Relation>>,
    pub(crate) main_metric: Option<Option<MetricName>>,
    pub(crate) lifecycle: Option<Lifecycle>,
    pub(crate) properties: Properties,
}

/// What a file says about the properties of an asset.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Properties {
    /// Whether those that are not named are to go.
    pub(crate) all: bool,
    /// Named ones; none takes one away.
    pub(crate) named: BTreeMap<String, Option<String>>,
}

impl Draft {
    /// A draft that says nothing but its name.
    pub(crate) fn new(line: u64, id: AssetId) -> Self {
        Self {
            line,
            id,
            name: None,
            domain: None,
            class: None,
            geometry: None,
            area: None,
            devices: None,
            relations: None,
            main_metric: None,
            lifecycle: None,
            properties: Properties::default(),
        }
    }

    /// The asset that it makes of what is known, or what it lacks.
    pub(crate) fn onto(self, before: Option<&Asset>, tenant: &TenantId, classes: &Classes) -> Result<Asset, String> {
        let class = self.class.or_else(|| before.map(|before| before.class.clone()));
        let class = class.ok_or_else(|| format!("{} is new and has no class; add class", self.id))?;
        let known = classes.get(class.as_str());
        // A changed class brings its trade along, unless the file says another.
        let kept = before.filter(|before| before.class == class || known.is_none()).map(|before| before.domain.clone());
        let domain = self.domain.or(kept).or_else(|| known.map(|class| class.domain.clone()));
        let domain = domain.ok_or_else(|| {
            format!("{} has no domain, and no class file describes {class}; add domain, or a class file", self.id)
        })?;
        let name =
            self.name.or_else(|| before.map(|before| before.name.clone())).unwrap_or_else(|| self.id.to_string());
        let mut properties = before.filter(|_| !self.properties.all).map(|b| b.properties.clone()).unwrap_or_default();
        for (key, value) in self.properties.named {
            match value {
                Some(value) => properties.insert(key, value),
                None => properties.remove(&key),
            };
        }
        let main = self.main_metric.or_else(|| before.map(|before| before.main_metric.clone()));
        Ok(Asset {
            tenant: tenant.clone(),
            id: self.id,
            name,
            domain,
            geometry: place(self.geometry, before),
            area: self.area.or_else(|| before.map(|before| before.area.clone())).flatten(),
            devices: self.devices.or_else(|| before.map(|before| before.devices.clone())).unwrap_or_default(),
            relations: self.relations.or_else(|| before.map(|before| before.relations.clone())).unwrap_or_default(),
            main_metric: main.unwrap_or_else(|| known.and_then(|class| class.main.clone())),
            lifecycle: self.lifecycle.or_else(|| before.map(|before| before.lifecycle)).unwrap_or_default(),
            properties,
            class,
        })
    }
}

/// The difference of two degrees that is none: a tenth of a millimetre. A number may lose its last bit on its way through a file.
const NO_DISTANCE: f64 = 1e-9;

/// Where it stands: as known, unless the file says somewhere else.
fn place(said: Option<Option<Geometry>>, before: Option<&Asset>) -> Option<Geometry> {
    let known = before.and_then(|before| before.geometry.clone());
    match (said, known) {
        (None, known) => known,
        (Some(Some(said)), Some(known)) if is_same_place(&said, &known) => Some(known),
        (Some(said), _) => said,
    }
}

/// Whether two shapes are of one kind and have the same corners.
pub(super) fn is_same_place(a: &Geometry, b: &Geometry) -> bool {
    let near = |a: f64, b: f64| (a - b).abs() < NO_DISTANCE;
    let (corners, others) = (a.positions(), b.positions());
    std::mem::discriminant(a) == std::mem::discriminant(b)
        && corners.len() == others.len()
        && corners.iter().zip(others).all(|(a, b)| near(a.lon(), b.lon()) && near(a.lat(), b.lat()))
}

/// The stage of this word, or which words there are.
pub(crate) fn stage(word: &str) -> Result<Lifecycle, String> {
    Lifecycle::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = Lifecycle::ALL.iter().map(|stage| stage.as_str()).collect();
        format!("{word:?} is no stage of life; write {}", known.join(", "))
    })
}

/// The relation of this kind, or which kinds there are.
pub(crate) fn relation(kind: &str, to: &str) -> Result<Relation, String> {
    let kind = RelationKind::from_word(kind).ok_or_else(|| {
        let known: Vec<&str> = RelationKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("{kind:?} is no relation; write {}", known.join(", "))
    })?;
    Ok(Relation { kind, to: AssetId::new(to).map_err(|why| why.to_string())? })
}
