//! What every engine of the store must do, asked of the engine on PostgreSQL; and what only this one does.
#![expect(clippy::unwrap_used, reason = "tests")]

mod kit;
#[path = "../kit/postgres.rs"]
mod postgres;

#[path = "../it/accounts.rs"]
mod accounts;
#[path = "../it/alarms.rs"]
mod alarms;
#[path = "../it/assets.rs"]
mod assets;
#[path = "../it/crash.rs"]
mod crash;
#[path = "../it/dead_letters.rs"]
mod dead_letters;
#[path = "../it/history.rs"]
mod history;
#[path = "../it/keeping.rs"]
mod keeping;
#[path = "../it/query.rs"]
mod query;
#[path = "../it/sharing.rs"]
mod sharing;
#[path = "../it/telegraph.rs"]
mod telegraph;
#[path = "../it/tenants.rs"]
mod tenants;
#[path = "../it/town.rs"]
mod town;

mod database;
mod outage;
