//! How the city speaks: messages in the formats of real devices, their timetable, and the MQTT sessions that carry them.

mod format;
mod handle;
mod message;
mod plan;
mod probe;
mod service;
mod session;

pub use handle::{Counters, Handle};
pub use message::Message;
pub use plan::Plan;
pub use probe::Probe;
pub use service::Simulator;
