//! Assets as they cross the wire.

use std::collections::BTreeMap;

use model::{Asset, Position, RelationKind};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::alarm::Alarm;
use super::scalar::Scalar;
use crate::rulebook;

/// What a map and a list need to know of an asset.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct AssetBrief {
    /// Its place in the columns of the live socket; never changes inside an epoch.
    slot: u32,
    id: String,
    name: String,
    domain: String,
    class: String,
    #[schema(required)]
    lon: Option<f64>,
    #[schema(required)]
    lat: Option<f64>,
    /// The district or quarter.
    #[schema(required)]
    area: Option<String>,
    /// The id of what powers it.
    #[schema(required)]
    circuit: Option<String>,
    /// planned, installed, in-service, out-of-service or quarantined; retired in a list that asks for it.
    lifecycle: String,
}

/// A page of assets.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct AssetPage {
    pub(crate) items: Vec<AssetBrief>,
    /// The mark of the next page.
    #[schema(required)]
    pub(crate) next: Option<String>,
}

/// Which assets.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct AssetQuery {
    pub(crate) domain: Option<String>,
    pub(crate) area: Option<String>,
    /// A stage of life, such as quarantined.
    pub(crate) lifecycle: Option<String>,
    /// Words that id or name must contain.
    pub(crate) q: Option<String>,
    /// West, south, east, north, parted by commas.
    pub(crate) bbox: Option<String>,
    /// The mark of the page before.
    pub(crate) after: Option<String>,
    /// At most so many: 1 to 20000, default 1000.
    pub(crate) limit: Option<usize>,
}

/// What an asset depends on.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Relation {
    /// powered-by, feeds, connected-through or located-in.
    pub(crate) kind: String,
    pub(crate) to: String,
    pub(crate) name: String,
}

/// The newest value of one metric of one device.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct SeriesValue {
    pub(crate) device: String,
    pub(crate) metric: String,
    pub(crate) value: Scalar,
    #[schema(required)]
    pub(crate) unit: Option<String>,
    /// good, uncertain, bad, simulated or historical.
    pub(crate) quality: String,
    /// When it was measured.
    #[schema(format = DateTime)]
    pub(crate) time: String,
    /// When it arrived.
    #[schema(format = DateTime)]
    pub(crate) received: String,
    /// How old it may grow before it is shown as stale.
    pub(crate) stale_after_s: f64,
}

/// Which side of a limit is abnormal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Comparison {
    Above,
    Below,
}

/// A limit that a rule sets.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Limit {
    metric: String,
    rule: String,
    comparison: Comparison,
    limit: f64,
    #[schema(minimum = 1, maximum = 4)]
    priority: u8,
}

/// All that is known of an asset now.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct AssetDetail {
    #[serde(flatten)]
    pub(crate) brief: AssetBrief,
    pub(crate) devices: Vec<String>,
    pub(crate) relations: Vec<Relation>,
    pub(crate) properties: BTreeMap<String, String>,
    pub(crate) series: Vec<SeriesValue>,
    pub(crate) limits: Vec<Limit>,
    /// The open ones, and the last 20.
    pub(crate) alarms: Vec<Alarm>,
}

impl AssetBrief {
    pub(crate) fn of(slot: u32, asset: &Asset) -> Self {
        let at = crate::live::anchor(asset);
        Self {
            slot,
            id: asset.id.to_string(),
            name: asset.name.clone(),
            domain: asset.domain.to_string(),
            class: asset.class.to_string(),
            lon: at.map(Position::lon),
            lat: at.map(Position::lat),
            area: asset.area.clone(),
            lifecycle: asset.lifecycle.as_str().to_owned(),
            circuit: asset.related(RelationKind::PoweredBy).next().map(ToString::to_string),
        }
    }
}

impl Limit {
    pub(crate) fn of(limit: &rulebook::Limit) -> Self {
        Self {
            metric: limit.metric.to_string(),
            rule: limit.rule.to_string(),
            comparison: match limit.comparison {
                rulebook::Comparison::Above => Comparison::Above,
                rulebook::Comparison::Below => Comparison::Below,
            },
            limit: limit.limit,
            priority: limit.priority.rank(),
        }
    }
}
