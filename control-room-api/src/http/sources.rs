//! Whether everything arrives: what came through each door, and what became of it.

use std::time::Duration;

use axum::extract::{Json, State};

use super::problem::Problem;
use crate::app::App;
use crate::auth::Caller;
use crate::wire::problem::ProblemDocument;
use crate::wire::source::Sources;

/// What came through each door of the city since the start, and what became of it: nothing is missing from the sums.
#[utoipa::path(get, path = "/api/v1/sources", tag = "operation", responses(
    (status = 200, body = Sources),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed"),
))]
pub(crate) async fn sources(State(app): State<App>, caller: Caller) -> Result<Json<Sources>, Problem> {
    caller.may_query()?;
    let now = (app.parts.clock)();
    let started = now.minus(Duration::from_secs(app.parts.status.status().uptime_s));
    Ok(Json(Sources::of(now, started, &app.parts.status.sources(&caller.tenant))))
}
