//! A lasting session with a foreign broker.

mod driver;
mod ledger;
mod protocol;
mod subscription;
mod tls;
mod v4;
mod v5;

pub(crate) use driver::Session;
