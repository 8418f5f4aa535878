//! The engine: readings and moments in, facts about alarms out.

mod adopt;
mod alarms;
mod clock;
#[expect(clippy::module_inception, reason = "the file holds what the folder is named after")]
mod engine;
mod fold;
mod judge;
mod plan;
mod subject;
mod timers;

pub use engine::{AcknowledgeError, Engine};
