//! `specola check`: is everything right? Starts nothing and changes nothing.

mod mapping;
mod run;
mod whole;

pub(crate) use run::run;
