//! How much of what should have come has come.

use std::time::Duration;

use axum::extract::{Json, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use model::{DeviceId, Window};
use tokio::time::{Instant, timeout_at};

use super::extract::{Asked, Named, bounded, window};
use super::problem::Problem;
use super::table;
use crate::app::App;
use crate::auth::Caller;
use crate::wire::completeness::{Completeness, CompletenessQuery, DeviceGaps, Owners, PeriodQuery};
use crate::wire::problem::ProblemDocument;

/// Devices named at most, and when nobody says.
const MOST: usize = 10_000;
const USUAL: usize = 1_000;
/// Gaps of one device told at most: more cannot be told apart on a screen.
const GAPS: usize = 1_000;
/// The longest time that a page may ask for; `specola completeness` counts years.
const LONGEST: Duration = Duration::from_secs(32 * 86_400);
/// The time when nobody says.
const DAY: Duration = Duration::from_secs(86_400);

/// How much of what should have come has come: expected readings by the classes of devices, else by the rhythm of each series, and the devices with holes.
#[utoipa::path(get, path = "/api/v1/completeness", tag = "history", params(CompletenessQuery), responses(
    (status = 200, body = Completeness),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed"),
    (status = 408, body = ProblemDocument, content_type = "application/problem+json", description = "sql-deadline"),
))]
pub(crate) async fn completeness(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<CompletenessQuery>,
) -> Result<Json<Completeness>, Problem> {
    caller.may_query()?;
    let limit = bounded("limit", query.limit, USUAL, MOST)?;
    let window = period(&app, query.from.as_deref(), query.to.as_deref())?;
    let found = counted(&app, &caller, window).await?;
    Ok(Json(Completeness::of(&found, &owners(&app, &caller), limit)))
}

/// The same as a table: every device that spoke, with what is missing of it.
#[utoipa::path(get, path = "/api/v1/completeness/export", tag = "history", params(PeriodQuery), responses(
    (status = 200, body = String, content_type = "text/csv"),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed"),
    (status = 408, body = ProblemDocument, content_type = "application/problem+json", description = "sql-deadline"),
))]
pub(crate) async fn completeness_table(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<PeriodQuery>,
) -> Result<Response, Problem> {
    caller.may_query()?;
    let window = period(&app, query.from.as_deref(), query.to.as_deref())?;
    let found = counted(&app, &caller, window).await?;
    let text = table::completeness(&found, &owners(&app, &caller));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"completeness.csv\"")),
    ];
    Ok((headers, text).into_response())
}

/// When one device was silent though it should have spoken.
#[utoipa::path(get, path = "/api/v1/completeness/{device}", tag = "history", params(("device" = String, Path), PeriodQuery), responses(
    (status = 200, body = DeviceGaps),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed"),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json", description = "not-found"),
    (status = 408, body = ProblemDocument, content_type = "application/problem+json", description = "sql-deadline"),
))]
pub(crate) async fn completeness_gaps(
    State(app): State<App>,
    caller: Caller,
    Named(device): Named<DeviceId>,
    Asked(query): Asked<PeriodQuery>,
) -> Result<Json<DeviceGaps>, Problem> {
    caller.may_query()?;
    let window = period(&app, query.from.as_deref(), query.to.as_deref())?;
    let (now, store, tenant) = ((app.parts.clock)(), &*app.parts.store, &caller.tenant);
    in_turn(&app, async {
        let expected = app.parts.attendance.expectations(tenant).await?;
        let found = store::completeness_of(store, tenant, window, now, &expected, &device).await?;
        let found = found.ok_or(Problem::NotFound)?;
        let holes = store::holes(store, tenant, window, now, &expected, &found, GAPS + 1).await?;
        Ok(Json(DeviceGaps::of(&found, &holes, GAPS)))
    })
    .await
}

fn period(app: &App, from: Option<&str>, to: Option<&str>) -> Result<Window, Problem> {
    let window = window(from, to, DAY, (app.parts.clock)())?;
    if window.span() > LONGEST {
        return Err(Problem::BadRequest("at most 32 days; ask `specola completeness` for more".into()));
    }
    Ok(window)
}

async fn counted(app: &App, caller: &Caller, window: Window) -> Result<store::Completeness, Problem> {
    let now = (app.parts.clock)();
    in_turn(app, async {
        let expected = app.parts.attendance.expectations(&caller.tenant).await?;
        Ok(store::completeness(&*app.parts.store, &caller.tenant, window, now, &expected, |_| {}).await?)
    })
    .await
}

/// It takes its turn among the questions of people, and as long as they may.
async fn in_turn<T>(app: &App, work: impl Future<Output = Result<T, Problem>>) -> Result<T, Problem> {
    let deadline = Duration::from_secs(app.config.sql_seconds);
    let end = Instant::now() + deadline;
    let turn = timeout_at(end, app.queries.acquire()).await;
    let _turn = turn.map_err(|_| Problem::Busy)?.map_err(|_| Problem::Busy)?;
    timeout_at(end, work).await.map_err(|_| Problem::SqlDeadline(deadline))?
}

fn owners(app: &App, caller: &Caller) -> Owners {
    Owners::of(app.board(&caller.tenant).assets().all().iter())
}
