//! What can keep ingest from starting or running.

use std::net::SocketAddr;

/// Why ingest does not start, or stopped. Bad messages are not errors: they become dead letters.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A setting that cannot work.
    #[error("{key}: {problem}")]
    Config {
        /// The key as it stands in the file.
        key: String,
        /// What is wrong and what to write instead.
        problem: String,
    },
    /// The listener's address is taken or not ours.
    #[error("cannot listen for MQTT on {address}: {source}; is another broker running there? change listener.bind")]
    Bind {
        /// The address that was asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A certificate or key file of a broker cannot be read.
    #[error("{path} of broker {broker} cannot be read: {source}")]
    Certificate {
        /// Which broker.
        broker: String,
        /// Which file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// The listener's engine failed.
    #[error("the MQTT listener failed: {0}")]
    Listener(String),
    /// A task ended by a panic; the process must not go on half alive.
    #[error("task {0} ended unexpectedly")]
    Task(String),
}

/// What ingest's fallible calls return.
pub type Result<T, E = Error> = std::result::Result<T, E>;
