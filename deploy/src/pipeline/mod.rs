//! The order of hand-overs: source, decode, keep, acknowledge, show, judge, keep the facts, tell.

mod assemble;
mod desk;
mod directory;
mod drain;
mod judge;
mod keep;
mod metrics;
mod rule_folder;
mod stages;
mod status;

pub(crate) use assemble::Pipeline;
pub(crate) use rule_folder::{RuleFolder, shipped};
pub(crate) use status::{Pulse, usage};
