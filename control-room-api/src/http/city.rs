//! The city of the person who asks.

use axum::extract::{Json, State};

use super::problem::Problem;
use crate::app::App;
use crate::auth::Caller;
use crate::wire::city::{City, DomainCount};
use crate::wire::problem::ProblemDocument;

/// All of Italy: what is shown while a city has no asset with a place.
const ITALY: [f64; 4] = [6.6, 35.4, 18.6, 47.1];

/// The city: its name, where it is, what stands in it.
#[utoipa::path(get, path = "/api/v1/city", tag = "city", responses(
    (status = 200, body = City),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
))]
pub(crate) async fn city(State(app): State<App>, caller: Caller) -> Result<Json<City>, Problem> {
    let city = app.parts.city(&caller.tenant);
    let (domains, bounds) = app.board(&caller.tenant).overview();
    let bounds = bounds.map_or(ITALY, |bounds| [bounds.west, bounds.south, bounds.east, bounds.north]);
    let [west, south, east, north] = bounds;
    let domains = domains.into_iter().map(|(id, asset_count)| DomainCount { id: id.to_string(), asset_count });
    Ok(Json(City {
        name: city.name,
        tenant: caller.tenant.to_string(),
        center: [f64::midpoint(west, east), f64::midpoint(south, north)],
        bounds,
        epoch: app.parts.live.epoch().to_owned(),
        domains: domains.collect(),
        timezone: city.timezone,
    }))
}
