//! What became of readings that a machine handed in.

use model::Reason;
use serde::Serialize;
use utoipa::ToSchema;

use crate::inbox::Taken;

/// What became of a body of readings. When it is answered, `accepted` readings are on disk; sending the same again would double nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Intake {
    /// Readings that are kept, those that were known already among them.
    accepted: u64,
    /// What was refused, by reason. It is kept as a dead letter.
    refused: Vec<Refused>,
    /// The first 100 lines that lost something.
    lines: Vec<RefusedLine>,
}

/// What was refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Refused {
    /// `malformed`, `schema`, `timestamp` and so on.
    reason: String,
    /// How many readings; a line that cannot be read counts as one, a message that cannot be read as none.
    readings: u64,
    /// The first of them: which field, which position.
    detail: String,
}

/// A line that lost something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct RefusedLine {
    /// Its number, counted from 1.
    line: u64,
    /// Why.
    reason: String,
    /// The same for people.
    detail: String,
}

impl Intake {
    pub(crate) fn of(taken: Taken) -> Self {
        let refused = taken.refused.into_iter().map(|one| Refused {
            reason: one.reason.as_str().to_owned(),
            readings: one.readings,
            detail: one.detail,
        });
        let lines = taken.lines.into_iter().map(|one| RefusedLine {
            line: one.line,
            reason: one.reason.as_str().to_owned(),
            detail: one.detail,
        });
        Self { accepted: taken.accepted, refused: refused.collect(), lines: lines.collect() }
    }

    /// Whether everything was refused because it was too large.
    pub(crate) fn is_too_large(&self) -> bool {
        self.refused.iter().all(|refused| refused.reason == Reason::TooLarge.as_str())
    }

    /// Whether nothing was kept because everything was refused.
    pub(crate) fn is_refusal(&self) -> bool {
        self.accepted == 0 && !self.refused.is_empty()
    }

    /// Why, in one line.
    pub(crate) fn told(&self) -> String {
        self.refused.first().map_or_else(String::new, |first| format!("{}: {}", first.reason, first.detail))
    }
}
