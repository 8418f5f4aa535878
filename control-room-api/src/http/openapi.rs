//! The document that describes every question: OpenAPI 3.1, made from the handlers themselves.

use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{Components, SecurityRequirement};
use utoipa::{Modify, OpenApi};

use super::router::routes;
use crate::app::App;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Specola",
        description = "HTTP for questions, websocket for what changes. Errors are problem documents (RFC 9457). The tenant comes from the credential.",
        license(name = "EUPL-1.2", identifier = "EUPL-1.2"),
    ),
    modifiers(&Credentials),
    paths(super::ingest::message),
)]
pub(super) struct Document;

struct Credentials;

impl Modify for Credentials {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_with(Components::default);
        let cookie = SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("specola_session")));
        components.add_security_scheme("cookie", cookie);
        components.add_security_scheme("bearer", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
        let either = ["cookie", "bearer"].map(|name| SecurityRequirement::new(name, Vec::<String>::new()));
        document.security = Some(either.into());
    }
}

/// The OpenAPI document as JSON text, for whoever generates types from it.
pub fn openapi_document() -> String {
    let (_, document) = routes().split_for_parts();
    let mut text = document.to_pretty_json().expect("the document has only text keys");
    text.push('\n');
    text
}

pub(crate) fn openapi_json() -> Bytes {
    openapi_document().into()
}

/// This document.
#[utoipa::path(get, path = "/api/v1/openapi.json", tag = "operation", security(()), responses(
    (status = 200, body = Object, description = "the OpenAPI 3.1 document"),
))]
pub(crate) async fn openapi(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], app.openapi.clone()).into_response()
}
