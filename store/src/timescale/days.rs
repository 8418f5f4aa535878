//! One partition for each day, made when the first reading of the day comes.

use std::collections::HashSet;

use sqlx::AssertSqlSafe;
use sqlx_postgres::PgConnection;

use super::line::is_about_data;

/// Days since 1970 that have a partition of their own: from 2000 until 2100. Before and after there is one each.
const OWN: std::ops::Range<i32> = 10_957..47_482;

/// The days whose partition is known to be there; `None` where TimescaleDB cares for them.
#[derive(Debug)]
pub(super) struct Days(Option<HashSet<i32>>);

impl Days {
    /// Looks at how the readings are kept.
    pub(super) async fn of(connection: &mut PgConnection) -> sqlx::Result<Self> {
        let partitioned: bool =
            sqlx::query_scalar("select relkind = 'p' from pg_class where oid = 'reading'::regclass")
                .fetch_one(&mut *connection)
                .await?;
        Ok(Self(partitioned.then(HashSet::new)))
    }

    /// Makes sure that a day can be kept. Readers are not stopped by it.
    pub(super) async fn ensure(&mut self, connection: &mut PgConnection, day: i32) -> sqlx::Result<()> {
        let Some(known) = self.0.as_mut().filter(|known| OWN.contains(&day) && !known.contains(&day)) else {
            return Ok(());
        };
        let start = |day: i32| model::Timestamp::from_nanos(i64::from(day) * 86_400_000_000_000).to_utc().date_naive();
        let (date, next) = (start(day), start(day + 1));
        let name = format!("reading_{}", date.format("%Y%m%d"));
        let attached: Option<bool> =
            sqlx::query_scalar("select relispartition from pg_class where oid = to_regclass($1)")
                .bind(&name)
                .fetch_optional(&mut *connection)
                .await?;
        if attached != Some(true) {
            // Attached instead of made in its place: that would wait for every query over the table, and every query for it.
            let made = format!(
                "create table if not exists {name} (like reading including all excluding indexes);
                 alter table reading attach partition {name} for values from ('{date} 00:00:00+00') to ('{next} 00:00:00+00');"
            );
            match sqlx::raw_sql(AssertSqlSafe(made)).execute(&mut *connection).await {
                Err(error) if !is_about_data(&error) => return Err(error),
                _ => {}
            }
        }
        known.insert(day);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;

    #[test]
    fn the_days_of_their_own_are_those_of_the_century() {
        let day = |text: &str| Timestamp::parse(text).unwrap().day();
        assert_eq!(OWN, day("2000-01-01T00:00:00Z")..day("2100-01-01T00:00:00Z"));
    }
}
