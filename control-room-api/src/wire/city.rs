//! The city of the person who asks.

use serde::Serialize;
use utoipa::ToSchema;

/// One trade of the city.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct DomainCount {
    pub(crate) id: String,
    pub(crate) asset_count: usize,
}

/// The city: where it is and what stands in it.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct City {
    pub(crate) name: String,
    pub(crate) tenant: String,
    /// Longitude and latitude of the middle.
    pub(crate) center: [f64; 2],
    /// West, south, east, north.
    pub(crate) bounds: [f64; 4],
    /// Names this run of the server; slots are void when it changes.
    pub(crate) epoch: String,
    pub(crate) domains: Vec<DomainCount>,
    /// By the IANA name.
    pub(crate) timezone: String,
}
