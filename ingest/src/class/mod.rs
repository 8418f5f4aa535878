//! Classes of devices: what they measure, in which units, how often, and how far their clocks are believed. Files say it, not code.

mod classes;
mod file;
mod kind;
mod mistake;
mod profile;
mod span;

pub use classes::Classes;
pub use kind::{Class, Template, Words};
pub use mistake::Mistake;
pub use profile::{Clock, Every, Metric, Profile, Skewed, Spoken};
