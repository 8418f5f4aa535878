//! The history of one metric of one asset, reduced so that no peak and no trough is lost.

use serde::{Deserialize, Serialize};
use store::Bucket;
use utoipa::{IntoParams, ToSchema};

use super::asset::Limit;

/// Which history.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// The asset's main metric when left out.
    pub(crate) metric: Option<String>,
    /// RFC 3339; 24 hours before `to` when left out.
    pub(crate) from: Option<String>,
    /// RFC 3339; now when left out.
    pub(crate) to: Option<String>,
    /// At most so many points: 1 to 4000, default 600.
    pub(crate) points: Option<usize>,
}

/// The readings of one bucket.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct HistoryPoint {
    /// The time of its first reading, in milliseconds since 1970.
    t_ms: i64,
    first: f64,
    min: f64,
    max: f64,
    last: f64,
    mean: f64,
    count: u64,
}

/// An alarm as a mark on a chart.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct HistoryAlarm {
    pub(crate) id: String,
    #[schema(minimum = 1, maximum = 4)]
    pub(crate) priority: u8,
    pub(crate) raised_ms: i64,
    #[schema(required)]
    pub(crate) returned_ms: Option<i64>,
    /// Its title, in the language that the request accepts: Italian or English.
    pub(crate) message: String,
}

/// The history of one metric.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct History {
    pub(crate) metric: String,
    #[schema(required)]
    pub(crate) unit: Option<String>,
    #[schema(format = DateTime)]
    pub(crate) from: String,
    #[schema(format = DateTime)]
    pub(crate) to: String,
    /// How long one bucket is.
    pub(crate) bucket_s: f64,
    pub(crate) points: Vec<HistoryPoint>,
    pub(crate) limits: Vec<Limit>,
    pub(crate) alarms: Vec<HistoryAlarm>,
}

impl HistoryPoint {
    pub(crate) fn of(bucket: &Bucket) -> Self {
        Self {
            t_ms: bucket.time.as_millis(),
            first: bucket.first,
            min: bucket.min,
            max: bucket.max,
            last: bucket.last,
            mean: bucket.mean,
            count: bucket.count,
        }
    }
}
