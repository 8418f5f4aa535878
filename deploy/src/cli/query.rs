//! What `specola query` can be asked.

use clap::Args;

use super::format::Format;
use super::place::Place;

#[derive(Debug, Args)]
pub(crate) struct Query {
    /// The query: one select over the table readings
    pub(crate) sql: String,
    #[command(flatten)]
    pub(crate) place: Place,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
    /// Rows at most
    #[arg(long, default_value_t = 1_000, value_name = "ROWS")]
    pub(crate) limit: usize,
}
