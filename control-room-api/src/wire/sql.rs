//! A person's SQL and its answer.

use serde::{Deserialize, Serialize};
use store::{Cell, ColumnKind};
use utoipa::ToSchema;

use super::scalar::Scalar;

/// A read-only query over the table `readings`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SqlQuery {
    pub(crate) sql: String,
    /// Rows at most: 1 to 100000, default 1000.
    #[serde(default)]
    pub(crate) limit: Option<usize>,
}

/// One column of an answer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SqlColumn {
    name: String,
    /// flag, integer, number, text or time.
    kind: String,
}

/// An answer. A row has a cell for every column.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SqlAnswer {
    columns: Vec<SqlColumn>,
    rows: Vec<Vec<Scalar>>,
    /// Whether there were more rows than allowed.
    truncated: bool,
    elapsed_ms: u64,
}

impl SqlAnswer {
    pub(crate) fn of(answer: store::Answer, elapsed_ms: u64) -> Self {
        let columns = answer.columns.into_iter().map(|column| SqlColumn { name: column.name, kind: word(column.kind) });
        let rows = answer.rows.into_iter().map(|row| row.into_iter().map(cell).collect());
        Self { columns: columns.collect(), rows: rows.collect(), truncated: answer.truncated, elapsed_ms }
    }
}

fn word(kind: ColumnKind) -> String {
    match kind {
        ColumnKind::Flag => "flag",
        ColumnKind::Integer => "integer",
        ColumnKind::Number => "number",
        ColumnKind::Text => "text",
        ColumnKind::Time => "time",
    }
    .into()
}

fn cell(cell: Cell) -> Scalar {
    match cell {
        Cell::Null => Scalar::NULL,
        Cell::Flag(flag) => Scalar::Flag(flag),
        Cell::Integer(number) => Scalar::whole(number),
        Cell::Number(number) => Scalar::number(number),
        Cell::Text(text) => Scalar::Text(text),
        Cell::Time(time) => Scalar::Text(time.to_rfc3339()),
    }
}
