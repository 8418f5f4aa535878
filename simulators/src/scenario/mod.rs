//! What goes wrong in the city: kinds of faults, and the script that lets them come and go.

mod fault;
mod script;
mod trouble;

pub use fault::{Fault, FaultKind};
pub use script::Scenario;
pub(crate) use trouble::{Effect, Trouble};
