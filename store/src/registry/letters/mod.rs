//! Refused messages: kept once, listed, read again, forgotten in time.

mod bury;
mod desk;
mod list;
mod room;
mod settle;
mod tally;
