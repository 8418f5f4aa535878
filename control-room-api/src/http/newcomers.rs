//! Devices that speak and that nobody approved yet, for administrators.

use axum::extract::{Json, State};
use model::{Asset, AssetClass, AssetId, Lifecycle};

use super::extract::{Asked, bounded, named};
use super::problem::Problem;
use super::register::Administrator;
use crate::app::App;
use crate::auth::Caller;
use crate::wire::newcomer::{AssetKinds, Newcomer, NewcomerPage, NewcomerQuery};
use crate::wire::problem::ProblemDocument;

/// Newcomers in one page at most, and when nobody says.
const MOST: usize = 1_000;
const USUAL: usize = 100;

/// Quarantined assets with what is known of them: where they were heard first, and what they say now.
#[utoipa::path(get, path = "/api/v1/newcomers", tag = "assets", params(NewcomerQuery), responses(
    (status = 200, body = NewcomerPage),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed"),
))]
pub(crate) async fn newcomers(
    State(app): State<App>,
    Administrator(caller): Administrator,
    Asked(query): Asked<NewcomerQuery>,
) -> Result<Json<NewcomerPage>, Problem> {
    let limit = bounded("limit", query.limit, USUAL, MOST)?;
    let after = named::<AssetId>(query.after.as_deref())
        .transpose()
        .map_err(|error| Problem::BadRequest(format!("after: {error}")))?;
    let class = named::<AssetClass>(query.class.as_deref())
        .transpose()
        .map_err(|error| Problem::BadRequest(format!("class: {error}")))?;
    let words = query.q.map(|words| words.trim().to_lowercase()).filter(|words| !words.is_empty());
    let waits = |asset: &Asset| asset.lifecycle == Lifecycle::Quarantined;
    let fits = |asset: &Asset| {
        waits(asset)
            && class.as_ref().is_none_or(|class| asset.class == *class)
            && words.as_deref().is_none_or(|words| {
                asset.name.to_lowercase().contains(words) || asset.id.as_str().to_lowercase().contains(words)
            })
    };
    let board = app.board(&caller.tenant);
    let mut classes = std::collections::BTreeMap::new();
    let (page, more) = {
        let catalogue = board.assets();
        for asset in catalogue.all().iter().filter(|asset| waits(asset)) {
            *classes.entry(asset.class.to_string()).or_insert(0) += 1;
        }
        catalogue.page(after.as_ref(), limit, fits)
    };
    let newest = |asset: &Asset| -> Vec<_> {
        asset.devices.iter().flat_map(|device| app.parts.store.newest_of(&caller.tenant, device)).collect()
    };
    Ok(Json(NewcomerPage {
        next: page.last().filter(|_| more).map(|(_, asset)| asset.id.to_string()),
        items: page.iter().map(|(_, asset)| Newcomer::of(asset, &newest(asset))).collect(),
        classes,
    }))
}

/// The kinds of assets that the class files know.
#[utoipa::path(get, path = "/api/v1/asset-classes", tag = "assets", responses(
    (status = 200, body = AssetKinds),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
))]
pub(crate) async fn kinds(State(app): State<App>, _caller: Caller) -> Json<AssetKinds> {
    Json(AssetKinds::of(app.parts.assets.kinds()))
}
