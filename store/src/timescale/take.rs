//! Takes readings over into the database: one transaction for each batch, each reading once.

use model::{Reading, TenantId, Value};
use sqlx::{Connection, Transaction};
use sqlx_postgres::{PgConnection, Postgres};

use super::copy::{self, quality_number};
use super::days::Days;
use super::line::{is_about_data, is_known};
use super::moment::Moment;
use super::names::Names;
use super::text;

/// Readings of one tenant and one day that go over together.
pub(super) struct Batch<'a> {
    pub(super) part: i64,
    pub(super) tenant: &'a TenantId,
    pub(super) day: i32,
    pub(super) readings: &'a [Reading],
}

/// What became of a batch.
#[derive(Debug, Default)]
pub(super) struct Taken {
    /// Readings that are in the database now and were not before.
    pub(super) new: u64,
    /// Readings whose key was there already; the first value stays.
    pub(super) known: u64,
    /// Readings that the database can never take, by their place in the batch, with its reason.
    pub(super) refused: Vec<(usize, sqlx::Error)>,
}

/// Takes a batch over. An error means that the database is not there, and nothing else; a reading that it refuses is found by halving.
pub(super) async fn take(
    connection: &mut PgConnection,
    names: &Names,
    days: &mut Days,
    batch: &Batch<'_>,
) -> sqlx::Result<Taken> {
    days.ensure(connection, batch.day).await?;
    let mut taken = Taken::default();
    let mut pending = vec![(0, batch.readings)];
    while let Some((first, readings)) = pending.pop() {
        match take_all(connection, names, batch, readings).await {
            Ok(new) => {
                taken.new += new;
                taken.known += readings.len() as u64 - new;
            }
            Err(error) if !is_about_data(&error) => return Err(error),
            Err(error) if readings.len() == 1 => taken.refused.push((first, error)),
            Err(_) => {
                let (left, right) = readings.split_at(readings.len() / 2);
                pending.push((first + left.len(), right));
                pending.push((first, left));
            }
        }
    }
    Ok(taken)
}

/// All or none. Returns how many were new.
async fn take_all(
    connection: &mut PgConnection,
    names: &Names,
    batch: &Batch<'_>,
    readings: &[Reading],
) -> sqlx::Result<u64> {
    let city = names.give(connection, batch.tenant, readings).await?;
    // Readings that come for the first time are the rule, and go the fast way; the other way tells them apart.
    match copied(connection, names, batch, city, readings).await {
        Err(error) if is_known(&error) => inserted(connection, names, batch, city, readings).await,
        outcome => outcome,
    }
}

fn number(names: &Names, reading: &Reading) -> sqlx::Result<i32> {
    let number = names.number(&reading.series);
    number.ok_or_else(|| sqlx::Error::Decode("a series has no number in the dictionary".into()))
}

async fn mark(transaction: &mut Transaction<'_, Postgres>, part: i64) -> sqlx::Result<()> {
    sqlx::query("update progress set part = $1 where part < $1").bind(part).execute(&mut **transaction).await?;
    Ok(())
}

async fn copied(
    connection: &mut PgConnection,
    names: &Names,
    batch: &Batch<'_>,
    city: i16,
    readings: &[Reading],
) -> sqlx::Result<u64> {
    let mut rows = copy::Rows::new(readings.len());
    for reading in readings {
        rows.push(reading, batch.part, number(names, reading)?, city);
    }
    let mut transaction = connection.begin().await?;
    let mut input = transaction.copy_in_raw(copy::STATEMENT).await?;
    input.send(rows.finish()).await?;
    let new = input.finish().await?;
    mark(&mut transaction, batch.part).await?;
    transaction.commit().await?;
    Ok(new)
}

async fn inserted(
    connection: &mut PgConnection,
    names: &Names,
    batch: &Batch<'_>,
    city: i16,
    readings: &[Reading],
) -> sqlx::Result<u64> {
    let all = |one: fn(&Reading) -> (Moment, i16)| readings.iter().map(one).unzip::<_, _, Vec<_>, Vec<_>>();
    let (times, nanos) = all(|reading| Moment::split(reading.time));
    let (received, received_nanos) = all(|reading| Moment::split(reading.received));
    let series = readings.iter().map(|reading| number(names, reading)).collect::<sqlx::Result<Vec<i32>>>()?;
    let values: Vec<Option<f64>> = readings.iter().map(|reading| reading.value.as_number()).collect();
    let qualities: Vec<i16> = readings.iter().map(|reading| quality_number(reading.quality)).collect();
    let (mut integers, mut flags, mut texts) = (Vec::new(), Vec::new(), Vec::new());
    for reading in readings {
        let (mut integer, mut flag, mut words) = (None, None, None);
        match &reading.value {
            Value::Integer(number) => integer = Some(*number),
            Value::Flag(yes) => flag = Some(*yes),
            Value::Text(said) => words = Some(text::written(said)),
            Value::Number(_) | Value::Gap => {}
        }
        integers.push(integer);
        flags.push(flag);
        texts.push(words.map(std::borrow::Cow::into_owned));
    }
    let units: Vec<Option<String>> =
        readings.iter().map(|reading| reading.unit.as_str().map(|unit| text::written(unit).into_owned())).collect();
    let mut transaction = connection.begin().await?;
    let new = sqlx::query(
        "insert into reading (part, city, time, nanos, received, received_nanos, series, value, quality, integer, flag, text, unit)
         select $1, $2, * from unnest($3::timestamptz[], $4::smallint[], $5::timestamptz[], $6::smallint[], $7::integer[],
           $8::double precision[], $9::smallint[], $10::bigint[], $11::boolean[], $12::text[], $13::text[])
         on conflict do nothing",
    )
    .bind(batch.part)
    .bind(city)
    .bind(&times)
    .bind(&nanos)
    .bind(&received)
    .bind(&received_nanos)
    .bind(&series)
    .bind(&values)
    .bind(&qualities)
    .bind(&integers)
    .bind(&flags)
    .bind(&texts)
    .bind(&units)
    .execute(&mut *transaction)
    .await?
    .rows_affected();
    mark(&mut transaction, batch.part).await?;
    transaction.commit().await?;
    Ok(new)
}
