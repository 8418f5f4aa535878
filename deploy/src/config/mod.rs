//! The whole configuration: the sum of the parts' configurations.

mod load;
mod shape;

pub(crate) use load::{DEFAULT, load};
pub(crate) use shape::{Config, Rules, Tenant};
