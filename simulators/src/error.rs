//! What can go wrong with a simulated city before it runs; once it runs it reconnects for ever.

/// Why a simulation cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A number in the configuration is outside what the city can be.
    #[error("simulators.{key} is {value}, but must be {allowed}")]
    Setting {
        /// The key as written in the configuration.
        key: &'static str,
        /// What was written.
        value: String,
        /// What may be written.
        allowed: &'static str,
    },
    /// A word that names no dialect.
    #[error(transparent)]
    Dialect(#[from] crate::UnknownDialect),
    /// A word that names no domain of the city.
    #[error("{0:?} is no domain of the city; there are streetlight, camera, structural, water and environment")]
    Domain(String),
    /// A tenant, device or asset name that the model refuses.
    #[error("a name of the simulated city is refused")]
    Name(#[from] model::InvalidId),
    /// A number of a load is outside what it can be.
    #[error("{key} is {value}, but must be {allowed}")]
    Order {
        /// What it is a number of.
        key: &'static str,
        /// What was asked for.
        value: String,
        /// What can be.
        allowed: &'static str,
    },
    /// The clients of a load cannot reach the broker.
    #[error("the broker at {broker} cannot be used")]
    Connection {
        /// Which broker.
        broker: String,
        /// Why.
        #[source]
        why: std::io::Error,
    },
    /// The ledger of a load cannot be written.
    #[error("the ledger {} cannot be written", path.display())]
    Ledger {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        why: std::io::Error,
    },
    /// The broker has not taken a message in time.
    #[error("the broker at {0} takes no messages")]
    Unreachable(String),
}

/// The result of preparing a simulation.
pub type Result<T, E = Error> = std::result::Result<T, E>;
