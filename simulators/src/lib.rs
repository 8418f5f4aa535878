//! A city that does not exist, the same each time for the same seed: its things, what its sensors say, and what goes wrong in it.

mod chance;
mod city;
mod config;
mod dialect;
mod dialects;
mod error;
mod export;
mod ground;
mod history;
pub mod load;
mod metrics;
mod place;
mod plane;
mod publish;
mod scenario;
mod sensor;
mod series;

pub use city::City;
pub use config::{Broker, Config, Credentials};
pub use dialect::{Dialect, UnknownDialect};
pub use dialects::Dialects;
pub use error::{Error, Result};
pub use export::to_geojson;
pub use metrics::{ACKNOWLEDGED, PUBLISHED, READINGS, RECONNECTS, describe};
pub use publish::{Counters, Handle, Message, Plan, Probe, Simulator};
pub use scenario::{Fault, FaultKind, Scenario};
