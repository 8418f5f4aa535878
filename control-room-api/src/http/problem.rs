//! Every way a request can fail, with its status code: the only file that chooses one.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use crate::desk::NotAcknowledged;
use crate::register::NotRegistered;
use crate::wire::intake::Intake;
use crate::wire::problem::ProblemDocument;

/// Seconds after which a machine may try again when the service is busy or its disk is: short, because nothing was kept.
const RETRY_AFTER: &str = "2";

/// Why a request is not answered as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    NotSignedIn,
    BadCredentials,
    TooManyAttempts(Duration),
    NotAllowed,
    ForeignOrigin,
    /// Nothing there, or not this tenant's: the answer is the same.
    NotFound,
    MethodNotAllowed,
    /// What is wrong with the request.
    BadRequest(String),
    /// The body does not have the right shape.
    BadShape(String),
    NotJson,
    /// A kind of body that is not taken here, and what is.
    UnknownType(String),
    /// Readings that were all refused.
    Refused(Box<Intake>),
    /// Readings that are not known to be kept: the sender must try again.
    NotKept,
    /// A body that is no file of assets.
    NotAssets,
    /// What is wrong with a file of assets, line by line.
    BadAssets(String),
    TooLarge,
    TooSlow,
    AlreadyAcknowledged,
    SqlRefused(String),
    SqlFailed(String),
    SqlDeadline(Duration),
    Busy,
    TooManySockets,
    StoreUnreachable,
    RangeNotSatisfiable(u64),
    Internal,
}

impl Problem {
    fn parts(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NotSignedIn => (StatusCode::UNAUTHORIZED, "not-signed-in", "nobody is signed in"),
            Self::BadCredentials => (StatusCode::UNAUTHORIZED, "bad-credentials", "name, password or link is wrong"),
            Self::TooManyAttempts(_) => (StatusCode::TOO_MANY_REQUESTS, "too-many-attempts", "too many attempts"),
            Self::NotAllowed => (StatusCode::FORBIDDEN, "not-allowed", "your role may not do this"),
            Self::ForeignOrigin => (StatusCode::FORBIDDEN, "foreign-origin", "the request comes from another site"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "there is no such thing"),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "this cannot be done here")
            }
            Self::BadRequest(_) => (StatusCode::BAD_REQUEST, "bad-request", "the request is not understood"),
            Self::BadShape(_) => (StatusCode::UNPROCESSABLE_ENTITY, "bad-shape", "the body has the wrong shape"),
            Self::NotJson => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-json", "the body must be JSON"),
            Self::UnknownType(_) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unknown-type", "this kind of body is not taken here")
            }
            Self::Refused(intake) if intake.is_too_large() => {
                (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "the body is too large")
            }
            Self::Refused(_) => (StatusCode::UNPROCESSABLE_ENTITY, "refused", "nothing of the body could be kept"),
            Self::NotKept => (StatusCode::SERVICE_UNAVAILABLE, "not-kept", "it is not known to be kept; send it again"),
            Self::NotAssets => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "not-assets", "the body must be text/csv or application/geo+json")
            }
            Self::BadAssets(_) => (StatusCode::UNPROCESSABLE_ENTITY, "bad-assets", "the file of assets is wrong"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "the body is too large"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too-slow", "the body came too slowly"),
            Self::AlreadyAcknowledged => {
                (StatusCode::CONFLICT, "already-acknowledged", "the alarm is acknowledged already")
            }
            Self::SqlRefused(_) => (StatusCode::UNPROCESSABLE_ENTITY, "sql-refused", "this query is not allowed"),
            Self::SqlFailed(_) => (StatusCode::UNPROCESSABLE_ENTITY, "sql-failed", "the query cannot be answered"),
            Self::SqlDeadline(_) => (StatusCode::REQUEST_TIMEOUT, "sql-deadline", "the query took too long"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy", "too much is asked at the same time"),
            Self::TooManySockets => {
                (StatusCode::SERVICE_UNAVAILABLE, "too-many-sockets", "too many screens are connected")
            }
            Self::StoreUnreachable => {
                (StatusCode::SERVICE_UNAVAILABLE, "store-unreachable", "the store does not answer")
            }
            Self::RangeNotSatisfiable(_) => {
                (StatusCode::RANGE_NOT_SATISFIABLE, "range-not-satisfiable", "the file is shorter than that")
            }
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "the server failed"),
        }
    }

    /// The last part of its `type`.
    pub(crate) fn slug(&self) -> &'static str {
        self.parts().1
    }

    fn detail(&self) -> String {
        match self {
            Self::BadRequest(detail)
            | Self::BadShape(detail)
            | Self::BadAssets(detail)
            | Self::SqlRefused(detail)
            | Self::SqlFailed(detail)
            | Self::UnknownType(detail) => detail.clone(),
            Self::Refused(intake) => intake.told(),
            Self::TooManyAttempts(wait) => format!("try again in {} s", wait.as_secs().max(1)),
            Self::SqlDeadline(deadline) => format!("it ran for {} s", deadline.as_secs()),
            other => other.parts().2.to_owned(),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, slug, title) = self.parts();
        let document = ProblemDocument {
            kind: format!("urn:specola:problem:{slug}"),
            title: title.to_owned(),
            status: status.as_u16(),
            detail: self.detail(),
            instance: Uuid::now_v7().urn().to_string(),
            intake: if let Self::Refused(intake) = &self { Some((**intake).clone()) } else { None },
        };
        if status.is_server_error() {
            tracing::warn!(problem = slug, instance = document.instance, "a request could not be answered");
        }
        let body = serde_json::to_vec(&document).expect("a problem has only text keys");
        let json = [(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))];
        let mut response = (status, json, body).into_response();
        let headers = response.headers_mut();
        match self {
            Self::TooManyAttempts(wait) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
            }
            Self::Busy | Self::NotKept | Self::StoreUnreachable => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER));
            }
            Self::NotSignedIn => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"specola\""));
            }
            Self::RangeNotSatisfiable(size) => {
                if let Ok(value) = HeaderValue::from_str(&format!("bytes */{size}")) {
                    headers.insert(header::CONTENT_RANGE, value);
                }
            }
            _ => {}
        }
        response
    }
}

impl From<store::Error> for Problem {
    /// What a person may know. The text of the store goes to the log, except where it explains the person's own query.
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::QueryRefused(reason) => Self::SqlRefused(reason),
            store::Error::QueryFailed(reason) => Self::SqlFailed(reason),
            store::Error::QueryDeadline(deadline) => Self::SqlDeadline(deadline),
            store::Error::Conflict(_) => Self::AlreadyAcknowledged,
            store::Error::Unreachable { .. } | store::Error::Closing => {
                tracing::warn!(%error, "the store does not answer");
                Self::StoreUnreachable
            }
            other => {
                tracing::error!(error = %other, "the store failed");
                Self::Internal
            }
        }
    }
}

impl From<NotRegistered> for Problem {
    fn from(reason: NotRegistered) -> Self {
        match reason {
            NotRegistered::Wrong(mistakes) => Self::BadAssets(mistakes),
            NotRegistered::Unknown(_) => Self::NotFound,
            NotRegistered::NotKept => Self::StoreUnreachable,
        }
    }
}

impl From<NotAcknowledged> for Problem {
    fn from(reason: NotAcknowledged) -> Self {
        match reason {
            NotAcknowledged::Unknown => Self::NotFound,
            NotAcknowledged::AlreadyAcknowledged => Self::AlreadyAcknowledged,
            NotAcknowledged::NotKept => Self::StoreUnreachable,
        }
    }
}
