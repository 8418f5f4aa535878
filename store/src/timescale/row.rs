//! Rows of the database as readings.

use std::sync::Arc;

use model::{Reading, Series, Timestamp, Unit, Value};
use sqlx::Row;
use sqlx_postgres::PgRow;

use super::copy::quality_of;
use super::moment::Moment;
use super::text;

/// The columns that [`Reader::reading`] reads, of a table called `r`.
pub(super) const COLUMNS: &str =
    "r.series, r.time, r.nanos, r.received, r.received_nanos, r.quality, r.unit, r.value, r.integer, r.flag, r.text";

/// The time in two columns from `first` on.
pub(super) fn time(row: &PgRow, first: usize) -> sqlx::Result<Timestamp> {
    let moment: Moment = row.try_get_unchecked(first)?;
    let time = moment.join(row.try_get(first + 1)?);
    time.ok_or_else(|| sqlx::Error::Decode("a time outside of the years that fit".into()))
}

/// The value in four columns from `first` on.
pub(super) fn value(row: &PgRow, first: usize) -> sqlx::Result<Value> {
    if let Some(flag) = row.try_get::<Option<bool>, _>(first + 2)? {
        return Ok(Value::Flag(flag));
    }
    if let Some(integer) = row.try_get::<Option<i64>, _>(first + 1)? {
        return Ok(Value::Integer(integer));
    }
    if let Some(words) = row.try_get::<Option<&str>, _>(first + 3)? {
        return Ok(Value::Text(Arc::from(text::read(words))));
    }
    Ok(row.try_get::<Option<f64>, _>(first)?.map_or(Value::Gap, Value::Number))
}

/// Reads rows; those that follow each other usually have the same unit, which they share then.
#[derive(Default)]
pub(super) struct Reader {
    unit: Unit,
}

impl Reader {
    /// The number of the series of a row.
    pub(super) fn series(row: &PgRow) -> sqlx::Result<i32> {
        row.try_get(0)
    }

    /// A row as a reading of its series.
    pub(super) fn reading(&mut self, row: &PgRow, series: Arc<Series>) -> sqlx::Result<Reading> {
        let unit = match row.try_get::<Option<&str>, _>(6)? {
            None => Unit::NONE,
            Some(unit) => {
                let unit = text::read(unit);
                if self.unit.as_str() != Some(unit.as_ref()) {
                    self.unit = Unit::new(&unit);
                }
                self.unit.clone()
            }
        };
        Ok(Reading {
            series,
            time: time(row, 1)?,
            received: time(row, 3)?,
            value: value(row, 7)?,
            unit,
            quality: quality_of(row.try_get(5)?),
        })
    }
}
