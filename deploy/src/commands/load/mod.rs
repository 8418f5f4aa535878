//! `specola load`: many clients that say numbered readings, what came of it, and proof.

mod progress;
mod report;
mod run;
mod verify;

pub(crate) use run::run;
