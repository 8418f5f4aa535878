//! All routes and what lies round them.

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request};
use axum::http::StatusCode;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::{Router, routing};
use tokio::sync::OwnedSemaphorePermit;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{DefaultPredicate, NotForContentType, Predicate};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::openapi::Document;
use super::problem::Problem;
use super::{
    alarms, assets, city, completeness, figures, gaps, history, ingest, letters, live, newcomers, openapi, register,
    screens, security, session, sources, sql,
};
use crate::app::App;
use crate::metrics as names;

/// A connection's place among those that may be open; a socket holds it until it is closed.
#[derive(Clone)]
#[expect(dead_code, reason = "held, never looked at")]
pub(crate) struct Place(pub(crate) Arc<OwnedSemaphorePermit>);

/// Every documented route.
pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(session::sign_in, session::session, session::sign_out))
        .routes(routes!(session::sign_in_by_link))
        .routes(routes!(city::city))
        .routes(routes!(assets::assets))
        .routes(routes!(assets::asset))
        .routes(routes!(register::import))
        .routes(routes!(register::export))
        .routes(routes!(register::changes))
        .routes(routes!(register::approve))
        .routes(routes!(register::stage))
        .routes(routes!(newcomers::newcomers))
        .routes(routes!(newcomers::kinds))
        .routes(routes!(history::history))
        .routes(routes!(alarms::alarms))
        .routes(routes!(alarms::alarm))
        .routes(routes!(alarms::acknowledge))
        .routes(routes!(alarms::acknowledge_many))
        .routes(routes!(sql::sql))
        .routes(routes!(completeness::completeness))
        .routes(routes!(gaps::gaps))
        .routes(routes!(completeness::completeness_table))
        .routes(routes!(completeness::completeness_gaps))
        .routes(routes!(letters::letters))
        .routes(routes!(letters::timeline))
        .routes(routes!(letters::letter))
        .routes(routes!(letters::replay))
        .routes(routes!(letters::discard))
        .routes(routes!(live::live))
        .routes(routes!(ingest::batch))
        .routes(routes!(ingest::log_report))
        .routes(routes!(ingest::notification))
        .routes(routes!(ingest::entity))
        .routes(routes!(ingest::entities))
        .routes(routes!(openapi::openapi))
        .routes(routes!(sources::sources))
        .routes(routes!(figures::status))
        .routes(routes!(figures::metrics))
}

/// The whole service.
pub(crate) fn router(app: App) -> Router {
    let (documented, _) = routes().split_for_parts();
    // Tiles are read by ranges and are compressed inside.
    let compress = DefaultPredicate::new().and(NotForContentType::const_new("application/vnd.pmtiles"));
    let body = app.config.body_kib.saturating_mul(1024);
    documented
        // A topic has many levels; the document, which knows no such path, has it as one.
        .route("/api/v1/ingest/{*topic}", routing::post(ingest::message))
        .route("/api/{*rest}", routing::any(|| async { Problem::NotFound }))
        .method_not_allowed_fallback(|| async { Problem::MethodNotAllowed })
        .fallback(screens::screens)
        .layer(DefaultBodyLimit::max(body))
        .layer(CompressionLayer::new().gzip(true).compress_when(compress))
        .layer(CatchPanicLayer::custom(|_| Problem::Internal.into_response()))
        .layer(from_fn(security::headers))
        .layer(from_fn(count))
        .with_state(app)
}

async fn count(request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    metrics::counter!(names::REQUESTS, "status" => class(response.status())).increment(1);
    response
}

fn class(status: StatusCode) -> &'static str {
    match status.as_u16() {
        100..200 => "1xx",
        200..300 => "2xx",
        300..400 => "3xx",
        400..500 => "4xx",
        _ => "5xx",
    }
}
