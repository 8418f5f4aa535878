//! Keeping what was refused, bounded in number.

use async_trait::async_trait;
use model::{DeadLetter, Reason, TenantId, Timestamp};
use sqlx::QueryBuilder;

use super::Registry;
use super::database::Database;
use super::failure::Failure;
use super::rows::{self, CHUNK};
use super::shape::Unread;
use crate::{DeadLetterCount, DeadLetters, Result};

#[derive(sqlx::FromRow)]
struct LetterRow {
    source: String,
    topic: String,
    received: i64,
    reason: String,
    detail: String,
    readings: i64,
    head: Vec<u8>,
    bytes: i64,
}

impl LetterRow {
    fn read(self, tenant: &TenantId) -> Result<DeadLetter, Unread> {
        Ok(DeadLetter {
            tenant: tenant.clone(),
            source: self.source,
            topic: self.topic,
            received: Timestamp::from_nanos(self.received),
            reason: read_reason(&self.reason)?,
            detail: self.detail,
            readings: u32::try_from(self.readings)?,
            head: self.head,
            bytes: u64::try_from(self.bytes)?,
        })
    }
}

fn read_reason(word: &str) -> Result<Reason, Unread> {
    Reason::from_word(word).ok_or_else(|| format!("no reason is called {word:?}").into())
}

#[async_trait]
impl DeadLetters for Registry {
    async fn bury(&self, letters: &[DeadLetter]) -> Result<()> {
        self.told("keeping dead letters", self.insert_letters(letters).await)
    }

    async fn dead_letters(&self, tenant: &TenantId, reason: Option<Reason>, limit: usize) -> Result<Vec<DeadLetter>> {
        self.told("listing dead letters", self.newest_letters(tenant, reason, limit).await)
    }

    async fn dead_letter_counts(&self, tenant: &TenantId) -> Result<Vec<DeadLetterCount>> {
        self.told("counting dead letters", self.count_letters(tenant).await)
    }
}

impl Registry {
    async fn insert_letters(&self, letters: &[DeadLetter]) -> Result<(), Failure> {
        if letters.is_empty() {
            return Ok(());
        }
        let columns = |mut row: rows::Columns<'_>, letter: &DeadLetter| {
            row.push_bind(letter.tenant.as_str());
            row.push_bind(letter.source.as_str());
            row.push_bind(letter.topic.as_str());
            row.push_bind(letter.received.as_nanos());
            row.push_bind(letter.reason.as_str());
            row.push_bind(letter.detail.as_str());
            row.push_bind(i64::from(letter.readings));
            row.push_bind(&letter.head[..letter.head.len().min(DeadLetter::HEAD_BYTES)]);
            row.push_bind(i64::try_from(letter.bytes).unwrap_or(i64::MAX));
        };
        let mut transaction = self.write().await?;
        for chunk in letters.chunks(CHUNK) {
            rows::insert(
                "insert into dead_letter (tenant, source, topic, received, reason, detail, readings, head, bytes)",
                chunk,
                columns,
                "",
            )
            .build()
            .execute(&mut *transaction)
            .await?;
        }
        // Only the oldest are ever removed, so positions have no gaps and tell how many there are.
        sqlx::query("delete from dead_letter where position <= (select max(position) from dead_letter) - $1")
            .bind(i64::try_from(self.dead_letters_kept).unwrap_or(i64::MAX))
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    async fn newest_letters(
        &self,
        tenant: &TenantId,
        reason: Option<Reason>,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, Failure> {
        let mut reading = self.read().await?;
        let mut statement: QueryBuilder<Database> = QueryBuilder::new(
            "select source, topic, received, reason, detail, readings, head, bytes from dead_letter where tenant = ",
        );
        statement.push_bind(tenant.as_str());
        if let Some(reason) = reason {
            statement.push(" and reason = ").push_bind(reason.as_str());
        }
        statement.push(" order by position desc limit ").push_bind(i64::try_from(limit).unwrap_or(i64::MAX));
        let rows: Vec<LetterRow> = statement.build_query_as().fetch_all(&mut *reading).await?;
        let unread = |unread| Failure::unread(|| format!("a dead letter of {tenant}"))(unread);
        rows.into_iter().map(|row| row.read(tenant).map_err(unread)).collect()
    }

    async fn count_letters(&self, tenant: &TenantId) -> Result<Vec<DeadLetterCount>, Failure> {
        let mut reading = self.read().await?;
        let rows: Vec<(String, i64)> =
            sqlx::query_as("select reason, count(*) from dead_letter where tenant = $1 group by reason")
                .bind(tenant.as_str())
                .fetch_all(&mut *reading)
                .await?;
        let mut counts = rows
            .into_iter()
            .map(|(word, letters)| {
                let reason = read_reason(&word).map_err(Failure::unread(|| format!("a dead letter of {tenant}")))?;
                Ok(DeadLetterCount { reason, letters: letters.unsigned_abs() })
            })
            .collect::<Result<Vec<_>, Failure>>()?;
        counts.sort_by_key(|count| count.reason);
        Ok(counts)
    }
}
