//! `specola measure`: what a running server does, seen from outside.

mod report;
mod screen;
mod server;
mod watch;

pub(crate) use watch::run;
