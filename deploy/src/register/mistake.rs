//! What is wrong with a file of assets: line, what, and what to write instead.

use std::fmt;

/// Mistakes that are told of one file; more would not be read.
const TOLD: usize = 50;

/// One mistake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    /// The line in the file, from 1.
    pub(crate) line: u64,
    /// What is wrong, and what to write instead.
    pub(crate) what: String,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.what)
    }
}

/// All mistakes of a file. Never empty. Nothing of the file was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistakes(pub(crate) Vec<Mistake>);

impl Mistakes {
    /// A single one.
    pub(crate) fn one(line: u64, what: impl Into<String>) -> Self {
        Self(vec![Mistake { line, what: what.into() }])
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in self.0.iter().take(TOLD) {
            writeln!(f, "{mistake}")?;
        }
        if self.0.len() > TOLD {
            writeln!(f, "and {} more", self.0.len() - TOLD)?;
        }
        write!(f, "nothing was changed")
    }
}

impl std::error::Error for Mistakes {}
