//! What is wrong with a rule: which file, which line, and what would be right.

use std::fmt;

/// One mistake in a rule file. Other rules go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct RuleError {
    /// The file, by the name it was handed in with.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The rule, when its id could be read.
    pub rule: Option<String>,
    /// What is wrong.
    pub message: String,
    /// What would be right; may be empty.
    pub hint: String,
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.file, self.line)?;
        if let Some(rule) = &self.rule {
            write!(f, "rule {rule}: ")?;
        }
        f.write_str(&self.message)?;
        if !self.hint.is_empty() {
            write!(f, " ({})", self.hint)?;
        }
        Ok(())
    }
}

/// A mistake inside one rule before its line is known: the key it is about, by its dotted path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Complaint {
    pub(crate) key: String,
    pub(crate) message: String,
    pub(crate) hint: String,
}

impl Complaint {
    pub(crate) fn new(key: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into(), hint: hint.into() }
    }
}
