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

    /// The error with what caused it, for operators: "store is not reachable: writing the log: no space left on device".
    pub fn with_causes(&self) -> String {
        with_causes(self)
    }

    /// Whether the same operation may succeed later.
    pub fn is_temporary(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }

    /// Whether it speaks of the store and not of what the store was given: another operation would fail in the same way.
    pub fn is_of_the_store(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Damaged { .. } | Self::InUse(_) | Self::Newer { .. } => true,
            Self::ReadOnly | Self::Closing => true,
            Self::QueryRefused(_) | Self::QueryFailed(_) | Self::QueryDeadline(_) => false,
            Self::Conflict(_) | Self::UserExists(_) => false,
        }
    }
}

/// An error with what caused it. What a cause says that was said before is left out.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let said = cause.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operator_reads_the_cause_once() {
        let full = std::io::Error::new(std::io::ErrorKind::StorageFull, "no space left on device");
        let inner = Error::unreachable("writing the log", full);
        let outer = Error::unreachable("keeping readings", inner.with_causes());
        let expected = "store is not reachable: keeping readings: store is not reachable: writing the log: no space left on device";
        assert_eq!(outer.with_causes(), expected);
        assert_eq!(Error::Closing.with_causes(), "store is closing");
    }
}
