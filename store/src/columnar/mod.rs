//! The embedded engine of readings: a log with group commit, memory in columns, Parquet parts by tenant and day, SQL over all of it.

mod archive;
mod board;
mod commit;
mod desk;
mod disk;
mod engine;
mod flush;
mod frame;
mod judge;
mod keys;
mod leaving;
mod log;
mod manifest;
mod newest_file;
mod order;
mod part;
mod part_keys;
mod reader;
mod recover;
mod rows;
mod scan;
mod schema;
mod shelf;
mod sql;
mod tables;
mod times;

#[cfg(test)]
mod faults;

pub(crate) use archive::{Archive, Ours, Share, Wanted};
pub(crate) use engine::Columnar;
pub(crate) use leaving::{Leaving, Parcel, Remembered};
pub(crate) use reader::Reader;
