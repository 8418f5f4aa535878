//! SQL from people: read-only, of one tenant, bounded in time, memory, depth and rows.

mod beyond;
mod cells;
mod guard;
mod session;
mod table;

pub(super) use session::Queries;
