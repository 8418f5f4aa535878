//! Where messages come from: our own MQTT listener and sessions with foreign brokers.

pub(crate) mod listener;
pub(crate) mod session;
