//! What keeps the service from starting or running.

use std::net::SocketAddr;

/// What can go wrong with the service as a whole; a single request that fails is a problem document, not an error.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Another process listens there.
    #[error("{0} is in use by another process; choose another address with `bind`")]
    PortTaken(SocketAddr),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// Which address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The store did not keep what had to be kept.
    #[error("store refused")]
    Store(#[from] store::Error),
    /// The system gives no random numbers, without which no secret can be made.
    #[error("no random numbers from the system")]
    NoChance,
}

/// The result of an operation of the service.
pub type Result<T, E = Error> = std::result::Result<T, E>;
