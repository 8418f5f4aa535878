//! How much may be kept: the oldest letters of a tenant go when its room is full or they are too old.

use std::time::Duration;

use model::{TenantId, Timestamp};
use sqlx::QueryBuilder;

use super::super::Registry;
use super::super::database::{Connection, Database};
use super::super::failure::Failure;
use super::super::rows;
use crate::metrics::Forgotten;

/// Letters looked at in one go when there is too much.
const OLDEST: i64 = 256;

impl Registry {
    fn oldest_kept(&self, now: Timestamp) -> Timestamp {
        now.minus(Duration::from_secs(u64::from(self.letter_room.max_days) * 86_400))
    }

    /// Removes what a tenant has no room for; returns how many letters went, and why.
    pub(super) async fn make_room(
        &self,
        connection: &mut Connection,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<Forgotten, Failure> {
        let aged = sqlx::query("delete from dead_letter where tenant = $1 and last < $2")
            .bind(tenant.as_str())
            .bind(self.oldest_kept(now).as_nanos())
            .execute(&mut *connection)
            .await?
            .rows_affected();
        let limit = i64::try_from(self.letter_room.max_bytes).unwrap_or(i64::MAX);
        let mut crowded = 0;
        loop {
            let taken: Option<i64> = sqlx::query_scalar("select bytes from dead_letter_room where tenant = $1")
                .bind(tenant.as_str())
                .fetch_optional(&mut *connection)
                .await?;
            let mut excess = taken.unwrap_or(0) - limit;
            if excess <= 0 {
                break;
            }
            let oldest: Vec<(i64, i64)> =
                sqlx::query_as("select id, size from dead_letter where tenant = $1 order by last, id limit $2")
                    .bind(tenant.as_str())
                    .bind(OLDEST)
                    .fetch_all(&mut *connection)
                    .await?;
            let mut going = Vec::new();
            for (id, size) in oldest {
                if excess <= 0 {
                    break;
                }
                excess -= size;
                going.push(id);
            }
            if going.is_empty() {
                break;
            }
            crowded += going.len() as u64;
            let mut statement: QueryBuilder<Database> = QueryBuilder::new("delete from dead_letter where id");
            rows::push_in(&mut statement, going);
            statement.build().execute(&mut *connection).await?;
        }
        Ok(Forgotten { aged, crowded })
    }

    pub(super) async fn delete_old(&self, now: Timestamp) -> Result<u64, Failure> {
        let mut transaction = self.write().await?;
        let aged = sqlx::query("delete from dead_letter where last < $1")
            .bind(self.oldest_kept(now).as_nanos())
            .execute(&mut *transaction)
            .await?
            .rows_affected();
        transaction.commit().await?;
        crate::metrics::letters_forgotten(Forgotten { aged, crowded: 0 });
        Ok(aged)
    }
}
