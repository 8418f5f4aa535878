//! `specola completeness`: how much of what should have come has come.

mod live;
mod run;
mod show;

pub(crate) use run::run;
pub(crate) use show::guarded;
