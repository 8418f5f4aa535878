//! Devices that speak and that nobody approved yet, and the classes that they can be given.

use std::collections::BTreeMap;

use model::{Asset, Reading, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::alarm::Words;
use super::scalar::Scalar;

/// Values told of one newcomer: enough to recognise what it is.
const VALUES: usize = 12;

/// Which newcomers.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct NewcomerQuery {
    /// Only of this class.
    pub(crate) class: Option<String>,
    /// Words that id or name must contain.
    pub(crate) q: Option<String>,
    /// The mark of the page before.
    pub(crate) after: Option<String>,
    /// At most so many: 1 to 1000, default 100.
    pub(crate) limit: Option<usize>,
}

/// The newest value of one metric.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct NewcomerValue {
    metric: String,
    value: Scalar,
    #[schema(required)]
    unit: Option<String>,
    quality: String,
    #[schema(format = DateTime)]
    time: String,
}

/// A device that speaks and that nobody approved yet.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Newcomer {
    id: String,
    name: String,
    /// What it seems to be.
    class: String,
    domain: String,
    #[schema(required)]
    lon: Option<f64>,
    #[schema(required)]
    lat: Option<f64>,
    #[schema(required)]
    area: Option<String>,
    devices: Vec<String>,
    /// Where, how and when it was heard first, as far as that is known.
    #[schema(required)]
    source: Option<String>,
    #[schema(required)]
    topic: Option<String>,
    #[schema(required)]
    format: Option<String>,
    #[schema(required, format = DateTime)]
    first_heard: Option<String>,
    #[schema(required, format = DateTime)]
    last_heard: Option<String>,
    /// The first metrics, with their newest values.
    values: Vec<NewcomerValue>,
    /// How many metrics there are.
    metrics: usize,
}

/// A page of newcomers, ordered by id, and how many there are of each class in all.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct NewcomerPage {
    pub(crate) items: Vec<Newcomer>,
    #[schema(required)]
    pub(crate) next: Option<String>,
    pub(crate) classes: BTreeMap<String, usize>,
}

/// A kind of asset.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct AssetKind {
    key: String,
    domain: String,
    title: Words,
}

/// All kinds of assets that are known.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct AssetKinds {
    items: Vec<AssetKind>,
}

impl Newcomer {
    /// `newest` are the newest readings of its devices.
    pub(crate) fn of(asset: &Asset, newest: &[Reading]) -> Self {
        let at = crate::live::anchor(asset);
        let told = |name: &str| asset.properties.get(name).cloned();
        let own: Vec<&Reading> = newest.iter().filter(|reading| !reading.series.metric.is_about_transport()).collect();
        let value = |reading: &&Reading| NewcomerValue {
            metric: reading.series.metric.to_string(),
            value: Scalar::from(&reading.value),
            unit: reading.unit.as_str().map(str::to_owned),
            quality: reading.quality.as_str().to_owned(),
            time: reading.time.to_rfc3339(),
        };
        Self {
            id: asset.id.to_string(),
            name: asset.name.clone(),
            class: asset.class.to_string(),
            domain: asset.domain.to_string(),
            lon: at.map(model::Position::lon),
            lat: at.map(model::Position::lat),
            area: asset.area.clone(),
            devices: asset.devices.iter().map(ToString::to_string).collect(),
            source: told("first_seen_source"),
            topic: told("first_seen_topic"),
            format: told("first_seen_format"),
            // What a person wrote there by an import may be no time at all.
            first_heard: told("first_seen").filter(|text| Timestamp::parse(text).is_ok()),
            last_heard: newest.iter().map(|reading| reading.received).max().map(Timestamp::to_rfc3339),
            values: own.iter().take(VALUES).map(value).collect(),
            metrics: own.len(),
        }
    }
}

impl AssetKinds {
    pub(crate) fn of(kinds: Vec<crate::AssetKind>) -> Self {
        let kind = |one: crate::AssetKind| AssetKind {
            key: one.key.to_string(),
            domain: one.domain.to_string(),
            title: Words { it: one.it, en: one.en },
        };
        Self { items: kinds.into_iter().map(kind).collect() }
    }
}
