//! What is small and must not be lost: assets, alarms, accounts, refused messages; in one SQLite file.

mod accounts;
mod alarms;
mod assets;
mod changes;
mod database;
mod failure;
mod letters;
mod rows;
mod shape;

pub(crate) use database::Registry;
