//! SQL from a person, and its answer in plain cells.

use std::time::Duration;

use model::Timestamp;

/// What a query may cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QueryLimits {
    /// Rows returned at most.
    pub rows: usize,
    /// How long it may run.
    pub deadline: Duration,
}

impl Default for QueryLimits {
    /// 1,000 rows in 30 seconds: enough for a person, harmless for the river.
    fn default() -> Self {
        Self { rows: 1_000, deadline: Duration::from_secs(30) }
    }
}

/// What kind of cells a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// [`Cell::Flag`].
    Flag,
    /// [`Cell::Integer`].
    Integer,
    /// [`Cell::Number`].
    Number,
    /// [`Cell::Text`].
    Text,
    /// [`Cell::Time`].
    Time,
}

/// One column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What its cells are; any of them may be [`Cell::Null`].
    pub kind: ColumnKind,
}

/// One value of an answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// No value.
    Null,
    /// Yes or no.
    Flag(bool),
    /// A whole number.
    Integer(i64),
    /// A number; may be NaN or infinite when the query made it so.
    Number(f64),
    /// A text, or anything that has no kind of its own.
    Text(String),
    /// A moment.
    Time(Timestamp),
}

/// The answer to a query.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Its columns.
    pub columns: Vec<Column>,
    /// Its rows; each has a cell for every column.
    pub rows: Vec<Vec<Cell>>,
    /// Whether there were more rows than allowed.
    pub truncated: bool,
}
