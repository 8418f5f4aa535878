//! A person's SQL: read-only, bounded in rows and time, a few at a time.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use store::QueryLimits;
use tokio::time::{Instant, timeout_at};

use super::extract::{Body, bounded};
use super::problem::Problem;
use crate::app::App;
use crate::auth::Caller;
use crate::wire::problem::ProblemDocument;
use crate::wire::sql::{SqlAnswer, SqlQuery};

/// Rows when nobody says.
const USUAL_ROWS: usize = 1_000;
/// How much longer than its deadline a query is waited for: the store ends it by itself.
const GRACE: Duration = Duration::from_secs(2);

/// Ask the history in SQL.
#[utoipa::path(post, path = "/api/v1/sql", tag = "sql", request_body = SqlQuery, responses(
    (status = 200, body = SqlAnswer),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed, foreign-origin"),
    (status = 408, body = ProblemDocument, content_type = "application/problem+json", description = "sql-deadline"),
    (status = 422, body = ProblemDocument, content_type = "application/problem+json", description = "sql-refused, sql-failed"),
))]
pub(crate) async fn sql(
    State(app): State<App>,
    caller: Caller,
    Body(query): Body<SqlQuery>,
) -> Result<Response, Problem> {
    caller.may_query()?;
    let rows = bounded("limit", query.limit, USUAL_ROWS, app.config.sql_rows)?;
    let deadline = Duration::from_secs(app.config.sql_seconds);
    let begun = Instant::now();
    let until = begun + deadline;
    let turn = timeout_at(until, app.queries.acquire()).await;
    let _turn = turn.map_err(|_| Problem::Busy)?.map_err(|_| Problem::Busy)?;
    let limits = QueryLimits { rows, deadline: until.saturating_duration_since(Instant::now()) };
    let answer = app.parts.store.query(&caller.tenant, &query.sql, limits);
    let answer = timeout_at(until + GRACE, answer).await.map_err(|_| Problem::SqlDeadline(deadline))?;
    let answer = answer.map_err(|error| match Problem::from(error) {
        Problem::SqlDeadline(_) => Problem::SqlDeadline(deadline),
        other => other,
    })?;
    let elapsed = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    // 100,000 rows take a while to write down.
    let body = tokio::task::spawn_blocking(move || serde_json::to_vec(&SqlAnswer::of(answer, elapsed)));
    let body = body.await.map_err(|_| Problem::Internal)?.map_err(|_| Problem::Internal)?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response())
}
