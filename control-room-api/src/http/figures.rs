//! How the whole is doing: for people and load balancers, and for Prometheus.

use axum::Extension;
use axum::extract::{FromRequestParts, Json, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use crate::app::App;
use crate::auth::{Caller, Peer};
use crate::wire::problem::ProblemDocument;
use crate::wire::status::Status;

/// Readiness and stages. Holds no secret; needs no credential.
#[utoipa::path(get, path = "/status", tag = "operation", security(()), responses(
    (status = 200, body = Status, description = "ready"),
    (status = 503, body = Status, description = "not ready"),
))]
pub(crate) async fn status(State(app): State<App>) -> Response {
    let status = app.parts.status.status();
    let code = if status.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (code, Json(status)).into_response()
}

/// All counters in the text format of Prometheus. From this machine, or with a credential.
#[utoipa::path(get, path = "/metrics", tag = "operation", responses(
    (status = 200, body = String, content_type = "text/plain"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
))]
pub(crate) async fn metrics(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    request: Request,
) -> Result<Response, Problem> {
    let (mut parts, _) = request.into_parts();
    // What a proxy on this machine hands on comes from elsewhere.
    let forwarded = ["forwarded", "x-forwarded-for"].iter().any(|name| parts.headers.contains_key(*name));
    if forwarded || !peer.0.ip().to_canonical().is_loopback() {
        Caller::from_request_parts(&mut parts, &app).await?;
    }
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, kind)], (app.parts.metrics)()).into_response())
}
