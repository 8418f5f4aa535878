//! What was refused: looked at, read again, discarded.

use std::time::Duration;

use axum::extract::{Json, State};
use model::{LetterId, Reason, Timestamp};
use store::LetterFilter;

use super::extract::{Asked, Body, Named, bounded, window};
use super::problem::Problem;
use crate::app::App;
use crate::auth::Caller;
use crate::letters::Reading;
use crate::wire::letter::{
    Letter, LetterChoice, LetterCount, LetterDetail, LetterPage, LetterQuery, LetterTimeline, LetterTimelineQuery,
    LettersDiscarded, LettersReplayed,
};
use crate::wire::problem::ProblemDocument;

/// Letters in one page, and acted on at once, at most.
const MOST: usize = 1_000;
/// Letters in one page when nobody says.
const USUAL: usize = 100;
/// The longest time that a timeline may show: a year and what is over.
const LONGEST: Duration = Duration::from_secs(400 * 86_400);
/// The time when nobody says.
const DAY: Duration = Duration::from_secs(86_400);
/// Stretches of a timeline: half an hour each of a day when nobody says.
const STRETCHES: usize = 48;
const MOST_STRETCHES: usize = 400;

/// Refused messages, the one that came last first.
#[utoipa::path(get, path = "/api/v1/dead-letters", tag = "dead letters", params(LetterQuery), responses(
    (status = 200, body = LetterPage),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed"),
))]
pub(crate) async fn letters(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<LetterQuery>,
) -> Result<Json<LetterPage>, Problem> {
    caller.may_correct()?;
    let since = query.since.as_deref().map(Timestamp::parse).transpose();
    let filter = LetterFilter {
        reason: query.reason.as_deref().map(reason).transpose()?,
        source: query.source,
        topic: query.topic,
        since: since.map_err(|error| Problem::BadRequest(format!("since: {error}")))?,
        after: query.after.filter(|mark| !mark.is_empty()),
        ..LetterFilter::all(caller.tenant.clone(), bounded("limit", query.limit, USUAL, MOST)?)
    };
    let page = app.parts.store.dead_letters(&filter).await.map_err(|error| match error {
        store::Error::QueryRefused(reason) => Problem::BadRequest(format!("after: {reason}")),
        other => other.into(),
    })?;
    let counts = app.parts.store.dead_letter_counts(&caller.tenant).await?;
    Ok(Json(LetterPage {
        items: page.letters.iter().map(Letter::of).collect(),
        next: page.next,
        counts: counts.iter().map(LetterCount::of).collect(),
    }))
}

/// When refused messages came, by reason and source. Counted from what is kept: what was read again or discarded is gone.
#[utoipa::path(get, path = "/api/v1/dead-letters/timeline", tag = "dead letters", params(LetterTimelineQuery), responses(
    (status = 200, body = LetterTimeline),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed"),
))]
pub(crate) async fn timeline(
    State(app): State<App>,
    caller: Caller,
    Asked(query): Asked<LetterTimelineQuery>,
) -> Result<Json<LetterTimeline>, Problem> {
    caller.may_correct()?;
    let stretches = bounded("stretches", query.stretches, STRETCHES, MOST_STRETCHES)?;
    let window = window(query.from.as_deref(), query.to.as_deref(), DAY, (app.parts.clock)())?;
    if window.span() > LONGEST {
        return Err(Problem::BadRequest("at most 400 days".into()));
    }
    let nanos = window.span().as_nanos().div_ceil(stretches as u128);
    let stretch = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
    let tally = app.parts.store.dead_letter_tally(&caller.tenant, window, stretch).await?;
    Ok(Json(LetterTimeline::of(window, stretch, tally)))
}

/// One refused message with all that is kept of it.
#[utoipa::path(get, path = "/api/v1/dead-letters/{id}", tag = "dead letters", params(("id" = String, Path)), responses(
    (status = 200, body = LetterDetail),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed"),
    (status = 404, body = ProblemDocument, content_type = "application/problem+json", description = "not-found"),
))]
pub(crate) async fn letter(
    State(app): State<App>,
    caller: Caller,
    Named(id): Named<LetterId>,
) -> Result<Json<LetterDetail>, Problem> {
    caller.may_correct()?;
    let letter = app.parts.store.dead_letter(&caller.tenant, id).await?.ok_or(Problem::NotFound)?;
    let arrivals = app.parts.store.letter_arrivals(&caller.tenant, id).await?;
    Ok(Json(LetterDetail::of(&letter, &arrivals)))
}

/// Read refused messages again by the configuration in force, as if they came at their time: what is understood is kept and leaves the list.
#[utoipa::path(post, path = "/api/v1/dead-letters/replay", tag = "dead letters", request_body = LetterChoice, responses(
    (status = 200, body = LettersReplayed),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed, foreign-origin"),
))]
pub(crate) async fn replay(
    State(app): State<App>,
    caller: Caller,
    Body(choice): Body<LetterChoice>,
) -> Result<Json<LettersReplayed>, Problem> {
    caller.may_correct()?;
    let reading = if choice.dry_run { Reading::Trial } else { Reading::ForGood };
    let (ids, more) = chosen(&app, &caller, choice).await?;
    tracing::info!(user = %caller.user, tenant = %caller.tenant, letters = ids.len(), ?reading, "reads dead letters again");
    let (desk, tenant) = (app.parts.letters.clone(), caller.tenant.clone());
    // It runs on when the person hangs up, so that what was begun is finished.
    let reread = app.tasks.spawn(async move { desk.reread(&tenant, &ids, reading).await });
    let reread = reread.await.map_err(|_| Problem::Internal)??;
    Ok(Json(LettersReplayed::of(reread, more)))
}

/// Discard refused messages: nobody will read them again.
#[utoipa::path(post, path = "/api/v1/dead-letters/discard", tag = "dead letters", request_body = LetterChoice, responses(
    (status = 200, body = LettersDiscarded),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed, foreign-origin"),
))]
pub(crate) async fn discard(
    State(app): State<App>,
    caller: Caller,
    Body(choice): Body<LetterChoice>,
) -> Result<Json<LettersDiscarded>, Problem> {
    caller.may_correct()?;
    if choice.dry_run {
        return Err(Problem::BadRequest("dry_run is for reading again".into()));
    }
    let (ids, more) = chosen(&app, &caller, choice).await?;
    let discarded = app.parts.store.remove_letters(&caller.tenant, &ids).await?;
    tracing::info!(user = %caller.user, tenant = %caller.tenant, letters = discarded, "discards dead letters");
    Ok(Json(LettersDiscarded { discarded, more }))
}

/// The letters that a person chose, and whether there are more. An empty choice is none: nobody discards everything by mistake.
async fn chosen(app: &App, caller: &Caller, choice: LetterChoice) -> Result<(Vec<LetterId>, bool), Problem> {
    let LetterChoice { ids, reason: word, source, topic, .. } = choice;
    if ids.is_empty() && word.is_none() && source.is_none() && topic.is_none() {
        return Err(Problem::BadRequest("name ids, a reason, a source or the beginning of a topic".into()));
    }
    if ids.len() > MOST {
        return Err(Problem::BadRequest(format!("at most {MOST} ids")));
    }
    let ids = ids.iter().map(|id| id.parse().map_err(|_| Problem::BadRequest(format!("{id:.32} is no letter"))));
    let filter = LetterFilter {
        ids: ids.collect::<Result<_, _>>()?,
        reason: word.as_deref().map(reason).transpose()?,
        source,
        topic,
        ..LetterFilter::all(caller.tenant.clone(), MOST)
    };
    let page = app.parts.store.dead_letters(&filter).await?;
    Ok((page.letters.iter().map(|letter| letter.id).collect(), page.next.is_some()))
}

fn reason(word: &str) -> Result<Reason, Problem> {
    Reason::from_word(word).ok_or_else(|| {
        let known: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        Problem::BadRequest(format!("reason must be one of {}", known.join(", ")))
    })
}
