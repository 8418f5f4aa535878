//! JSON, read strictly and in one pass, without a tree of objects.

mod number;
mod parse;
mod tape;
mod write;

pub(super) use number::{nanos, value};
pub(super) use tape::{Json, Kind, Tape};
