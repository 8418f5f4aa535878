//! What can go wrong while keeping or reading back; a variant exists where a caller acts differently on it.

use std::path::PathBuf;

use model::{AlarmId, UserName};

/// Any error from below, kept for the log.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What can go wrong in a store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The disk or the database is not there or full: try again, acknowledge nothing.
    #[error("store is not reachable: {context}")]
    Unreachable {
        /// What was being done.
        context: String,
        /// What the system said.
        #[source]
        source: BoxError,
    },
    /// A file is not what was written.
    #[error("{path} is damaged: {detail}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Where and how.
        detail: String,
    },
    /// Another process has this folder open.
    #[error("{0} is in use by another process")]
    InUse(PathBuf),
    /// The folder was written by a newer version.
    #[error("{path} was written by a newer version (format {found}, this one reads up to {known})")]
    Newer {
        /// Which file.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The newest version known here.
        known: u32,
    },
    /// The query is not allowed: it would change something or is not a query.
    #[error("query refused: {0}")]
    QueryRefused(String),
    /// The query cannot be planned or run; the text tells the person why.
    #[error("query failed: {0}")]
    QueryFailed(String),
    /// The query took longer than allowed.
    #[error("query took longer than {0:?}")]
    QueryDeadline(std::time::Duration),
    /// A fact does not follow from what is known: somebody else was first.
    #[error("alarm {0} has changed meanwhile")]
    Conflict(AlarmId),
    /// The name is taken.
    #[error("user {0} exists")]
    UserExists(UserName),
    /// It was opened for reading only.
    #[error("store is open for reading only")]
    ReadOnly,
    /// The store is closing and takes nothing more.
    #[error("store is closing")]
    Closing,
}

/// The result of an operation of the store.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An unreachable store, with what was being done.
    pub fn unreachable(context: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self::Unreachable { context: context.into(), source: source.into() }
    }

    /// Whether the same operation may succeed later.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}
