//! The door to the live socket.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::http::HeaderMap;
use axum::response::Response;

use super::problem::Problem;
use super::router::Place;
use crate::app::App;
use crate::auth::{Caller, Credential, Expected, is_own_origin};
use crate::live::{Talk, talk};
use crate::wire::problem::ProblemDocument;

/// The subprotocol of the frames.
const PROTOCOL: &str = "specola.v1";
/// Bytes that are gathered before they are written: small frames go out at once anyway.
const WRITE_BUFFER: usize = 16 * 1024;

/// The live socket (subprotocol `specola.v1`): asset states as binary frames, alarms and beats as JSON.
#[utoipa::path(get, path = "/api/v1/live", tag = "live", responses(
    (status = 101, description = "the frames follow"),
    (status = 400, body = ProblemDocument, content_type = "application/problem+json", description = "bad-request: no websocket"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "foreign-origin"),
    (status = 503, body = ProblemDocument, content_type = "application/problem+json", description = "too-many-sockets"),
))]
pub(crate) async fn live(
    State(app): State<App>,
    caller: Caller,
    Extension(place): Extension<Place>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let expected = if caller.by == Credential::Cookie { Expected::Always } else { Expected::IfNamed };
    if !is_own_origin(&headers, app.config.public_origin.as_deref(), expected) {
        return Err(Problem::ForeignOrigin);
    }
    let upgrade = upgrade.map_err(|error| Problem::BadRequest(error.body_text()))?;
    let board = app.board(&caller.tenant);
    let limits = app.config.sockets.clone();
    let seat = board.take_seat(limits.per_tenant).ok_or(Problem::TooManySockets)?;
    let most = limits.message_kib.max(1) * 1024;
    let page = Talk {
        live: Arc::clone(&app.parts.live),
        board,
        clock: Arc::clone(&app.parts.clock),
        sessions: Arc::clone(&app.sessions),
        token: caller.token,
        limits,
        stop: app.stop.clone(),
        seat,
    };
    let tasks = app.tasks.clone();
    let upgrade = upgrade.protocols([PROTOCOL]).max_message_size(most).max_frame_size(most);
    Ok(upgrade.write_buffer_size(WRITE_BUFFER).on_upgrade(move |socket| {
        tasks.track_future(async move {
            talk(socket, page).await;
            drop(place);
        })
    }))
}
