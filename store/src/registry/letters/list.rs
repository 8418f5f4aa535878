//! Finding letters and reading them back.

use bytes::Bytes;
use model::{DeadLetter, LetterId, Reason, TenantId, Timestamp};
use sqlx::QueryBuilder;

use super::super::Registry;
use super::super::database::{Connection, Database};
use super::super::failure::Failure;
use super::super::rows;
use super::super::shape::Unread;
use crate::{DeadLetterCount, Letter, LetterFilter, LetterPage};

/// The columns of [`LetterRow`] but the payload, which is read whole or in part.
const COLUMNS: &str =
    "select id, source, topic, reason, detail, readings, retained, bytes, first, last, times, wanted, ";

#[derive(sqlx::FromRow)]
struct LetterRow {
    id: i64,
    source: String,
    topic: String,
    reason: String,
    detail: String,
    readings: i64,
    retained: i64,
    bytes: i64,
    first: i64,
    last: i64,
    times: i64,
    wanted: i64,
    payload: Vec<u8>,
}

impl LetterRow {
    fn read(self, tenant: &TenantId) -> Result<Letter, Failure> {
        let id = self.id;
        self.try_read(tenant).map_err(Failure::unread(|| format!("dead letter {id} of {tenant}")))
    }

    fn try_read(self, tenant: &TenantId) -> Result<Letter, Unread> {
        Ok(Letter {
            id: LetterId::new(u64::try_from(self.id)?),
            letter: DeadLetter {
                tenant: tenant.clone(),
                source: self.source,
                topic: self.topic,
                received: Timestamp::from_nanos(self.last),
                retained: self.retained != 0,
                reason: read_reason(&self.reason)?,
                detail: self.detail,
                readings: u32::try_from(self.readings)?,
                payload: Bytes::from(self.payload),
                bytes: u64::try_from(self.bytes)?,
            },
            times: u64::try_from(self.times)?,
            first: Timestamp::from_nanos(self.first),
            wanted: self.wanted != 0,
        })
    }
}

pub(super) fn read_reason(word: &str) -> Result<Reason, Unread> {
    Reason::from_word(word).ok_or_else(|| format!("no reason is called {word:?}").into())
}

/// The number of a letter as the database has it.
pub(super) fn number(id: LetterId) -> i64 {
    i64::try_from(id.as_u64()).unwrap_or(i64::MAX)
}

/// The letter after which a page begins.
struct Mark {
    last: i64,
    id: i64,
}

impl Mark {
    fn read(text: &str) -> Option<Self> {
        let (last, id) = text.split_once('.')?;
        Some(Self { last: last.parse().ok()?, id: id.parse().ok()? })
    }

    fn text(letter: &Letter) -> String {
        format!("{}.{}", letter.letter.received.as_nanos(), letter.id)
    }
}

impl Registry {
    pub(super) async fn page_of_letters(&self, filter: &LetterFilter) -> Result<LetterPage, Failure> {
        let after = filter.after.as_deref().map(|mark| Mark::read(mark).ok_or(Failure::PageMark)).transpose()?;
        let mut reading = self.read().await?;
        let rows: Vec<LetterRow> = page(filter, after.as_ref()).build_query_as().fetch_all(&mut *reading).await?;
        let more = rows.len() > filter.limit;
        let letters: Vec<Letter> =
            rows.into_iter().take(filter.limit).map(|row| row.read(&filter.tenant)).collect::<Result<_, _>>()?;
        let next = letters.last().filter(|_| more).map(Mark::text);
        Ok(LetterPage { letters, next })
    }

    pub(super) async fn one_letter(&self, tenant: &TenantId, id: LetterId) -> Result<Option<Letter>, Failure> {
        find(&mut *self.read().await?, tenant, id).await
    }

    pub(super) async fn arrivals_of(&self, tenant: &TenantId, id: LetterId) -> Result<Vec<Timestamp>, Failure> {
        let mut reading = self.read().await?;
        let nanos: Vec<i64> = sqlx::query_scalar(
            "select a.received from dead_letter_arrival a join dead_letter l on l.id = a.letter
             where l.tenant = $1 and l.id = $2 order by a.received",
        )
        .bind(tenant.as_str())
        .bind(number(id))
        .fetch_all(&mut *reading)
        .await?;
        Ok(nanos.into_iter().map(Timestamp::from_nanos).collect())
    }

    pub(super) async fn count_letters(&self, tenant: &TenantId) -> Result<Vec<DeadLetterCount>, Failure> {
        let mut reading = self.read().await?;
        let rows: Vec<(String, i64, i64, i64)> = sqlx::query_as(
            "select reason, count(*), sum(times), sum(size) from dead_letter where tenant = $1 group by reason",
        )
        .bind(tenant.as_str())
        .fetch_all(&mut *reading)
        .await?;
        let mut counts = rows
            .into_iter()
            .map(|(word, letters, messages, bytes)| {
                let reason = read_reason(&word).map_err(Failure::unread(|| format!("a dead letter of {tenant}")))?;
                Ok(DeadLetterCount {
                    reason,
                    letters: letters.unsigned_abs(),
                    messages: messages.unsigned_abs(),
                    bytes: bytes.unsigned_abs(),
                })
            })
            .collect::<Result<Vec<_>, Failure>>()?;
        counts.sort_by_key(|count| count.reason);
        Ok(counts)
    }
}

/// One letter with all its bytes.
pub(super) async fn find(
    connection: &mut Connection,
    tenant: &TenantId,
    id: LetterId,
) -> Result<Option<Letter>, Failure> {
    let mut statement: QueryBuilder<Database> = QueryBuilder::new(COLUMNS);
    statement.push("payload from dead_letter where tenant = ").push_bind(tenant.as_str());
    statement.push(" and id = ").push_bind(number(id));
    let row: Option<LetterRow> = statement.build_query_as().fetch_optional(connection).await?;
    row.map(|row| row.read(tenant)).transpose()
}

fn page(filter: &LetterFilter, after: Option<&Mark>) -> QueryBuilder<Database> {
    let mut sql = QueryBuilder::new(COLUMNS);
    sql.push("substr(payload, 1, ").push_bind(DeadLetter::HEAD_BYTES as i64);
    sql.push(") as payload from dead_letter where tenant = ").push_bind(filter.tenant.as_str());
    if !filter.ids.is_empty() {
        sql.push(" and id");
        rows::push_in(&mut sql, filter.ids.iter().copied().map(number));
    }
    if let Some(reason) = filter.reason {
        sql.push(" and reason = ").push_bind(reason.as_str());
    }
    if let Some(source) = &filter.source {
        sql.push(" and source = ").push_bind(source.as_str());
    }
    if let Some(topic) = &filter.topic {
        sql.push(" and instr(topic, ").push_bind(topic.as_str()).push(") = 1");
    }
    if let Some(since) = filter.since {
        sql.push(" and last >= ").push_bind(since.as_nanos());
    }
    if let Some(mark) = after {
        sql.push(" and last <= ").push_bind(mark.last).push(" and (last < ").push_bind(mark.last);
        sql.push(" or id < ").push_bind(mark.id).push(")");
    }
    sql.push(" order by last desc, id desc limit ");
    sql.push_bind(i64::try_from(filter.limit.saturating_add(1)).unwrap_or(i64::MAX)); // one more tells whether there are more
    sql
}

#[cfg(test)]
mod tests {
    use sqlx::AssertSqlSafe;

    use super::*;
    use crate::LetterRoom;

    #[tokio::test]
    async fn a_page_is_read_in_the_order_of_an_index() {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::open(folder.path(), LetterRoom::default()).await.unwrap();
        let all = LetterFilter::all(TenantId::new("messina").unwrap(), 50);
        let one = LetterFilter { reason: Some(Reason::Schema), ..all.clone() };
        for (filter, index) in [(all, "dead_letter_by_last"), (one, "dead_letter_by_reason")] {
            for after in [None, Some(&Mark { last: 9, id: 9 })] {
                let explained = AssertSqlSafe(format!("explain query plan {}", page(&filter, after).into_string()));
                let steps: Vec<(i64, i64, i64, String)> =
                    sqlx::query_as(explained).fetch_all(&mut *registry.read().await.unwrap()).await.unwrap();
                let plan: Vec<String> = steps.into_iter().map(|(.., step)| step).collect();
                assert!(plan.iter().any(|step| step.contains(index)), "{plan:?}");
                assert!(!plan.iter().any(|step| step.contains("TEMP B-TREE")), "{plan:?}");
            }
        }
    }
}
