//! What the simulated city promises, seen from outside.
#![allow(clippy::unwrap_used, missing_docs)]

mod broker;
mod city;
mod dialects;
mod history;
mod light;
mod live;
mod load;
mod messages;
mod scenario;

use std::sync::{Arc, LazyLock};

use model::{TenantId, Timestamp};
use simulators::City;

pub(crate) const SEED: u64 = 83_048;

/// The city at full size, built once for all tests.
pub(crate) static MESSINA: LazyLock<Arc<City>> = LazyLock::new(|| Arc::new(city(SEED, 1.0)));

pub(crate) fn city(seed: u64, scale: f64) -> City {
    City::messina(&TenantId::new("messina").unwrap(), seed, scale).unwrap()
}

pub(crate) fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}
