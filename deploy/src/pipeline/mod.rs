//! The order of hand-overs: source, decode, keep, acknowledge, show, judge, keep the facts, tell.

mod accounts;
mod assemble;
mod attendance;
mod bisect;
mod class_folder;
mod desk;
mod directory;
mod drain;
mod facts;
mod inbox;
mod judge;
mod keep;
mod metrics;
mod office;
mod placing;
mod replay;
mod rule_folder;
mod stages;
mod status;
mod unstorable;
mod watched_folder;
mod watchman;

pub(crate) use assemble::Pipeline;
#[cfg(test)]
pub(crate) use class_folder::shipped_classes;
pub(crate) use class_folder::{ClassFolder, classes_in};
pub(crate) use directory::Directory;
pub(crate) use office::{entries, report};
pub(crate) use replay::{Replayer, Way};
pub(crate) use rule_folder::{RuleFolder, book, shipped};
pub(crate) use status::{Pulse, usage};
