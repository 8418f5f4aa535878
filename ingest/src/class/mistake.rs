//! What is wrong with a class file, where, and what to write instead.

/// A mistake in a class file. The class and what extends it are not in force; the others are.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}{}", advice(hint))]
pub struct Mistake {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The class, if it could be read.
    pub class: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub hint: String,
}

fn advice(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("; {text}") }
}

/// The line of a byte of a text, from 1.
pub(super) fn line(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count()
}
