//! Tells the folder which late readings the database has.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use model::{Series, Timestamp, Value};
use sqlx::Row;
use sqlx_postgres::PgConnection;
use tokio::sync::Mutex;

use super::database::Database;
use super::line::{connect, within};
use super::moment::Moment;
use super::row;

/// The writer waits no longer; then it goes on by itself, and what is not new is found when it gets to the database.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// A connection for this question alone: the writer must not queue behind analysts.
#[derive(Debug, Default)]
pub(super) struct Judge(Mutex<Option<PgConnection>>);

type Key = (Arc<Series>, Timestamp);

impl Judge {
    /// The values that are kept under these keys.
    pub(super) async fn kept(&self, database: &Database, keys: &[Key]) -> sqlx::Result<Vec<Option<Value>>> {
        let (mut places, mut series, mut times, mut nanos) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for (place, (whose, time)) in keys.iter().enumerate() {
            if let Some(number) = database.names.number(whose) {
                let (moment, beyond) = Moment::split(*time);
                places.push(place as i64);
                series.push(number);
                times.push(moment);
                nanos.push(beyond);
            }
        }
        let mut values = vec![None; keys.len()];
        if places.is_empty() {
            return Ok(values);
        }
        let mut line = self.0.lock().await;
        let answered = within(PATIENCE, async {
            let mut connection = match line.take() {
                Some(connection) => connection,
                None => {
                    // One look into an index for each key, whatever the statistics say.
                    let options = database.options.clone();
                    let options = options.options([("enable_seqscan", "off"), ("enable_bitmapscan", "off")]);
                    connect(&options).await?
                }
            };
            let rows = sqlx::query(
                "select k.place, r.value, r.integer, r.flag, r.text
                 from unnest($1::bigint[], $2::integer[], $3::timestamptz[], $4::smallint[]) k (place, series, time, nanos)
                 cross join lateral (select value, integer, flag, text from reading
                   where series = k.series and time = k.time and nanos = k.nanos limit 1) r",
            )
            .bind(&places)
            .bind(&series)
            .bind(&times)
            .bind(&nanos)
            .fetch_all(&mut connection)
            .await?;
            Ok::<_, sqlx::Error>((rows, connection))
        });
        let (rows, connection) = answered.await?;
        *line = Some(connection);
        let mut found: HashMap<i64, Value> = HashMap::with_capacity(rows.len());
        for one in rows {
            found.insert(one.try_get(0)?, row::value(&one, 1)?);
        }
        for (place, value) in values.iter_mut().enumerate() {
            *value = found.remove(&(place as i64));
        }
        Ok(values)
    }
}
