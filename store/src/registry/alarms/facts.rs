//! The facts of alarms: appended, read back, never changed.

use model::alarm::{Actor, Fact};
use model::{AlarmId, TenantId, Timestamp};
use sqlx::QueryBuilder;

use super::super::database::{Connection, Database};
use super::super::failure::Failure;
use super::super::rows::{self, CHUNK};
use super::super::shape::{FORMAT, actor_word, change_body, read_actor, read_change};

/// An alarm's id as the database keeps it.
pub(super) fn id_bytes(id: AlarmId) -> Vec<u8> {
    id.as_u128().to_be_bytes().to_vec()
}

/// The alarm's id that [`id_bytes`] wrote.
pub(super) fn read_id(bytes: &[u8]) -> Result<AlarmId, Failure> {
    let bytes: [u8; 16] = bytes.try_into().map_err(|_| Failure::Unreadable {
        what: "id of an alarm".to_owned(),
        source: format!("{} bytes instead of 16", bytes.len()).into(),
    })?;
    Ok(AlarmId::from_u128(u128::from_be_bytes(bytes)))
}

/// A fact as it is kept.
#[derive(sqlx::FromRow)]
pub(super) struct Kept {
    alarm: Vec<u8>,
    seq: i64,
    time: i64,
    actor: String,
    kind: String,
    format: i64,
    body: String,
}

impl Kept {
    /// Which alarm, and its number there.
    pub(super) fn key(&self) -> Result<(AlarmId, i64), Failure> {
        Ok((read_id(&self.alarm)?, self.seq))
    }

    /// Whether it is this fact. The text decides quickly; an older format may say the same in other words.
    pub(super) fn is(&self, fact: &Fact) -> Result<bool, Failure> {
        let same_words = self.format == FORMAT
            && self.time == fact.time.as_nanos()
            && self.kind == fact.change.as_str()
            && self.actor == actor_word(&fact.actor)
            && self.body == change_body(&fact.change);
        Ok(same_words || self.read(&fact.tenant)? == *fact)
    }

    fn read(&self, tenant: &TenantId) -> Result<Fact, Failure> {
        let alarm = read_id(&self.alarm)?;
        let seq = self.seq;
        let what = || format!("fact {seq} of alarm {alarm}");
        let actor: Actor = read_actor(&self.actor).map_err(Failure::unread(what))?;
        Ok(Fact {
            tenant: tenant.clone(),
            alarm,
            seq: u32::try_from(seq).map_err(|error| Failure::unread(what)(error.into()))?,
            time: Timestamp::from_nanos(self.time),
            actor,
            change: read_change(&self.kind, self.format, &self.body).map_err(Failure::unread(what))?,
        })
    }
}

/// All facts of one alarm, oldest first.
pub(super) async fn of(connection: &mut Connection, tenant: &TenantId, alarm: AlarmId) -> Result<Vec<Fact>, Failure> {
    let kept: Vec<Kept> = sqlx::query_as(
        "select alarm, seq, time, actor, kind, format, body from alarm_fact where tenant = $1 and alarm = $2 order by seq",
    )
    .bind(tenant.as_str())
    .bind(id_bytes(alarm))
    .fetch_all(connection)
    .await?;
    kept.iter().map(|fact| fact.read(tenant)).collect()
}

/// The facts of these alarms with numbers from `first` to `last`.
pub(super) async fn between(
    connection: &mut Connection,
    tenant: &TenantId,
    alarms: &[AlarmId],
    (first, last): (u32, u32),
) -> Result<Vec<Kept>, Failure> {
    let mut kept = Vec::new();
    for chunk in alarms.chunks(CHUNK) {
        let mut statement: QueryBuilder<Database> =
            QueryBuilder::new("select alarm, seq, time, actor, kind, format, body from alarm_fact where tenant = ");
        statement.push_bind(tenant.as_str()).push(" and alarm");
        rows::push_in(&mut statement, chunk.iter().copied().map(id_bytes));
        statement.push(" and seq between ").push_bind(i64::from(first)).push(" and ").push_bind(i64::from(last));
        kept.extend(statement.build_query_as::<Kept>().fetch_all(&mut *connection).await?);
    }
    Ok(kept)
}

/// Appends facts, in this order.
pub(super) async fn append(connection: &mut Connection, facts: &[&Fact]) -> Result<(), Failure> {
    let columns = |mut row: rows::Columns<'_>, fact: &&Fact| {
        row.push_bind(fact.tenant.as_str());
        row.push_bind(id_bytes(fact.alarm));
        row.push_bind(i64::from(fact.seq));
        row.push_bind(fact.time.as_nanos());
        row.push_bind(actor_word(&fact.actor));
        row.push_bind(fact.change.as_str());
        row.push_bind(FORMAT);
        row.push_bind(change_body(&fact.change));
    };
    for chunk in facts.chunks(CHUNK) {
        rows::insert(
            "insert into alarm_fact (tenant, alarm, seq, time, actor, kind, format, body)",
            chunk,
            columns,
            "",
        )
        .build()
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::LetterRoom;
    use crate::registry::Registry;

    #[tokio::test]
    async fn a_fact_can_be_neither_changed_nor_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::open(folder.path(), LetterRoom::default()).await.unwrap();
        let mut transaction = registry.write().await.unwrap();
        for statement in [
            "insert into alarm (tenant, id, seq, state, priority, domain, source, raised, format, body)
             values ('messina', x'07', 1, 'normal', 1, 'water', 'pipe', 0, 1, '')",
            "insert into alarm_fact (tenant, alarm, seq, time, actor, kind, format, body)
             values ('messina', x'07', 1, 0, 'engine', 'raised', 1, '')",
        ] {
            sqlx::query(statement).execute(&mut *transaction).await.unwrap();
        }
        for statement in ["update alarm_fact set actor = 'person:x'", "delete from alarm_fact"] {
            let refused = sqlx::query(statement).execute(&mut *transaction).await.unwrap_err();
            assert!(refused.to_string().contains("facts are appended"), "{refused}");
        }
    }
}
