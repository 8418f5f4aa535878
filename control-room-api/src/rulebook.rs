//! The only file that knows how the rules name their book, limits and comparisons.

pub(crate) use rules::{Comparison, Limit, RuleBook};
