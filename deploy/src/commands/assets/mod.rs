//! `specola assets`: the register of assets, beside a running server or without one.

mod audit;
mod desk;
mod remote;
mod run;
mod show;

pub(crate) use run::run;
