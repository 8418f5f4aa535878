//! What can go wrong inside, and how it is told outside: never in the words of the database.

use model::AlarmId;

use super::Registry;
use super::shape::{FORMAT, Unread};
use crate::error::BoxError;
use crate::{Error, Result};

/// What can go wrong inside; [`Registry::told`] turns it into the crate's error.
#[derive(Debug)]
pub(super) enum Failure {
    /// The database said so.
    Sql(sqlx::Error),
    /// The file is not what was written.
    Damage(String),
    /// A row is not what was written.
    Unreadable { what: String, source: BoxError },
    /// A row was written by a newer version.
    Newer { found: i64, known: i64 },
    /// A fact cannot follow.
    Conflict(AlarmId),
    /// A page mark that no page gave out.
    PageMark,
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl Failure {
    /// A row, named by `what`, that could not be read.
    pub(super) fn unread(what: impl FnOnce() -> String) -> impl FnOnce(Unread) -> Self {
        |unread| match unread {
            Unread::Form(source) => Self::Unreadable { what: what(), source },
            Unread::Newer(found) => Self::Newer { found, known: FORMAT },
        }
    }
}

/// What a person can do about a damaged file.
const WHAT_TO_DO: &str = "put this file back from a backup, or move it and its -wal and -shm files elsewhere: the next start then \
                          begins with an empty register; readings are not touched";

/// Whether the database reports that its file is not what was written (SQLITE_CORRUPT, SQLITE_NOTADB).
fn is_damage(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|e| e.code()).and_then(|code| code.parse::<i32>().ok());
    // The lowest byte is the primary code, the others refine it.
    matches!(code.map(|code| code & 0xff), Some(11 | 26))
}

impl Registry {
    /// What `outcome` of `doing` means to those who asked.
    pub(super) fn told<T>(&self, doing: &'static str, outcome: Result<T, Failure>) -> Result<T> {
        outcome.map_err(|failure| explain(self.path(), doing, failure))
    }
}

/// What a failure of `doing` means to those who asked.
pub(super) fn explain(path: &std::path::Path, doing: &'static str, failure: Failure) -> Error {
    let damaged = |detail: String| Error::Damaged { path: path.to_path_buf(), detail };
    match failure {
        Failure::Sql(sqlx::Error::PoolClosed) => Error::Closing,
        Failure::Sql(error) if is_damage(&error) => damaged(format!("found while {doing}: {error}; {WHAT_TO_DO}")),
        Failure::Damage(detail) => damaged(format!("found while {doing}: {detail}; {WHAT_TO_DO}")),
        Failure::Sql(error @ (sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_))) => {
            damaged(format!("found while {doing}: {error}"))
        }
        Failure::Sql(error) => Error::unreachable(doing, error),
        Failure::Unreadable { what, source } => damaged(format!("found while {doing}: {what}: {source}")),
        Failure::Newer { found, known } => Error::Newer {
            path: path.to_path_buf(),
            found: u32::try_from(found).unwrap_or(u32::MAX),
            known: u32::try_from(known).unwrap_or(u32::MAX),
        },
        Failure::Conflict(alarm) => Error::Conflict(alarm),
        Failure::PageMark => Error::QueryRefused("the page mark is none that a list of alarms gave out".to_owned()),
    }
}
