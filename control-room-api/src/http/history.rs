//! The history of one metric of one asset, with its limits and the marks of its alarms.

use std::time::Duration;

use axum::extract::{Json, State};
use axum::http::{HeaderMap, header};
use model::alarm::Alarm;
use model::{Asset, AssetId, MetricName, Reading, SeriesSelection, TenantId, Timestamp, Window};
use store::AlarmFilter;

use super::extract::{Asked, Named, bounded};
use super::problem::Problem;
use crate::app::App;
use crate::auth::Caller;
use crate::wire::asset::Limit;
use crate::wire::history::{History, HistoryAlarm, HistoryPoint, HistoryQuery};
use crate::wire::problem::ProblemDocument;

/// Points at most: more than a screen has columns.
const MOST_POINTS: usize = 4_000;
/// Points when nobody says.
const USUAL_POINTS: usize = 600;
/// The longest range.
const LONGEST: Duration = Duration::from_secs(400 * 86_400);
/// The range when nobody says.
const USUAL: Duration = Duration::from_secs(86_400);
/// Alarms looked through for marks.
const MARKS: usize = 500;

/// The history of one metric, reduced to at most `points` buckets of equal length so that no peak and no trough is lost.
#[utoipa::path(get, path = "/api/v1/assets/{id}/history", tag = "assets", params(("id" = String, Path), HistoryQuery), responses(
    (status = 200, body = History),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json", description = "not-found"),
))]
pub(crate) async fn history(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Named(id): Named<AssetId>,
    Asked(query): Asked<HistoryQuery>,
) -> Result<Json<History>, Problem> {
    let (_, asset) = app.board(&caller.tenant).asset(&id).ok_or(Problem::NotFound)?;
    let window = window(&query, (app.parts.clock)())?;
    let points = bounded("points", query.points, USUAL_POINTS, MOST_POINTS)?;
    let buckets = buckets(window, points);
    let newest = newest(&app, &caller.tenant, &asset);
    let metric = metric(&query, &asset, &newest)?;
    let last = newest.iter().find(|reading| reading.series.metric == metric);
    let device = last.map(|reading| &reading.series.device).or(asset.devices.first());
    let found = match device {
        None => Vec::new(),
        Some(device) => {
            let selection = SeriesSelection {
                tenant: caller.tenant.clone(),
                device: device.clone(),
                metric: metric.clone(),
                window,
            };
            app.parts.store.history(&selection, buckets).await?
        }
    };
    let limits = app.parts.rules.borrow().limits(&asset);
    let alarms = marks(&app, &caller.tenant, &id, window, italian(&headers)).await?;
    #[expect(clippy::cast_precision_loss, reason = "at most 4,000 buckets")]
    let bucket_s = window.span().as_secs_f64() / buckets as f64;
    Ok(Json(History {
        unit: last.and_then(|reading| reading.unit.as_str()).map(str::to_owned),
        from: window.from.to_rfc3339(),
        to: window.until.to_rfc3339(),
        bucket_s,
        points: found.iter().map(HistoryPoint::of).collect(),
        limits: limits.iter().filter(|limit| limit.metric == metric).map(Limit::of).collect(),
        alarms,
        metric: metric.to_string(),
    }))
}

fn window(query: &HistoryQuery, now: Timestamp) -> Result<Window, Problem> {
    let moment = |name: &str, text: &Option<String>| match text.as_deref().filter(|text| !text.is_empty()) {
        None => Ok(None),
        Some(text) => match Timestamp::parse(text) {
            Ok(time) => Ok(Some(time)),
            Err(error) => Err(Problem::BadRequest(format!("{name}: {error}"))),
        },
    };
    let until = moment("to", &query.to)?.unwrap_or(now);
    let from = moment("from", &query.from)?.unwrap_or_else(|| until.minus(USUAL));
    let window = Window::new(from, until).ok_or_else(|| Problem::BadRequest("from must be before to".into()))?;
    if window.span() > LONGEST {
        return Err(Problem::BadRequest("the range is at most 400 days".into()));
    }
    Ok(window)
}

/// No bucket is shorter than a second: sensors are slower, and a chart would only get holes.
fn buckets(window: Window, points: usize) -> usize {
    let seconds = usize::try_from(window.span().as_secs()).unwrap_or(usize::MAX);
    points.min(seconds).max(1)
}

fn newest(app: &App, tenant: &TenantId, asset: &Asset) -> Vec<Reading> {
    asset.devices.iter().flat_map(|device| app.parts.store.newest_of(tenant, device)).collect()
}

fn metric(query: &HistoryQuery, asset: &Asset, newest: &[Reading]) -> Result<MetricName, Problem> {
    if let Some(text) = query.metric.as_deref().filter(|text| !text.is_empty()) {
        return MetricName::new(text).map_err(|error| Problem::BadRequest(format!("metric: {error}")));
    }
    let heard = || newest.iter().find(|reading| reading.value.as_number().is_some());
    let main = asset.main_metric.clone().or_else(|| heard().map(|reading| reading.series.metric.clone()));
    main.ok_or_else(|| Problem::BadRequest("this asset has no main metric; name one".into()))
}

fn italian(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("it");
    !accepted.trim_start().to_ascii_lowercase().starts_with("en")
}

/// The alarms of the asset that stood at some time in the window.
async fn marks(
    app: &App,
    tenant: &TenantId,
    asset: &AssetId,
    window: Window,
    italian: bool,
) -> Result<Vec<HistoryAlarm>, Problem> {
    let filter = AlarmFilter {
        tenant: tenant.clone(),
        states: Vec::new(),
        priority: None,
        domain: None,
        asset: Some(asset.clone()),
        after: None,
        limit: MARKS,
    };
    let found = app.parts.store.alarms(&filter).await?.alarms;
    let mut marks: Vec<_> = found.iter().filter_map(|alarm| mark(alarm, asset, window, italian)).collect();
    marks.sort_by_key(|mark| mark.raised_ms);
    Ok(marks)
}

/// For a member of a group alarm, its own stay in it counts.
fn mark(alarm: &Alarm, asset: &AssetId, window: Window, italian: bool) -> Option<HistoryAlarm> {
    let member = alarm.members.iter().find(|member| member.asset == *asset);
    let (raised, returned) = match member {
        Some(member) if alarm.source != *asset => (member.since, member.left),
        _ => (alarm.raised, alarm.returned),
    };
    let stood = raised < window.until && returned.is_none_or(|returned| returned >= window.from);
    let title = &alarm.guidance.title;
    stood.then(|| HistoryAlarm {
        id: alarm.id.to_string(),
        priority: alarm.priority.rank(),
        raised_ms: raised.as_millis(),
        returned_ms: returned.map(Timestamp::as_millis),
        message: if italian { title.it.to_string() } else { title.en.to_string() },
    })
}
