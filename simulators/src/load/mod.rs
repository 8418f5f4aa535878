//! A generator of load that can prove what became of each reading: many MQTT clients, numbered messages, a ledger of what was acknowledged.

mod client;
mod engine;
mod ledger;
mod mqtt;
mod order;
mod report;
mod shape;
mod subscriber;
mod tally;
mod template;
mod window;

pub use engine::Load;
pub use ledger::{Account, Ledger, Ranges};
pub use order::{Order, Promise};
pub use report::Report;
pub use tally::Progress;
