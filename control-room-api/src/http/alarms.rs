//! The alarms: a list in pages, one with its history, and people's answers.

use std::time::Duration;

use axum::extract::{Json, State};
use model::alarm::{Priority, State as AlarmState};
use model::{AlarmId, Domain};
use store::AlarmFilter;

use super::extract::{Asked, Body, Named, bounded, named};
use super::problem::Problem;
use crate::app::App;
use crate::auth::Caller;
use crate::desk::NotAcknowledged;
use crate::wire::alarm::{
    Acknowledge, AcknowledgeMany, Acknowledged, Alarm, AlarmDetail, AlarmPage, AlarmQuery, Skipped,
};
use crate::wire::problem::ProblemDocument;

/// Alarms in one page at most.
const MOST: usize = 1_000;
/// Alarms in one page when nobody says.
const USUAL: usize = 200;
/// Pages of the store looked through for one answer when words are searched: bounds what one question costs.
const PAGES: usize = 20;
/// Alarms acknowledged at once at most.
const MOST_AT_ONCE: usize = 1_000;
/// Characters of a note at most.
const NOTE: usize = 2_000;
/// How long the desk may take to keep an answer.
const DESK: Duration = Duration::from_secs(20);

/// Alarms: most urgent first, within that the newest first.
#[utoipa::path(get, path = "/api/v1/alarms", tag = "alarms", params(AlarmQuery), responses(
    (status = 200, body = AlarmPage),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
))]
pub(crate) async fn alarms(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<AlarmQuery>,
) -> Result<Json<AlarmPage>, Problem> {
    let limit = bounded("limit", query.limit, USUAL, MOST)?;
    let states = states(query.state.as_deref())?;
    let priorities = priorities(query.priority.as_deref())?;
    let domain = match named::<Domain>(query.domain.as_deref()) {
        Some(Err(_)) => return Ok(Json(AlarmPage { items: Vec::new(), next: None })),
        Some(Ok(domain)) => Some(domain),
        None => None,
    };
    let words = query.q.map(|words| words.trim().to_lowercase()).filter(|words| !words.is_empty());
    let mut filter = AlarmFilter {
        tenant: caller.tenant.clone(),
        states,
        priority: if let [only] = priorities[..] { Some(only) } else { None },
        domain,
        asset: None,
        after: query.after.filter(|mark| !mark.is_empty()),
        limit,
    };
    let board = app.board(&caller.tenant);
    let mut items = Vec::new();
    for _ in 0..PAGES {
        filter.limit = limit - items.len();
        let page = app.parts.store.alarms(&filter).await.map_err(|error| match error {
            store::Error::QueryRefused(reason) => Problem::BadRequest(format!("after: {reason}")),
            other => other.into(),
        })?;
        let catalogue = board.assets();
        let found = page
            .alarms
            .iter()
            .filter(|alarm| priorities.is_empty() || priorities.contains(&alarm.priority))
            .map(|alarm| Alarm::of(alarm, &catalogue))
            .filter(|alarm| words.as_deref().is_none_or(|words| alarm.mentions(words)));
        items.extend(found);
        filter.after = page.next;
        if filter.after.is_none() || items.len() >= limit {
            break;
        }
    }
    Ok(Json(AlarmPage { items, next: filter.after }))
}

fn states(text: Option<&str>) -> Result<Vec<AlarmState>, Problem> {
    let mut states = Vec::new();
    for word in text.filter(|text| !text.is_empty()).unwrap_or("open").split(',') {
        match word.trim() {
            "open" => states.extend(AlarmState::ALL.into_iter().filter(|state| state.is_open())),
            "unacknowledged" => states.extend(AlarmState::ALL.into_iter().filter(|state| state.is_unacknowledged())),
            "closed" => states.push(AlarmState::Normal),
            "all" => return Ok(Vec::new()),
            other => {
                let detail = format!("state must be open, unacknowledged, closed or all, not {other:.32}");
                return Err(Problem::BadRequest(detail));
            }
        }
    }
    states.sort_unstable();
    states.dedup();
    Ok(states)
}

fn priorities(text: Option<&str>) -> Result<Vec<Priority>, Problem> {
    let words = text.into_iter().flat_map(|text| text.split(',')).map(str::trim).filter(|word| !word.is_empty());
    let priority = |word: &str| word.parse().ok().and_then(Priority::from_rank);
    words.map(|word| priority(word).ok_or_else(|| Problem::BadRequest("priority must be 1 to 4".into()))).collect()
}

/// One alarm with its members and its history.
#[utoipa::path(get, path = "/api/v1/alarms/{id}", tag = "alarms", params(("id" = String, Path)), responses(
    (status = 200, body = AlarmDetail),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json", description = "not-found"),
))]
pub(crate) async fn alarm(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<AlarmId>,
) -> Result<Json<AlarmDetail>, Problem> {
    let (alarm, facts) = app.parts.store.alarm(&caller.tenant, id).await?.ok_or(Problem::NotFound)?;
    let board = app.board(&caller.tenant);
    let detail = AlarmDetail::of(&alarm, &facts, &board.assets());
    Ok(Json(detail))
}

/// Acknowledge one alarm.
#[utoipa::path(post, path = "/api/v1/alarms/{id}/acknowledge", tag = "alarms", params(("id" = String, Path)),
    request_body = Acknowledge, responses(
    (status = 200, body = Alarm),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed, foreign-origin"),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json", description = "not-found"),
    (status = 409, body = ProblemDocument, content_type = "application/problem+json", description = "already-acknowledged"),
))]
pub(crate) async fn acknowledge(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<AlarmId>,
    Body(body): Body<Acknowledge>,
) -> Result<Json<Alarm>, Problem> {
    caller.may_acknowledge()?;
    let note = note(body.note)?;
    let alarm = desk(&app, &caller, &[id], note).await?.into_iter().find(|(other, _)| *other == id);
    let alarm = alarm.ok_or(Problem::Internal)?.1?;
    let board = app.board(&caller.tenant);
    let alarm = Alarm::of(&alarm, &board.assets());
    Ok(Json(alarm))
}

/// Acknowledge many alarms: acts on what can be acted on, and tells what was skipped and why.
#[utoipa::path(post, path = "/api/v1/alarms/acknowledge", tag = "alarms", request_body = AcknowledgeMany, responses(
    (status = 200, body = Acknowledged),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed, foreign-origin"),
))]
pub(crate) async fn acknowledge_many(
    State(app): State<App>,
    caller: Caller,
    Body(body): Body<AcknowledgeMany>,
) -> Result<Json<Acknowledged>, Problem> {
    caller.may_acknowledge()?;
    let note = note(body.note)?;
    if body.ids.len() > MOST_AT_ONCE {
        return Err(Problem::BadRequest(format!("at most {MOST_AT_ONCE} ids")));
    }
    let mut ids: Vec<AlarmId> = Vec::new();
    let mut answer = Acknowledged { done: Vec::new(), skipped: Vec::new() };
    for text in body.ids {
        match text.parse() {
            Ok(id) if !ids.contains(&id) => ids.push(id),
            Ok(_) => {}
            Err(_) => answer.skipped.push(Skipped { id: text, reason: Problem::NotFound.slug().into() }),
        }
    }
    if ids.is_empty() {
        return Ok(Json(answer));
    }
    for (id, outcome) in desk(&app, &caller, &ids, note).await? {
        match outcome {
            Ok(_) => answer.done.push(id.to_string()),
            Err(reason) => {
                answer.skipped.push(Skipped { id: id.to_string(), reason: Problem::from(reason).slug().into() });
            }
        }
    }
    Ok(Json(answer))
}

type Outcomes = Vec<(AlarmId, Result<model::alarm::Alarm, NotAcknowledged>)>;

/// The desk's answer. It runs on when the person hangs up, so that what was begun is finished.
async fn desk(app: &App, caller: &Caller, ids: &[AlarmId], note: Option<String>) -> Result<Outcomes, Problem> {
    let (desk, tenant, user, ids) = (app.parts.desk.clone(), caller.tenant.clone(), caller.user.clone(), ids.to_vec());
    let answering = app.tasks.spawn(async move { desk.acknowledge(&tenant, &ids, &user, note).await });
    match tokio::time::timeout(DESK, answering).await {
        Ok(Ok(outcomes)) => Ok(outcomes),
        Ok(Err(_)) => Err(Problem::Internal),
        Err(_) => Err(Problem::StoreUnreachable),
    }
}

fn note(note: Option<String>) -> Result<Option<String>, Problem> {
    let note = note.map(|note| note.trim().to_owned()).filter(|note| !note.is_empty());
    if note.as_ref().is_some_and(|note| note.chars().count() > NOTE) {
        return Err(Problem::BadRequest(format!("a note has at most {NOTE} characters")));
    }
    Ok(note)
}
