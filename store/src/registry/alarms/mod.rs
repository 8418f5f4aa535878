//! Keeping what happened to alarms, and what is known of each.

mod facts;
mod journal;
mod page;
mod record;
mod state;
