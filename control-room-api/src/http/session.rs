//! Signing in and out.

use axum::Extension;
use axum::extract::{Json, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use model::{Account, Role, UserName};
use std::time::Duration;

use super::extract::Body;
use super::problem::Problem;
use crate::app::App;
use crate::auth::{self, Caller, Expected, Peer, Standing, Token, is_own_origin, session_cookie};
use crate::metrics as names;
use crate::wire::problem::ProblemDocument;
use crate::wire::session::{Session, SignIn, SignInByLink};

/// Sign in with name and password. Sets the cookie.
#[utoipa::path(post, path = "/api/v1/session", tag = "session", request_body = SignIn, security(()), responses(
    (status = 200, body = Session),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "bad-credentials"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed: a sender does not sign in; foreign-origin"),
    (status = 429, body = ProblemDocument, content_type = "application/problem+json", description = "too-many-attempts"),
))]
pub(crate) async fn sign_in(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Body(body): Body<SignIn>,
) -> Result<Response, Problem> {
    own_page(&app, &headers)?;
    let source = auth::source(peer, &headers, app.config.behind_proxy);
    let typed = body.username.trim().to_lowercase();
    if let Err(wait) = app.attempts.begin(source, Some(&typed), (app.parts.clock)()) {
        count("too-many-attempts");
        return Err(Problem::TooManyAttempts(wait));
    }
    let account = match typed.parse::<UserName>() {
        Ok(user) => app.parts.store.account(&user).await?,
        Err(_) => None,
    };
    let hash = account.as_ref().and_then(|account| account.password_hash.as_deref());
    let matches = app.passwords.matches(body.password, hash).await.map_err(|_| Problem::Busy)?;
    match account.filter(|_| matches) {
        Some(account) => {
            app.attempts.succeed(source, Some(&typed));
            count("password");
            open(&app, &account).await
        }
        None => {
            count("bad-credentials");
            tracing::warn!(%source, "a sign-in was refused");
            Err(Problem::BadCredentials)
        }
    }
}

/// Sign in with the one-time code of a printed link. Sets the cookie.
#[utoipa::path(post, path = "/api/v1/session/link", tag = "session", request_body = SignInByLink, security(()), responses(
    (status = 200, body = Session),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "bad-credentials"),
    (status = 403, body = ProblemDocument, content_type = "application/problem+json", description = "not-allowed: a sender does not sign in; foreign-origin"),
    (status = 429, body = ProblemDocument, content_type = "application/problem+json", description = "too-many-attempts"),
))]
pub(crate) async fn sign_in_by_link(
    State(app): State<App>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
    Body(body): Body<SignInByLink>,
) -> Result<Response, Problem> {
    own_page(&app, &headers)?;
    let source = auth::source(peer, &headers, app.config.behind_proxy);
    let now = (app.parts.clock)();
    if let Err(wait) = app.attempts.begin(source, None, now) {
        count("too-many-attempts");
        return Err(Problem::TooManyAttempts(wait));
    }
    let account = match Token::presented(&body.code) {
        Some(code) => app.parts.store.take_code(&code.hash(), now).await?,
        None => None,
    };
    match account {
        Some(account) => {
            app.attempts.succeed(source, None);
            count("link");
            open(&app, &account).await
        }
        None => {
            count("bad-credentials");
            Err(Problem::BadCredentials)
        }
    }
}

/// Who is signed in.
#[utoipa::path(get, path = "/api/v1/session", tag = "session", responses(
    (status = 200, body = Session),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
))]
pub(crate) async fn session(State(app): State<App>, caller: Caller) -> Result<Json<Session>, Problem> {
    match app.sessions.standing(&caller.token).await {
        Standing::Good(account, expires) => {
            Ok(Json(Session::of(&account, tenant_name(&app, &account).await?, expires, None)))
        }
        Standing::Ended => Err(Problem::NotSignedIn),
        Standing::Unknown => Err(Problem::StoreUnreachable),
    }
}

/// Sign out. Open live sockets of the session are closed.
#[utoipa::path(delete, path = "/api/v1/session", tag = "session", responses(
    (status = 204, description = "signed out"),
    (status = 401, body = ProblemDocument, content_type = "application/problem+json", description = "not-signed-in"),
))]
pub(crate) async fn sign_out(State(app): State<App>, caller: Caller) -> Result<Response, Problem> {
    app.sessions.end(&caller.token).await?;
    let cookie = session_cookie("", 0, app.config.is_served_over_tls());
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&mut response, &cookie);
    Ok(response)
}

/// A foreign page must not sign a browser in to an account of its choice either.
fn own_page(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    is_own_origin(headers, app.config.public_origin.as_deref(), Expected::IfNamed)
        .then_some(())
        .ok_or(Problem::ForeignOrigin)
}

fn count(outcome: &'static str) {
    metrics::counter!(names::SIGN_INS, "outcome" => outcome).increment(1);
}

async fn tenant_name(app: &App, account: &Account) -> Result<String, Problem> {
    let tenants = app.parts.store.tenants().await?;
    let name = tenants.into_iter().find(|(id, _)| *id == account.tenant).map(|(_, name)| name);
    Ok(name.unwrap_or_else(|| app.parts.city(&account.tenant).name))
}

async fn open(app: &App, account: &Account) -> Result<Response, Problem> {
    // A machine has a token and no screen.
    if account.role == Role::Sender {
        return Err(Problem::NotAllowed);
    }
    let span = Duration::from_secs(u64::from(app.config.session_hours) * 3600);
    let token = Token::new().map_err(|_| Problem::Internal)?;
    let expires = (app.parts.clock)().plus(span);
    app.parts.store.open_session(&store::Session { token: token.hash(), user: account.user.clone(), expires }).await?;
    tracing::info!(user = %account.user, "signed in");
    let name = tenant_name(app, account).await?;
    let session = Session::of(account, name, expires, Some(token.reveal().to_owned()));
    let mut response = Json(session).into_response();
    set_cookie(&mut response, &session_cookie(token.reveal(), span.as_secs(), app.config.is_served_over_tls()));
    Ok(response)
}

fn set_cookie(response: &mut Response, cookie: &str) {
    let mut value = HeaderValue::from_str(cookie).expect("a token is base64");
    value.set_sensitive(true);
    response.headers_mut().insert(header::SET_COOKIE, value);
}
