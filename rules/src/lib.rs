//! What is abnormal, what an alarm is doing, and which facts follow.
//!
//! Pure: no clock, no files, no network (but [`score`], which reads labelled data). The same rules, assets, readings and moments give the same facts.

mod book;
mod condition;
pub mod detect;
mod engine;
pub mod metrics;
pub mod score;

pub use book::{Comparison, Group, GroupBy, Limit, Rule, RuleBook, RuleError, TemplateUse};
pub use condition::Condition;
pub use engine::{AcknowledgeError, Engine};
