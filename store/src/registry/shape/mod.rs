//! How assets, facts and alarms are written as JSON. A number (`format`) stands beside each text, and every format ever written stays
//! readable: what changes gets a new number and a new shape, never an edit of an old one.

mod alarm;
mod asset;
mod evidence;
mod fact;
#[cfg(test)]
mod format_1;
mod guidance;
mod number;

pub(super) use alarm::{alarm_body, read_alarm_body};
pub(super) use asset::{asset_body, read_asset};
pub(super) use evidence::{evidence_body, read_evidence};
pub(super) use fact::{actor_word, change_body, read_actor, read_change};

/// The format that is written now. Readers accept it and all before it.
pub(super) const FORMAT: i64 = 1;

/// Why a text cannot be read.
#[derive(Debug)]
pub(super) enum Unread {
    /// It is not of its format.
    Form(crate::error::BoxError),
    /// Its format is newer than this version.
    Newer(i64),
}

impl<E: Into<crate::error::BoxError>> From<E> for Unread {
    fn from(error: E) -> Self {
        Self::Form(error.into())
    }
}

fn to_text(shape: &impl serde::Serialize) -> String {
    serde_json::to_string(shape).expect("shapes have only text keys and write to memory")
}
