//! The whole configuration: the sum of the parts' configurations.

mod load;
mod shape;

pub(crate) use load::{DEFAULT, demo_routes, load};
pub(crate) use shape::{Config, Tenant};
