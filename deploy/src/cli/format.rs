//! How answers are printed.

use clap::ValueEnum;

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Columns for reading
    Table,
    /// Comma-separated, for spreadsheets
    Csv,
    /// One JSON object a line, for programs
    Json,
}
