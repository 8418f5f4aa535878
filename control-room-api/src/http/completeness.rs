//! How much of what should have come has come.

use std::time::Duration;

use axum::extract::{Json, State};
use model::{Timestamp, Window};
use tokio::time::{Instant, timeout_at};

use super::extract::{Asked, bounded};
use super::problem::Problem;
use crate::app::App;
use crate::auth::Caller;
use crate::wire::completeness::{Completeness, CompletenessQuery};
use crate::wire::problem::ProblemDocument;

/// Devices named at most, and when nobody says.
const MOST: usize = 10_000;
const USUAL: usize = 1_000;
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
    let now = (app.parts.clock)();
    let moment = |name: &str, text: &Option<String>| {
        let parsed = text.as_deref().map(Timestamp::parse).transpose();
        parsed.map_err(|error| Problem::BadRequest(format!("{name}: {error}")))
    };
    let until = moment("to", &query.to)?.unwrap_or(now);
    let from = moment("from", &query.from)?.unwrap_or_else(|| until.minus(DAY));
    let window = Window::new(from, until).ok_or_else(|| Problem::BadRequest("from must be before to".into()))?;
    if window.span() > LONGEST {
        return Err(Problem::BadRequest("at most 32 days; ask `specola completeness` for more".into()));
    }
    // It takes its turn among the questions of people, and as long as they may.
    let deadline = Duration::from_secs(app.config.sql_seconds);
    let end = Instant::now() + deadline;
    let turn = timeout_at(end, app.queries.acquire()).await;
    let _turn = turn.map_err(|_| Problem::Busy)?.map_err(|_| Problem::Busy)?;
    let counting = async {
        let expected = app.parts.attendance.expectations(&caller.tenant).await?;
        store::completeness(&*app.parts.store, &caller.tenant, window, now, &expected, |_| {}).await
    };
    let found = timeout_at(end, counting).await.map_err(|_| Problem::SqlDeadline(deadline))??;
    Ok(Json(Completeness::of(&found, limit)))
}
