//! What every engine of the store must do, asked through its public door.
#![expect(clippy::unwrap_used, reason = "tests")]

mod accounts;
mod alarms;
mod assets;
mod completeness;
mod dead_letters;
mod kit;
mod town;

mod crash;
mod crash_files;
mod damage;
mod history;
mod keeping;
mod parts;
mod query;
mod sharing;
mod telegraph;
mod tenants;
