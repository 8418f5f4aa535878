//! What becomes of letters in the end: read again, refused again, discarded.

use model::{LetterId, Reason, TenantId};
use sqlx::QueryBuilder;

use super::super::Registry;
use super::super::database::Database;
use super::super::failure::Failure;
use super::super::rows::{self, CHUNK};
use super::super::shape::Unread;
use super::bury;
use super::list::{find, number};

impl Registry {
    pub(super) async fn delete_letters(&self, tenant: &TenantId, ids: &[LetterId]) -> Result<u64, Failure> {
        self.of_letters("delete from dead_letter where tenant = ", tenant, ids).await
    }

    pub(super) async fn mark_wanted(&self, tenant: &TenantId, ids: &[LetterId]) -> Result<u64, Failure> {
        self.of_letters("update dead_letter set wanted = 1 where tenant = ", tenant, ids).await
    }

    /// Runs a statement for letters of a tenant; returns how many there were.
    async fn of_letters(&self, begin: &'static str, tenant: &TenantId, ids: &[LetterId]) -> Result<u64, Failure> {
        let mut transaction = self.write().await?;
        let mut touched = 0;
        for chunk in ids.chunks(CHUNK) {
            let mut statement: QueryBuilder<Database> = QueryBuilder::new(begin);
            statement.push_bind(tenant.as_str()).push(" and id");
            rows::push_in(&mut statement, chunk.iter().copied().map(number));
            touched += statement.build().execute(&mut *transaction).await?.rows_affected();
        }
        transaction.commit().await?;
        Ok(touched)
    }

    pub(super) async fn all_wanted(&self, limit: usize) -> Result<Vec<(TenantId, LetterId)>, Failure> {
        let mut reading = self.read().await?;
        let rows: Vec<(String, i64)> =
            sqlx::query_as("select tenant, id from dead_letter where wanted = 1 order by id limit $1")
                .bind(i64::try_from(limit).unwrap_or(i64::MAX))
                .fetch_all(&mut *reading)
                .await?;
        rows.into_iter()
            .map(|(tenant, id)| {
                let read = || -> Result<_, Unread> { Ok((TenantId::new(&tenant)?, LetterId::new(u64::try_from(id)?))) };
                read().map_err(Failure::unread(|| format!("dead letter {id}")))
            })
            .collect()
    }

    pub(super) async fn give_new_reason(
        &self,
        tenant: &TenantId,
        id: LetterId,
        reason: Reason,
        detail: &str,
        readings: u32,
    ) -> Result<(), Failure> {
        let mut transaction = self.write().await?;
        let Some(known) = find(&mut transaction, tenant, id).await? else { return Ok(()) };
        let key = bury::key(&known.letter, reason);
        // The same message may have been refused for this reason before: then both are one letter.
        let other: Option<i64> = sqlx::query_scalar("select id from dead_letter where key = $1 and id <> $2")
            .bind(&key[..])
            .bind(number(id))
            .fetch_optional(&mut *transaction)
            .await?;
        if let Some(other) = other {
            sqlx::query("insert into dead_letter_arrival (letter, received) select $1, received from dead_letter_arrival where letter = $2 on conflict do nothing")
                .bind(other)
                .bind(number(id))
                .execute(&mut *transaction)
                .await?;
            sqlx::query(
                "update dead_letter set times = times + $2, wanted = 0,
                   first = case when $3 < first then $3 else first end, last = case when $4 > last then $4 else last end,
                   size = size + $5 where id = $1",
            )
            .bind(other)
            .bind(i64::try_from(known.times).unwrap_or(i64::MAX))
            .bind(known.first.as_nanos())
            .bind(known.letter.received.as_nanos())
            .bind(bury::ARRIVAL_BYTES * i64::try_from(known.times).unwrap_or(i64::MAX).min(bury::ARRIVALS))
            .execute(&mut *transaction)
            .await?;
            sqlx::query("delete from dead_letter where id = $1").bind(number(id)).execute(&mut *transaction).await?;
        } else {
            sqlx::query(
                "update dead_letter set key = $2, reason = $3, detail = $4, readings = $5, wanted = 0 where id = $1",
            )
            .bind(number(id))
            .bind(&key[..])
            .bind(reason.as_str())
            .bind(detail)
            .bind(i64::from(readings))
            .execute(&mut *transaction)
            .await?;
        }
        Ok(transaction.commit().await?)
    }
}
