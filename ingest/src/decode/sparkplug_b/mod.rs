//! Sparkplug B 3.0, as a host application: births, aliases, deaths, sequence numbers and requests to start over.

mod address;
mod application;
mod births;
mod host;
mod node;
mod nodes;
mod payload;
mod rebirth;
mod sequence;
mod values;

pub(super) use application::SparkplugB;
pub use host::Host;
