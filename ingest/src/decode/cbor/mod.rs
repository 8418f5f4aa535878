//! CBOR, read strictly and in one pass, without a tree of objects.

mod parse;
mod tape;

pub(super) use tape::{Cbor, Item, Tape};
