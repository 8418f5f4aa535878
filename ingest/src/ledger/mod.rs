//! Who should have spoken and did not: gaps in time and in the numbers of messages, device by device, while the program runs.
//!
//! It lives in memory and begins anew with each start; what is missing over days and years is counted from the kept readings (`store`).

mod book;
mod gaps;
mod numbers;
mod rhythm;
mod sender;
mod tally;

pub(crate) use book::{Book, Books, Slot};
pub use book::{DeviceGaps, Gap, GapReport, Interval};
pub use numbers::Number;
pub(crate) use tally::Tallies;
