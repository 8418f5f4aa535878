//! The engine for cities that have PostgreSQL: the folder takes readings in and acknowledges them, and moves them into the database, with
//! TimescaleDB into its hypertables. While the database is away the folder keeps them.

mod archive;
mod copy;
mod database;
mod days;
mod engine;
mod history;
mod judge;
mod line;
mod moment;
mod mover;
mod names;
mod remember;
mod row;
mod scan;
mod take;
mod text;

pub(crate) use engine::{Timescale, open_archive};
