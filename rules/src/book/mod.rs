//! Rules as data: files, their errors, the words of an alarm, the limits for charts.

mod blueprint;
mod digest;
mod error;
mod file;
mod guidance;
mod limits;
mod rule;
mod rulebook;
mod spec;
mod template;

pub use blueprint::TemplateUse;
pub use error::RuleError;
pub use limits::{Comparison, Limit};
pub use rule::{Group, GroupBy, Rule};
pub use rulebook::RuleBook;

pub(crate) use error::Complaint;
pub(crate) use spec::Span;
pub(crate) use template::Fill;
