//! From a sensor's MQTT bytes to validated batches of readings.

mod ack;
mod acquaintance;
pub mod class;
mod clock;
pub mod config;
pub mod decode;
mod directory;
mod door;
mod error;
mod gate;
mod handle;
mod judge;
mod lines;
mod message;
pub mod metrics;
mod mqtt;
mod report;
mod routes;
mod service;
mod stage;
mod topic;
mod trial;
pub mod unit;
mod whereabouts;

pub use ack::Ack;
pub use clock::{Clock, SystemClock};
pub use config::Config;
pub use directory::{Directory, EverybodyIsNew};
pub use door::{Door, NotSafe};
pub use error::{Error, Result};
pub use handle::{Handle, SourceKind, SourceStatus};
pub use message::{Arrival, Newcomer, Place, RawMessage};
pub use report::{LINES, Refused, RefusedLine, Report};
pub use service::{Ingest, Service};
pub use trial::Trial;
