//! Readings that machines hand in. The answer leaves when they are on disk, as the acknowledgement of a broker would.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use serde::Deserialize;
use tokio::time::timeout;
use utoipa::IntoParams;

use super::extract::Asked;
use super::problem::Problem;
use crate::app::App;
use crate::auth::Sender;
use crate::inbox::Parcel;
use crate::intake::receive;
use crate::wire::intake::Intake;
use crate::wire::problem::ProblemDocument;

/// What may stand after the question mark of a table.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    /// `comma` for a table whose fields are separated by `;` and whose fractions are written 12,5; `point` otherwise.
    decimal: Option<String>,
}

/// Hand in many readings: lines of our own JSON (`application/json`, `application/x-ndjson`), a table (`text/csv`), or entities of NGSI-LD
/// (`application/ld+json`). May be packed with gzip. A line that is wrong is refused alone.
#[utoipa::path(post, path = "/api/v1/ingest", tag = "ingest", params(Written), security(("bearer" = [])),
    request_body(content((String = "application/x-ndjson"), (String = "text/csv"), (String = "application/json"), (String = "application/ld+json"))),
    responses(
    (status = 200, body = Intake, description = "what is accepted is on disk"),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed: only a sender may send"),
    (status = 408, body = ProblemDocument, content_type = "application/problem+json", description = "too-slow"),
    (status = 413, body = ProblemDocument, content_type = "application/problem+json", description = "too-large"),
    (status = 415, body = ProblemDocument, content_type = "application/problem+json", description = "unknown-type"),
    (status = 422, body = ProblemDocument, content_type = "application/problem+json", description = "refused: nothing could be kept"),
    (status = 503, body = ProblemDocument, content_type = "application/problem+json", description = "busy, not-kept: send it again"),
))]
pub(crate) async fn batch(
    State(app): State<App>,
    sender: Sender,
    headers: HeaderMap,
    Asked(written): Asked<Written>,
    body: Body,
) -> Result<Response, Problem> {
    let parcel = parcel(&headers, written.decimal.as_deref())?;
    hand_in(&app, &sender, &headers, parcel, body, StatusCode::OK).await
}

/// Hand in one message as if it were published on this topic; the routes of the configuration decide its format.
#[utoipa::path(post, path = "/api/v1/ingest/{topic}", tag = "ingest", security(("bearer" = [])),
    params(("topic" = String, Path, description = "an MQTT topic; it may have many levels")),
    request_body(content((String = "application/octet-stream"))),
    responses(
    (status = 200, body = Intake, description = "what is accepted is on disk"),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request: no topic"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed: only a sender may send"),
    (status = 413, body = ProblemDocument, content_type = "application/problem+json", description = "too-large"),
    (status = 422, body = ProblemDocument, content_type = "application/problem+json", description = "refused: nothing could be kept"),
    (status = 503, body = ProblemDocument, content_type = "application/problem+json", description = "busy, not-kept: send it again"),
))]
pub(crate) async fn message(
    State(app): State<App>,
    sender: Sender,
    headers: HeaderMap,
    Path(topic): Path<String>,
    body: Body,
) -> Result<Response, Problem> {
    if topic.is_empty() || topic.len() > 65_535 || topic.starts_with('$') || topic.contains(['+', '#', '\0']) {
        let detail = "a topic has 1 to 65,535 bytes, does not begin with $, and holds neither + nor # nor NUL";
        return Err(Problem::BadRequest(detail.to_owned()));
    }
    hand_in(&app, &sender, &headers, Parcel::Topic(topic), body, StatusCode::OK).await
}

/// Hand in a log report of TALQ v2, as a gateway posts it.
#[utoipa::path(post, path = "/log-reports", tag = "ingest", security(("bearer" = [])),
    request_body(content((Object = "application/json"))),
    responses(
    (status = 201, body = Intake, description = "what is accepted is on disk"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed: only a sender may send"),
    (status = 422, body = ProblemDocument, content_type = "application/problem+json", description = "refused: nothing could be kept"),
    (status = 503, body = ProblemDocument, content_type = "application/problem+json", description = "busy, not-kept: send it again"),
))]
pub(crate) async fn log_report(
    State(app): State<App>,
    sender: Sender,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    hand_in(&app, &sender, &headers, Parcel::TalqV2, body, StatusCode::CREATED).await
}

/// Hand in a notification of an NGSI-LD broker: the address to name in a subscription.
#[utoipa::path(post, path = "/ngsi-ld/notify", tag = "ingest", security(("bearer" = [])),
    request_body(content((Object = "application/ld+json"), (Object = "application/json"))),
    responses(
    (status = 200, body = Intake, description = "what is accepted is on disk"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed: only a sender may send"),
    (status = 422, body = ProblemDocument, content_type = "application/problem+json", description = "refused: nothing could be kept"),
    (status = 503, body = ProblemDocument, content_type = "application/problem+json", description = "busy, not-kept: send it again"),
))]
pub(crate) async fn notification(
    State(app): State<App>,
    sender: Sender,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    hand_in(&app, &sender, &headers, Parcel::NgsiLd, body, StatusCode::OK).await
}

/// Hand in an entity of NGSI-LD, as a client creates it.
#[utoipa::path(post, path = "/ngsi-ld/v1/entities", tag = "ingest", security(("bearer" = [])),
    request_body(content((Object = "application/ld+json"), (Object = "application/json"))),
    responses(
    (status = 201, body = Intake, description = "what is accepted is on disk"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed: only a sender may send"),
    (status = 422, body = ProblemDocument, content_type = "application/problem+json", description = "refused: nothing could be kept"),
    (status = 503, body = ProblemDocument, content_type = "application/problem+json", description = "busy, not-kept: send it again"),
))]
pub(crate) async fn entity(
    State(app): State<App>,
    sender: Sender,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    hand_in(&app, &sender, &headers, Parcel::NgsiLd, body, StatusCode::CREATED).await
}

/// Hand in a list of entities of NGSI-LD, as a client upserts them.
#[utoipa::path(post, path = "/ngsi-ld/v1/entityOperations/upsert", tag = "ingest", security(("bearer" = [])),
    request_body(content((Object = "application/ld+json"), (Object = "application/json"))),
    responses(
    (status = 201, body = Intake, description = "what is accepted is on disk"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed: only a sender may send"),
    (status = 422, body = ProblemDocument, content_type = "application/problem+json", description = "refused: nothing could be kept"),
    (status = 503, body = ProblemDocument, content_type = "application/problem+json", description = "busy, not-kept: send it again"),
))]
pub(crate) async fn entities(
    State(app): State<App>,
    sender: Sender,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    hand_in(&app, &sender, &headers, Parcel::NgsiLd, body, StatusCode::CREATED).await
}

/// What the body is, as its type says.
fn parcel(headers: &HeaderMap, decimal: Option<&str>) -> Result<Parcel, Problem> {
    let comma = match decimal {
        None | Some("point") => false,
        Some("comma") => true,
        Some(_) => return Err(Problem::BadRequest("decimal is point or comma".to_owned())),
    };
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let mut words = kind.split(';').map(|word| word.trim().to_ascii_lowercase());
    let essence = words.next().unwrap_or_default();
    if let Some(charset) = words.find_map(|word| word.strip_prefix("charset=").map(str::to_owned))
        && !["utf-8", "utf8", "us-ascii"].contains(&charset.trim_matches('"'))
    {
        return Err(Problem::UnknownType("the text must be UTF-8".to_owned()));
    }
    match essence.as_str() {
        "text/csv" if comma => Ok(Parcel::CsvComma),
        "text/csv" => Ok(Parcel::Csv),
        _ if comma => Err(Problem::BadRequest("decimal=comma belongs to text/csv".to_owned())),
        "application/json" | "application/x-ndjson" | "application/ndjson" | "application/jsonl"
        | "application/x-jsonlines" => Ok(Parcel::JsonLines),
        "application/ld+json" => Ok(Parcel::NgsiLd),
        _ => Err(Problem::UnknownType(
            "send application/json, application/x-ndjson, text/csv or application/ld+json; other formats go to /api/v1/ingest/<topic>".to_owned(),
        )),
    }
}

/// Receives a body, hands it in, and answers when it is safe.
async fn hand_in(
    app: &App,
    sender: &Sender,
    headers: &HeaderMap,
    parcel: Parcel,
    body: Body,
    success: StatusCode,
) -> Result<Response, Problem> {
    let room = app.intake.room(&sender.tenant);
    let received = receive(&app.intake, &room, headers, body).await?;
    let _turn = room.turn().await?;
    let taking = app.parts.inbox.take(&sender.tenant, parcel, received.bytes);
    let taken = timeout(app.intake.patience(), taking).await.map_err(|_| Problem::NotKept)?;
    let intake = Intake::of(taken.map_err(|_| Problem::NotKept)?);
    drop(received.memory);
    if intake.is_refusal() {
        return Err(Problem::Refused(Box::new(intake)));
    }
    Ok((success, Json(intake)).into_response())
}
