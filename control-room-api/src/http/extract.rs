//! Parts of a request, read with limits; what cannot be read is a problem document.

use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Json, Path, Query, Request};
use axum::http::request::Parts;
use model::{Timestamp, Window};
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::problem::Problem;
use crate::app::App;

/// How long a client may take to send a body.
const BODY: Duration = Duration::from_secs(10);

/// A JSON body.
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<App> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        match timeout(BODY, Json::<T>::from_request(request, app)).await {
            Err(_) => Err(Problem::TooSlow),
            Ok(Ok(Json(body))) => Ok(Self(body)),
            Ok(Err(JsonRejection::MissingJsonContentType(_))) => Err(Problem::NotJson),
            Ok(Err(JsonRejection::JsonDataError(error))) => Err(Problem::BadShape(error.body_text())),
            Ok(Err(JsonRejection::BytesRejection(_))) => Err(Problem::TooLarge),
            Ok(Err(error)) => Err(Problem::BadRequest(error.body_text())),
        }
    }
}

/// The part after the question mark.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Query(asked) =
            Query::from_request_parts(parts, app).await.map_err(|error| Problem::BadRequest(error.body_text()))?;
        Ok(Self(asked))
    }
}

/// An id in the path. What is no id at all is not found, like an id that nobody has.
pub(crate) struct Named<T>(pub(crate) T);

impl<T: std::str::FromStr> FromRequestParts<App> for Named<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, app).await.map_err(|_| Problem::NotFound)?;
        text.parse().map(Self).map_err(|_| Problem::NotFound)
    }
}

/// A number within its bounds, or the usual one.
pub(crate) fn bounded(name: &str, asked: Option<usize>, usual: usize, most: usize) -> Result<usize, Problem> {
    match asked {
        None => Ok(usual.min(most)),
        Some(number) if (1..=most).contains(&number) => Ok(number),
        Some(_) => Err(Problem::BadRequest(format!("{name} must be 1 to {most}"))),
    }
}

/// A name that may be of the wrong form: then nothing has it.
pub(crate) fn named<T: std::str::FromStr>(text: Option<&str>) -> Option<Result<T, T::Err>> {
    text.filter(|text| !text.is_empty()).map(str::parse)
}

/// The window between two moments as people write them; `usual` long and up to `now` when they say nothing.
pub(crate) fn window(from: Option<&str>, to: Option<&str>, usual: Duration, now: Timestamp) -> Result<Window, Problem> {
    let moment = |name: &str, text: Option<&str>| {
        let parsed = text.map(Timestamp::parse).transpose();
        parsed.map_err(|error| Problem::BadRequest(format!("{name}: {error}")))
    };
    let until = moment("to", to)?.unwrap_or(now);
    let from = moment("from", from)?.unwrap_or_else(|| until.minus(usual));
    Window::new(from, until).ok_or_else(|| Problem::BadRequest("from must be before to".into()))
}
