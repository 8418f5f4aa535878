//! How much of what should have come has come: counted from the kept readings, by what is told of each device or by the rhythm of each series.

mod count;
mod expectation;
mod frames;
mod holes;
mod report;
mod rhythm;
mod series;

pub use count::{completeness, completeness_of};
pub use expectation::{Expectation, Expectations, Pace, Span};
pub use holes::holes;
pub use report::{Completeness, DeviceCompleteness, Hole, SeriesCompleteness};
