//! Our own MQTT listener: a sensor's message is acknowledged only when it is safe.

mod codec;
mod connection;
mod credentials;
mod door;
mod exchange;
mod limits;
mod reception;
mod rights;
mod state;
mod tls;

pub(crate) use door::{Bound, bind, sources};
pub(crate) use exchange::Bounds;
