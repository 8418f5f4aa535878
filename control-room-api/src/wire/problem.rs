//! Errors as RFC 9457 tells them.

use serde::Serialize;
use utoipa::ToSchema;

use super::intake::Intake;

/// Why a request was not answered as asked (`application/problem+json`).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ProblemDocument {
    /// `urn:specola:problem:<slug>`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// The same for people, always the same words for the same type.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What was wrong this time.
    pub(crate) detail: String,
    /// Names this occurrence; the server's log has it too.
    pub(crate) instance: String,
    /// For readings that were all refused: why, and which lines.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(crate) intake: Option<Intake>,
}
