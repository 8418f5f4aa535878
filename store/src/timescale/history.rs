//! One series over one window, out of the database.

use std::sync::Arc;

use futures::TryStreamExt;
use model::{Reading, Series, SeriesSelection, Timestamp};
use sqlx::{AssertSqlSafe, Row};
use sqlx_postgres::{PgConnection, PgRow};

use super::database::Database;
use super::moment::Moment;
use super::row::{self, COLUMNS, Reader};
use crate::columnar::{Ours, Share};

/// Numbers as the database counts parts.
pub(super) fn numbers(ours: &Ours) -> (i64, Vec<i64>) {
    let number = |part: u64| i64::try_from(part).unwrap_or(i64::MAX);
    (number(ours.below), ours.parts.iter().copied().map(number).collect())
}

/// The series with its number and that of its city; `None` when the database has nothing of it.
fn known(database: &Database, selection: &SeriesSelection) -> Option<(Arc<Series>, i32, i16)> {
    let SeriesSelection { tenant, device, metric, .. } = selection.clone();
    let series = Series { tenant, device, metric };
    let number = database.names.number(&series)?;
    let city = database.names.city(&series.tenant)?;
    Some((Arc::new(series), number, city))
}

/// Oldest first, at most `limit`.
pub(super) async fn readings(
    database: Arc<Database>,
    selection: SeriesSelection,
    limit: usize,
    ours: Ours,
) -> sqlx::Result<Vec<Reading>> {
    let Some((series, number, city)) = known(&database, &selection) else { return Ok(Vec::new()) };
    let ((from, from_nanos), (until, until_nanos)) =
        (Moment::split(selection.window.from), Moment::split(selection.window.until));
    let (below, parts) = numbers(&ours);
    let mut transaction = database.city(city).await?;
    let statement = format!(
        "select {COLUMNS} from reading_of_city r
         where r.series = $1 and r.time >= $2 and r.time <= $3 and (r.time, r.nanos) >= ($2, $4) and (r.time, r.nanos) < ($3, $5)
           and r.part < $6 and r.part <> all($7) order by r.time, r.nanos limit $8"
    );
    let mut rows = sqlx::query(AssertSqlSafe(statement))
        .bind(number)
        .bind(from)
        .bind(until)
        .bind(from_nanos)
        .bind(until_nanos)
        .bind(below)
        .bind(parts)
        .bind(i64::try_from(limit).unwrap_or(i64::MAX))
        .fetch(&mut *transaction);
    let (mut found, mut reader) = (Vec::new(), Reader::default());
    while let Some(row) = rows.try_next().await? {
        found.push(reader.reading(&row, Arc::clone(&series))?);
    }
    Ok(found)
}

/// Where each bucket begins, as the database can compare it.
struct Edges {
    /// The first whole microsecond of each bucket.
    whole: Vec<Moment>,
    /// Microseconds through which an edge goes. Their rows are taken one by one.
    cut: Vec<Moment>,
}

fn edges(edges: &[Timestamp], until: Timestamp) -> Edges {
    let (mut whole, mut cut) = (Vec::with_capacity(edges.len()), Vec::new());
    for edge in edges {
        let (moment, beyond) = Moment::split(*edge);
        whole.push(if beyond == 0 { moment } else { moment.next() });
        if beyond != 0 {
            cut.push(moment);
        }
    }
    let (moment, beyond) = Moment::split(until);
    if beyond != 0 {
        cut.push(moment);
    }
    Edges { whole, cut }
}

/// The shares of the buckets that begin at `begins`.
pub(super) async fn shares(
    database: Arc<Database>,
    selection: SeriesSelection,
    begins: Vec<Timestamp>,
    ours: Ours,
) -> sqlx::Result<Vec<Share>> {
    let Some((_, number, city)) = known(&database, &selection) else { return Ok(Vec::new()) };
    let Edges { whole, cut } = edges(&begins, selection.window.until);
    let until = Moment::split(selection.window.until).0;
    let (below, parts) = numbers(&ours);
    let mut transaction = database.city(city).await?;
    let connection: &mut PgConnection = &mut transaction;
    // The first and the last value are looked up by their times: cheaper than to sort every bucket.
    let mut shares = Vec::new();
    if let Some(from) = whole.first().copied() {
        let mut rows = sqlx::query(
            "with bucket as (
               select width_bucket(r.time, $2) as place, min(r.time) as first, max(r.time) as last, min(r.value) as least,
                      max(r.value) as most, sum(r.value) as sum, count(*) as count
               from reading_of_city r
               where r.series = $1 and r.time >= $3 and r.time < $4 and r.time <> all($5) and r.value is not null
                 and r.part < $6 and r.part <> all($7)
               group by 1)
             select b.first, f.nanos, b.last, l.nanos, f.value, l.value, b.least, b.most, b.sum, b.count
             from bucket b
             cross join lateral (select r.nanos, r.value from reading_of_city r where r.series = $1 and r.time = b.first
               and r.value is not null and r.part < $6 and r.part <> all($7) order by r.nanos limit 1) f
             cross join lateral (select r.nanos, r.value from reading_of_city r where r.series = $1 and r.time = b.last
               and r.value is not null and r.part < $6 and r.part <> all($7) order by r.nanos desc limit 1) l",
        )
        .bind(number)
        .bind(&whole)
        .bind(from)
        .bind(until)
        .bind(&cut)
        .bind(below)
        .bind(&parts)
        .fetch(&mut *connection);
        while let Some(row) = rows.try_next().await? {
            shares.push(share(&row)?);
        }
    }
    if !cut.is_empty() {
        let mut rows = sqlx::query(
            "select r.time, r.nanos, r.value from reading_of_city r
             where r.series = $1 and r.time = any($2) and r.value is not null and r.part < $3 and r.part <> all($4)",
        )
        .bind(number)
        .bind(&cut)
        .bind(below)
        .bind(&parts)
        .fetch(&mut *connection);
        while let Some(row) = rows.try_next().await? {
            let (time, value) = (row::time(&row, 0)?, row.try_get(2)?);
            shares.push(Share {
                first: (time, value),
                last: (time, value),
                min: value,
                max: value,
                sum: value,
                count: 1,
            });
        }
    }
    Ok(shares)
}

fn share(row: &PgRow) -> sqlx::Result<Share> {
    let count: i64 = row.try_get(9)?;
    Ok(Share {
        first: (row::time(row, 0)?, row.try_get(4)?),
        last: (row::time(row, 2)?, row.try_get(5)?),
        min: row.try_get(6)?,
        max: row.try_get(7)?,
        sum: row.try_get(8)?,
        count: count.unsigned_abs(),
    })
}
