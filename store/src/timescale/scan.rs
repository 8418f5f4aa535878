//! Rows for SQL queries: only the days, series and columns that are asked for leave the database.

use std::sync::Arc;

use futures::TryStreamExt;
use model::Reading;
use sqlx::AssertSqlSafe;
use tokio::sync::mpsc::Sender;

use super::database::Database;
use super::history::numbers;
use super::moment::Moment;
use super::row::Reader;
use crate::Result;
use crate::columnar::Wanted;

/// Readings that travel together: as many as a batch of the query.
const TOGETHER: usize = 8_192;
/// A longer list of series costs more than it saves.
const MOST_SERIES: usize = 20_000;

/// Sends what is wanted until all is sent or nobody listens any more.
pub(super) async fn scan(database: &Database, wanted: &Wanted, out: &Sender<Result<Vec<Reading>>>) -> sqlx::Result<()> {
    let Some(city) = database.names.city(&wanted.tenant) else { return Ok(()) };
    let named = wanted.devices.is_some() || wanted.metrics.is_some();
    let series = named.then(|| database.names.of(&wanted.tenant, wanted.devices.as_deref(), wanted.metrics.as_deref()));
    if series.as_ref().is_some_and(Vec::is_empty) || wanted.from > wanted.last {
        return Ok(());
    }
    let series = series.filter(|series| series.len() <= MOST_SERIES);
    let columns = wanted.columns;
    let statement = format!(
        "select r.series, r.time, r.nanos, {}, {}, {} from reading_of_city r
         where r.city = $1 and r.time >= $2 and r.time <= $3 and r.part < $4 and r.part <> all($5){}",
        if columns.rest { "r.received, r.received_nanos, r.quality" } else { "r.time, r.nanos, 0::smallint" },
        if columns.unit { "r.unit" } else { "null::text" },
        if columns.value {
            "r.value, r.integer, r.flag, r.text"
        } else {
            "null::double precision, null::bigint, null::boolean, null::text"
        },
        if series.is_some() { " and r.series = any($6)" } else { "" },
    );
    let (below, parts) = numbers(&wanted.ours);
    let mut transaction = database.city(city).await?;
    let mut query = sqlx::query(AssertSqlSafe(statement))
        .bind(city)
        .bind(Moment::split(wanted.from).0)
        .bind(Moment::split(wanted.last).0)
        .bind(below)
        .bind(parts);
    if let Some(series) = series {
        query = query.bind(series);
    }
    let mut rows = query.fetch(&mut *transaction);
    let (mut batch, mut reader) = (Vec::with_capacity(TOGETHER), Reader::default());
    let mut last: Option<(i32, Arc<model::Series>)> = None;
    while let Some(row) = rows.try_next().await? {
        let number = Reader::series(&row)?;
        let series = match &last {
            Some((known, series)) if *known == number => Arc::clone(series),
            _ => {
                let unknown = || sqlx::Error::Decode("a row names a series that the dictionary does not have".into());
                database.names.series(number).ok_or_else(unknown)?
            }
        };
        last = Some((number, Arc::clone(&series)));
        batch.push(reader.reading(&row, series)?);
        if batch.len() == TOGETHER {
            let full = std::mem::replace(&mut batch, Vec::with_capacity(TOGETHER));
            if out.send(Ok(full)).await.is_err() {
                return Ok(());
            }
        }
    }
    if !batch.is_empty() {
        // Whoever stopped listening has its answer.
        let _ = out.send(Ok(batch)).await;
    }
    Ok(())
}
