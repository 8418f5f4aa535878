//! The assets: a list in pages, and all that is known of one.

use axum::extract::{Json, State};
use model::{
    Asset, AssetId, Bounds, DeviceId, Domain, Lifecycle, MetricName, Quality, Reading, TenantId, Timestamp, Value,
};
use store::AlarmFilter;

use super::extract::{Asked, Named, bounded, named};
use super::problem::Problem;
use crate::app::App;
use crate::auth::Caller;
use crate::wire::alarm::Alarm;
use crate::wire::asset::{AssetBrief, AssetDetail, AssetPage, AssetQuery, Limit, Relation, SeriesValue};
use crate::wire::problem::ProblemDocument;
use crate::wire::scalar::Scalar;

/// Assets in one page at most: the whole demo in one.
const MOST: usize = 20_000;
/// Assets in one page when nobody says.
const USUAL: usize = 1_000;
/// Past alarms told with an asset.
const PAST_ALARMS: usize = 20;

/// Assets, ordered by id.
#[utoipa::path(get, path = "/api/v1/assets", tag = "assets", params(AssetQuery), responses(
    (status = 200, body = AssetPage),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
))]
pub(crate) async fn assets(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<AssetQuery>,
) -> Result<Json<AssetPage>, Problem> {
    let limit = bounded("limit", query.limit, USUAL, MOST)?;
    let bbox = query.bbox.as_deref().map(bounds).transpose()?;
    let after = named::<AssetId>(query.after.as_deref())
        .transpose()
        .map_err(|error| Problem::BadRequest(format!("after: {error}")))?;
    let domain = match named::<Domain>(query.domain.as_deref()) {
        Some(Err(_)) => return Ok(Json(AssetPage { items: Vec::new(), next: None })),
        Some(Ok(domain)) => Some(domain),
        None => None,
    };
    let words = query.q.map(|words| words.trim().to_lowercase()).filter(|words| !words.is_empty());
    let stage = match query.lifecycle.as_deref().filter(|word| !word.is_empty()) {
        None => None,
        Some(word) => Some(Lifecycle::from_word(word).ok_or_else(|| {
            Problem::BadRequest(format!(
                "lifecycle must be one of {}",
                Lifecycle::ALL.map(Lifecycle::as_str).join(", ")
            ))
        })?),
    };
    let fits = |asset: &Asset| {
        stage.map_or(asset.lifecycle.is_shown(), |stage| asset.lifecycle == stage)
            && domain.as_ref().is_none_or(|domain| asset.domain == *domain)
            && query.area.as_deref().is_none_or(|area| asset.area.as_deref() == Some(area))
            && words.as_deref().is_none_or(|words| mentions(asset, words))
            && bbox.is_none_or(|bbox| crate::live::anchor(asset).is_some_and(|at| bbox.contains(at)))
    };
    let (page, more) = app.board(&caller.tenant).assets().page(after.as_ref(), limit, fits);
    let next = page.last().filter(|_| more).map(|(_, asset)| asset.id.to_string());
    let items = page.iter().map(|(slot, asset)| AssetBrief::of(*slot, asset)).collect();
    Ok(Json(AssetPage { items, next }))
}

fn mentions(asset: &Asset, words: &str) -> bool {
    asset.name.to_lowercase().contains(words) || asset.id.as_str().to_lowercase().contains(words)
}

fn bounds(text: &str) -> Result<Bounds, Problem> {
    let wrong = || Problem::BadRequest("bbox is west,south,east,north".into());
    let numbers: Vec<f64> = text.split(',').map(|n| n.trim().parse().map_err(|_| wrong())).collect::<Result<_, _>>()?;
    match numbers[..] {
        [west, south, east, north] if west <= east && south <= north => Ok(Bounds { west, south, east, north }),
        _ => Err(wrong()),
    }
}

/// One asset: what it is, its newest values, limits and alarms.
#[utoipa::path(get, path = "/api/v1/assets/{id}", tag = "assets", params(("id" = String, Path)), responses(
    (status = 200, body = AssetDetail),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json", description = "not-found"),
))]
pub(crate) async fn asset(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<AssetId>,
) -> Result<Json<AssetDetail>, Problem> {
    let board = app.board(&caller.tenant);
    let (slot, asset) = board.asset(&id).ok_or(Problem::NotFound)?;
    let rules = app.parts.rules.borrow().clone();
    let past = past_alarms(&app, &caller.tenant, &id).await?;
    let open = board.alarms_naming(&id);
    let catalogue = board.assets();
    let newest = asset.devices.iter().flat_map(|device| app.parts.store.newest_of(&caller.tenant, device));
    let mut newest: Vec<_> = newest.collect();
    // What stands for the asset on the map comes first, the quality of its line last; the rest keeps its order.
    newest.sort_by_key(|reading| {
        let metric = &reading.series.metric;
        (asset.main_metric.as_ref() != Some(metric), metric.is_about_transport())
    });
    let gone: Vec<_> = newest
        .iter()
        .filter(|reading| reading.series.metric.as_str() == MetricName::ONLINE && reading.value == Value::Flag(false))
        .map(|reading| (reading.series.device.clone(), reading.time))
        .collect();
    // What a device said before its network announced its end no longer holds.
    let quality = |reading: &Reading| {
        let ended = |(device, since): &(DeviceId, Timestamp)| *device == reading.series.device && reading.time < *since;
        if gone.iter().any(ended) { Quality::Stale } else { reading.quality }
    };
    let series = newest.iter().map(|reading| SeriesValue {
        device: reading.series.device.to_string(),
        metric: reading.series.metric.to_string(),
        value: Scalar::from(&reading.value),
        unit: reading.unit.as_str().map(str::to_owned),
        quality: quality(reading).as_str().to_owned(),
        time: reading.time.to_rfc3339(),
        received: reading.received.to_rfc3339(),
        stale_after_s: rules.stale_after(&asset, &reading.series.metric).as_secs_f64(),
    });
    let relations = asset.relations.iter().map(|relation| Relation {
        kind: relation.kind.as_str().to_owned(),
        to: relation.to.to_string(),
        name: catalogue.get(&relation.to).map_or_else(|| relation.to.to_string(), |(_, other)| other.name.clone()),
    });
    let mut alarms: Vec<_> = open.iter().map(|alarm| Alarm::of(alarm, &catalogue)).collect();
    let closed = past.iter().filter(|alarm| open.iter().all(|other| other.id != alarm.id));
    alarms.extend(closed.map(|alarm| Alarm::of(alarm, &catalogue)));
    Ok(Json(AssetDetail {
        brief: AssetBrief::of(slot, &asset),
        devices: asset.devices.iter().map(ToString::to_string).collect(),
        relations: relations.collect(),
        properties: asset.properties.clone(),
        series: series.collect(),
        limits: rules.limits(&asset).iter().map(Limit::of).collect(),
        alarms,
    }))
}

/// The last alarms about an asset. The store lists the urgent ones first, so the newest are picked from more than are told.
async fn past_alarms(app: &App, tenant: &TenantId, asset: &AssetId) -> Result<Vec<model::alarm::Alarm>, Problem> {
    let filter = AlarmFilter {
        tenant: tenant.clone(),
        states: Vec::new(),
        priority: None,
        domain: None,
        asset: Some(asset.clone()),
        after: None,
        limit: 10 * PAST_ALARMS,
    };
    let mut alarms = app.parts.store.alarms(&filter).await?.alarms;
    alarms.sort_by_key(|alarm| std::cmp::Reverse(alarm.raised));
    alarms.truncate(PAST_ALARMS);
    Ok(alarms)
}
