//! The order of hand-overs: source, decode, keep, acknowledge, show, judge, keep the facts, tell.

mod assemble;
mod bisect;
mod desk;
mod directory;
mod drain;
mod inbox;
mod judge;
mod keep;
mod metrics;
mod placing;
mod replay;
mod rule_folder;
mod stages;
mod status;
mod unstorable;

pub(crate) use assemble::Pipeline;
pub(crate) use directory::Directory;
pub(crate) use replay::{Replayer, Way};
pub(crate) use rule_folder::{RuleFolder, shipped};
pub(crate) use status::{Pulse, usage};
