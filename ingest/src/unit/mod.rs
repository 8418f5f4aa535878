//! Units: what senders call them, and how a number becomes one in another unit of the same kind.

mod conversion;
mod dimension;
mod table;

pub use conversion::Conversion;
pub use dimension::{Dimension, Measure};
pub use table::{is_known, measures};
