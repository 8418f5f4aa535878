//! What the database knows of series that the folder has never heard of: after a new machine, or a lost folder.

use std::sync::Arc;

use model::Quality;
use sqlx::{AssertSqlSafe, Row};
use sqlx_postgres::PgConnection;

use super::copy::quality_number;
use super::names::Names;
use super::row::{self, COLUMNS, Reader};
use crate::columnar::{Leaving, Remembered};

/// Series that are looked up in one statement.
const TOGETHER: usize = 5_000;

/// Teaches the folder the latest and the newest reading of every series that it does not know: two looks into an index for each.
pub(super) async fn remember(connection: &mut PgConnection, names: &Names, leaving: &Leaving) -> sqlx::Result<()> {
    let mut unknown: Vec<(i32, Arc<model::Series>)> = names.all();
    unknown.retain(|(_, series)| !leaving.knows(series));
    // Columns of `r` are null when nothing counts as newest; the latest time stands behind them.
    let statement = format!(
        "select {COLUMNS}, s.number, l.time, l.nanos from unnest($1::integer[]) s (number)
         cross join lateral (select time, nanos from reading where series = s.number order by time desc, nanos desc limit 1) l
         left join lateral (select * from reading where series = s.number and quality = any($2)
           order by time desc, nanos desc limit 1) r on true"
    );
    let current: Vec<i16> = Quality::ALL.into_iter().filter(|one| one.is_current()).map(quality_number).collect();
    for some in unknown.chunks(TOGETHER) {
        let numbers: Vec<i32> = some.iter().map(|(number, _)| *number).collect();
        let rows = sqlx::query(AssertSqlSafe(statement.clone()))
            .bind(&numbers)
            .bind(&current)
            .fetch_all(&mut *connection)
            .await?;
        let mut reader = Reader::default();
        let remembered = rows.iter().map(|row| -> sqlx::Result<Remembered> {
            let number: i32 = row.try_get(11)?;
            let series = names.series(number);
            let series = series.ok_or_else(|| sqlx::Error::Decode("a series is missing in the dictionary".into()))?;
            let newest = match row.try_get::<Option<i32>, _>(0)? {
                Some(_) => Some(reader.reading(row, Arc::clone(&series))?),
                None => None,
            };
            Ok(Remembered { series, latest: row::time(row, 12)?, newest })
        });
        leaving.learn(remembered.collect::<sqlx::Result<_>>()?);
    }
    if !unknown.is_empty() {
        tracing::info!(series = unknown.len(), "remembered from the database");
    }
    Ok(())
}
