//! The picture of the city as it is now: state with versions, not a stream.

mod board;
mod catalogue;
mod city;
mod columns;
mod frame;
mod message;
mod ringing;
mod selection;
mod socket;
mod state;

pub use board::Board;
pub(crate) use catalogue::{Catalogue, anchor};
pub use city::Live;
pub use frame::{Frame, FrameKind};
pub use selection::Selection;
pub(crate) use socket::{Talk, talk};
