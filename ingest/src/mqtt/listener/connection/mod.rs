//! One client's connection, from its CONNECT to its end.

mod greeting;
mod inbound;
mod ledger;
mod parting;
mod serving;

pub(super) use greeting::{Peer, welcome};
