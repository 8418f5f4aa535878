//! Who asks, as the credential says: a person, or a machine that sends. The tenant comes from here and from nowhere else.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use model::{Role, TenantId, UserName};
use store::TokenHash;

use super::origin::{Expected, is_own_origin};
use super::sessions::Standing;
use super::token::Token;
use crate::app::App;
use crate::http::Problem;

const COOKIE: &str = "specola_session";

/// How somebody showed who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Credential {
    /// Sent along by a browser, whatever page makes it send.
    Cookie,
    /// Sent on purpose by a program.
    Bearer,
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) tenant: TenantId,
    pub(crate) user: UserName,
    pub(crate) role: Role,
    pub(crate) token: TokenHash,
    pub(crate) by: Credential,
}

/// The cookie that carries a token; an empty token ends it.
pub(crate) fn session_cookie(token: &str, seconds: u64, over_tls: bool) -> String {
    let secure = if over_tls { "; Secure" } else { "" };
    format!("{COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

/// The token that a request carries; an explicit one counts before the cookie. A cookie may be there twice (another program on the same
/// host may set one of that name), so the first that can be a token counts.
pub(crate) fn credential(headers: &HeaderMap) -> Option<(Token, Credential)> {
    if let Some(value) = headers.get(header::AUTHORIZATION) {
        let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
        let token = scheme.eq_ignore_ascii_case("bearer").then(|| Token::presented(token.trim()))??;
        return Some((token, Credential::Bearer));
    }
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|cookies| cookies.to_str().ok());
    cookies
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .filter(|(name, _)| *name == COOKIE)
        .find_map(|(_, token)| Token::presented(token))
        .map(|token| (token, Credential::Cookie))
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    /// Any person. A machine that may send may do nothing else.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Self::of(parts, app).await?;
        if caller.role == Role::Sender { Err(Problem::NotAllowed) } else { Ok(caller) }
    }
}

/// A machine that hands readings in: the role `sender`, shown by a token and never by a browser's cookie.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    pub(crate) tenant: TenantId,
}

impl FromRequestParts<App> for Sender {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = Caller::of(parts, app).await?;
        if caller.role == Role::Sender && caller.by == Credential::Bearer {
            Ok(Self { tenant: caller.tenant })
        } else {
            Err(Problem::NotAllowed)
        }
    }
}

impl Caller {
    async fn of(parts: &Parts, app: &App) -> Result<Self, Problem> {
        let (token, by) = credential(&parts.headers).ok_or(Problem::NotSignedIn)?;
        let public = app.config.public_origin.as_deref();
        if by == Credential::Cookie
            && !parts.method.is_safe()
            && !is_own_origin(&parts.headers, public, Expected::Always)
        {
            return Err(Problem::ForeignOrigin);
        }
        let token = token.hash();
        match app.sessions.standing(&token).await {
            Standing::Good(account, _) => {
                Ok(Self { tenant: account.tenant.clone(), user: account.user.clone(), role: account.role, token, by })
            }
            Standing::Ended => Err(Problem::NotSignedIn),
            Standing::Unknown => Err(Problem::StoreUnreachable),
        }
    }

    /// Refuses those who only look: an analyst does not answer alarms.
    pub(crate) fn may_acknowledge(&self) -> Result<(), Problem> {
        match self.role {
            Role::Operator | Role::Crew | Role::Admin => Ok(()),
            Role::Analyst | Role::Sender => Err(Problem::NotAllowed),
        }
    }

    /// Refuses those who do not set up how messages are read.
    pub(crate) fn may_correct(&self) -> Result<(), Problem> {
        match self.role {
            Role::Analyst | Role::Admin => Ok(()),
            _ => Err(Problem::NotAllowed),
        }
    }

    /// Refuses those who have no desk for it.
    pub(crate) fn may_query(&self) -> Result<(), Problem> {
        match self.role {
            Role::Operator | Role::Analyst | Role::Admin => Ok(()),
            Role::Crew | Role::Sender => Err(Problem::NotAllowed),
        }
    }
}
