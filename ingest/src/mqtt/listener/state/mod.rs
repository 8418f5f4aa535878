//! What outlives a restart: sessions, what waits for absent clients, kept messages. One small file, appended and synced.

mod file;
mod journal;
mod note;

pub(super) use journal::{Journal, Keeper};
pub(super) use note::{Note, TenantState};
