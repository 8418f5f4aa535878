//! Who should have spoken and did not, since the server was started.

use axum::extract::{Json, State};

use super::extract::{Asked, bounded};
use super::problem::Problem;
use crate::app::App;
use crate::auth::Caller;
use crate::wire::gaps::{Gaps, GapsQuery};
use crate::wire::problem::ProblemDocument;

/// Devices named at most, and when nobody says.
const MOST: usize = 10_000;
const USUAL: usize = 1_000;

/// The devices that are silent although they should speak, and those with gaps since the server was started, in time or in the numbers of their messages.
#[utoipa::path(get, path = "/api/v1/gaps", tag = "history", params(GapsQuery), responses(
    (status = 200, body = Gaps),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed"),
))]
pub(crate) async fn gaps(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<GapsQuery>,
) -> Result<Json<Gaps>, Problem> {
    caller.may_query()?;
    let limit = bounded("limit", query.limit, USUAL, MOST)?;
    let attendance = app.parts.attendance.clone();
    // A city of a hundred thousand devices is looked through in some milliseconds: not on a thread that others wait for.
    let found = tokio::task::spawn_blocking(move || attendance.gaps(&caller.tenant));
    Ok(Json(Gaps::of(found.await.map_err(|_| Problem::Internal)?, limit)))
}
