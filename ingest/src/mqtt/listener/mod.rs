//! Our own MQTT listener: a sensor's message is acknowledged only when it is safe.

mod credentials;
mod door;
mod engine;
mod mqtt5_engine;
mod reception;

pub(crate) use door::{Bound, bind};
