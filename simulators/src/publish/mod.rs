//! How the city is heard: messages, their timetable, and the MQTT sessions that carry them.

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
