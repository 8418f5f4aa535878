//! The register of assets, for administrators: import with a look before, export, approval, stages of life.

use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequestParts, Json, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use model::{AssetClass, AssetId, Lifecycle, Role};
use store::AssetFactFilter;
use tokio::time::timeout;

use super::extract::{Asked, Body, Named, bounded};
use super::problem::Problem;
use crate::app::App;
use crate::auth::Caller;
use crate::register::{Approval, ImportOrder, NotRegistered, Sheet};
use crate::wire::problem::ProblemDocument;
use crate::wire::register::{Approve, AssetReport, ChangesQuery, ExportQuery, ImportQuery, RegisterEntries, Stage};

/// Largest file in bytes: a hundred thousand assets with their properties.
const LARGEST: usize = 64 << 20;
/// How long a file may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(60);
/// How long the office may take.
const OFFICE: Duration = Duration::from_secs(60);
/// Ids approved at once at most.
const MOST_AT_ONCE: usize = 10_000;
/// Changes listed at most, and when nobody says.
const MOST_LISTED: usize = 1_000;
const USUALLY_LISTED: usize = 100;

/// A caller who sets things up. Known before the body is read.
pub(crate) struct Administrator(pub(crate) Caller);

impl FromRequestParts<App> for Administrator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, app).await?;
        if caller.role == Role::Admin { Ok(Self(caller)) } else { Err(Problem::NotAllowed) }
    }
}

/// Import assets from CSV (`text/csv`) or GeoJSON (`application/geo+json`, `application/json`): all or nothing.
#[utoipa::path(post, path = "/api/v1/assets/import", tag = "assets", params(ImportQuery),
    request_body(content = String, content_type = "text/csv"), responses(
    (status = 200, body = AssetReport),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed, foreign-origin"),
    (status = 413, body = ProblemDocument, content_type = "application/problem+json", description = "too-large"),
    (status = 415, body = ProblemDocument, content_type = "application/problem+json", description = "not-assets"),
    (status = 422, body = ProblemDocument, content_type = "application/problem+json", description = "bad-assets"),
))]
pub(crate) async fn import(
    State(app): State<App>,
    Administrator(caller): Administrator,
    Asked(query): Asked<ImportQuery>,
    headers: HeaderMap,
    request: Request,
) -> Result<Json<AssetReport>, Problem> {
    let sheet = sheet(&headers)?;
    // One file at a time: each may take tens of megabytes.
    let _turn = timeout(ARRIVAL, app.imports.acquire()).await.map_err(|_| Problem::Busy)?.map_err(|_| Problem::Busy)?;
    let bytes = timeout(ARRIVAL, to_bytes(request.into_body(), LARGEST)).await.map_err(|_| Problem::TooSlow)?;
    let text = String::from_utf8(bytes.map_err(|_| Problem::TooLarge)?.into())
        .map_err(|error| Problem::BadAssets(format!("is not UTF-8 from byte {}", error.utf8_error().valid_up_to())))?;
    let order = ImportOrder { sheet, text, dry_run: query.dry_run, retire_missing: query.retire_missing };
    let (desk, tenant, user) = (app.parts.assets.clone(), caller.tenant, caller.user);
    answer(&app, async move { desk.import(&tenant, &user, order).await }).await
}

fn sheet(headers: &HeaderMap) -> Result<Sheet, Problem> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "text/csv" => Ok(Sheet::Csv),
        "application/geo+json" | "application/json" => Ok(Sheet::GeoJson),
        _ => Err(Problem::NotAssets),
    }
}

/// Runs on when the person hangs up, so that what was begun is finished.
async fn answer(
    app: &App,
    work: impl Future<Output = Result<crate::AssetReport, NotRegistered>> + Send + 'static,
) -> Result<Json<AssetReport>, Problem> {
    match timeout(OFFICE, app.tasks.spawn(work)).await {
        Ok(Ok(Ok(report))) => Ok(Json(AssetReport::of(report))),
        Ok(Ok(Err(refused))) => Err(refused.into()),
        Ok(Err(_)) => Err(Problem::Internal),
        Err(_) => Err(Problem::StoreUnreachable),
    }
}

/// All assets as CSV or GeoJSON; what is exported and imported again changes nothing.
#[utoipa::path(get, path = "/api/v1/assets/export", tag = "assets", params(ExportQuery), responses(
    (status = 200, body = String, content_type = "application/geo+json"),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed"),
))]
pub(crate) async fn export(
    State(app): State<App>,
    Administrator(caller): Administrator,
    Asked(query): Asked<ExportQuery>,
) -> Result<Response, Problem> {
    let (sheet, kind, name) = match query.format.as_deref() {
        Some("csv") => (Sheet::Csv, "text/csv; charset=utf-8", "attachment; filename=\"assets.csv\""),
        None | Some("geojson") => (Sheet::GeoJson, "application/geo+json", "attachment; filename=\"assets.geojson\""),
        Some(_) => return Err(Problem::BadRequest("format must be csv or geojson".into())),
    };
    let text = app.parts.assets.export(&caller.tenant, sheet).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static(name)),
    ];
    Ok((headers, text).into_response())
}

/// What was changed in the register, by whom and when; the newest first.
#[utoipa::path(get, path = "/api/v1/assets/changes", tag = "assets", params(ChangesQuery), responses(
    (status = 200, body = RegisterEntries),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed"),
))]
pub(crate) async fn changes(
    State(app): State<App>,
    Administrator(caller): Administrator,
    Asked(query): Asked<ChangesQuery>,
) -> Result<Json<RegisterEntries>, Problem> {
    let limit = bounded("limit", query.limit, USUALLY_LISTED, MOST_LISTED)?;
    let asset = query.asset.map(AssetId::new).transpose().map_err(|why| Problem::BadRequest(why.to_string()))?;
    let filter = AssetFactFilter { tenant: caller.tenant, asset, before: query.before, limit };
    Ok(Json(RegisterEntries::of(app.parts.assets.changes(filter).await?, limit)))
}

/// Approve quarantined assets: they come into service.
#[utoipa::path(post, path = "/api/v1/assets/approve", tag = "assets", request_body = Approve, responses(
    (status = 200, body = AssetReport),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed, foreign-origin"),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json", description = "not-found"),
))]
pub(crate) async fn approve(
    State(app): State<App>,
    Administrator(caller): Administrator,
    Body(body): Body<Approve>,
) -> Result<Json<AssetReport>, Problem> {
    let which = match body {
        Approve { ids: Some(ids), class: None, all: false } if ids.len() <= MOST_AT_ONCE => {
            let ids: Result<Vec<AssetId>, _> = ids.iter().map(AssetId::new).collect();
            Approval::Ids(ids.map_err(|_| Problem::NotFound)?)
        }
        Approve { ids: Some(_), class: None, all: false } => {
            return Err(Problem::BadRequest(format!("at most {MOST_AT_ONCE} ids")));
        }
        Approve { ids: None, class: Some(class), all: false } => {
            Approval::Class(AssetClass::new(class).map_err(|why| Problem::BadRequest(why.to_string()))?)
        }
        Approve { ids: None, class: None, all: true } => Approval::All,
        _ => return Err(Problem::BadRequest("say exactly one of ids, class and all".into())),
    };
    let (desk, tenant, user) = (app.parts.assets.clone(), caller.tenant, caller.user);
    answer(&app, async move { desk.approve(&tenant, &user, which).await }).await
}

/// Bring an asset into a stage of its life.
#[utoipa::path(post, path = "/api/v1/assets/{id}/stage", tag = "assets", params(("id" = String, Path)), request_body = Stage, responses(
    (status = 200, body = AssetReport),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed, foreign-origin"),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json", description = "not-found"),
))]
pub(crate) async fn stage(
    State(app): State<App>,
    Administrator(caller): Administrator,
    Named(id): Named<AssetId>,
    Body(body): Body<Stage>,
) -> Result<Json<AssetReport>, Problem> {
    let stage = Lifecycle::from_word(&body.stage).ok_or_else(|| {
        let known = Lifecycle::ALL.map(Lifecycle::as_str).join(", ");
        Problem::BadRequest(format!("stage must be one of {known}"))
    })?;
    let (desk, tenant, user) = (app.parts.assets.clone(), caller.tenant, caller.user);
    answer(&app, async move { desk.set_stage(&tenant, &user, &id, stage).await }).await
}
