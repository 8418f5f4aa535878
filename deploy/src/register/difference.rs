//! What is different between an asset that is known and one that a file makes of it, field by field, in words.

use model::{Asset, DeviceId, Geometry, Lifecycle, MetricName};
use store::AssetFact;

use super::wkt;

/// What happens to an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    /// It was not known.
    Added,
    /// Something about it is different.
    Changed,
    /// The file does not name it, and it is retired because of that.
    Retired,
}

impl What {
    /// The word on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Changed => "changed",
            Self::Retired => "retired",
        }
    }
}

/// What happens to one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    /// Its id.
    pub(crate) id: String,
    /// What happens.
    pub(crate) what: What,
    /// Field, before, after; empty texts for nothing.
    pub(crate) fields: Vec<(String, String, String)>,
}

/// What a change was that was written down.
pub(crate) fn read_back(fact: &AssetFact) -> Change {
    let (what, fields) = match &fact.before {
        None => (What::Added, Vec::new()),
        Some(before) => {
            let retired = before.lifecycle != Lifecycle::Retired && fact.after.lifecycle == Lifecycle::Retired;
            (if retired { What::Retired } else { What::Changed }, differences(before, &fact.after))
        }
    };
    Change { id: fact.after.id.to_string(), what, fields }
}

/// Every field that differs: its name, before, after.
pub(crate) fn differences(before: &Asset, after: &Asset) -> Vec<(String, String, String)> {
    let mut fields: Vec<(String, String, String)> = texts(before)
        .into_iter()
        .zip(texts(after))
        .filter(|((_, before), (_, after))| before != after)
        .map(|((name, before), (_, after))| (name.to_owned(), before, after))
        .collect();
    let keys =
        before.properties.keys().chain(after.properties.keys().filter(|key| !before.properties.contains_key(*key)));
    for key in keys {
        let (was, is) = (before.properties.get(key), after.properties.get(key));
        if was != is {
            let told = |value: Option<&String>| value.cloned().unwrap_or_default();
            fields.push((format!("property.{key}"), told(was), told(is)));
        }
    }
    fields
}

fn texts(asset: &Asset) -> [(&'static str, String); 9] {
    let relations: Vec<String> =
        asset.relations.iter().map(|one| format!("{}:{}", one.kind.as_str(), one.to)).collect();
    let devices: Vec<&str> = asset.devices.iter().map(DeviceId::as_str).collect();
    [
        ("name", asset.name.clone()),
        ("domain", asset.domain.to_string()),
        ("class", asset.class.to_string()),
        ("place", asset.geometry.as_ref().map(place).unwrap_or_default()),
        ("area", asset.area.clone().unwrap_or_default()),
        ("devices", devices.join("; ")),
        ("relations", relations.join("; ")),
        ("main_metric", asset.main_metric.as_ref().map_or("", MetricName::as_str).to_owned()),
        ("lifecycle", asset.lifecycle.as_str().to_owned()),
    ]
}

fn place(geometry: &Geometry) -> String {
    wkt::text(geometry)
}
