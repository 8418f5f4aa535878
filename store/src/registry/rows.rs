//! Statements about many rows at once: one trip to the database for hundreds of rows.

use sqlx::query_builder::{QueryBuilder, Separated};

use super::database::Database;

/// Rows per statement: enough that the trip no longer counts, and with 10 columns far below the 32,766 parameters that SQLite allows.
pub(super) const CHUNK: usize = 250;

/// The columns of one row that is being written.
pub(super) type Columns<'q> = Separated<'q, Database, &'static str>;

/// An insert: `before`, the rows, `after`.
pub(super) fn insert<T>(
    before: &'static str,
    rows: impl IntoIterator<Item = T>,
    mut columns: impl FnMut(Columns<'_>, T),
    after: &'static str,
) -> QueryBuilder<Database> {
    let mut statement = QueryBuilder::new(before);
    for (index, row) in rows.into_iter().enumerate() {
        statement.push(if index == 0 { " values (" } else { ", (" });
        columns(statement.separated(", "), row);
        statement.push(")");
    }
    statement.push(" ").push(after);
    statement
}

/// Adds `in (...)` with these values.
pub(super) fn push_in<T>(statement: &mut QueryBuilder<Database>, values: impl IntoIterator<Item = T>)
where
    T: for<'t> sqlx::Encode<'t, Database> + sqlx::Type<Database>,
{
    statement.push(" in (");
    let mut list = statement.separated(", ");
    for value in values {
        list.push_bind(value);
    }
    statement.push(")");
}
