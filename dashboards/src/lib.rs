//! The operators' screens, built and embedded.

mod embedded;

pub use embedded::{File, asset, is_built};
