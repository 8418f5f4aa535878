//! What we ask of the software that speaks MQTT with clients, so that it can be replaced.

use std::net::SocketAddr;

use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

/// An MQTT server that is bound to its port. It hands every publish to the reception it was built with, and answers PUBACK (or PUBREC) only when the
/// reception says that the message is safe; otherwise it closes the connection without an answer.
pub(super) trait Engine: Send {
    /// Where it listens.
    fn address(&self) -> SocketAddr;

    /// Serves clients until `stop`; publishes that the reception has in hand are answered before it ends.
    fn serve(self: Box<Self>, stop: CancellationToken) -> BoxFuture<'static, Result<(), String>>;
}
