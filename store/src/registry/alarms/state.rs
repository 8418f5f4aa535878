//! What is known of alarms: one row each and one for each member.

use std::collections::HashMap;

use model::alarm::{Alarm, Journey, Priority, State};
use model::{AlarmId, AssetId, Domain, TenantId, Timestamp};
use sqlx::QueryBuilder;

use super::super::database::{Connection, Database};
use super::super::failure::Failure;
use super::super::rows::{self, CHUNK};
use super::super::shape::{FORMAT, Unread, alarm_body, evidence_body, read_alarm_body, read_evidence};
use super::facts::{id_bytes, read_id};

/// The columns of [`AlarmRow`].
pub(super) const COLUMNS: &str = "tenant, id, seq, state, priority, domain, source, raised, format, body";

#[derive(sqlx::FromRow)]
pub(super) struct AlarmRow {
    tenant: String,
    id: Vec<u8>,
    seq: i64,
    state: String,
    priority: i64,
    domain: String,
    source: String,
    raised: i64,
    format: i64,
    body: String,
}

#[derive(sqlx::FromRow)]
struct MemberRow {
    tenant: String,
    alarm: Vec<u8>,
    asset: String,
    since: i64,
    left_at: Option<i64>,
    format: i64,
    evidence: String,
}

impl AlarmRow {
    /// The alarm without its members.
    fn read(&self) -> Result<Alarm, Failure> {
        let id = read_id(&self.id)?;
        self.read_as(id).map_err(Failure::unread(|| format!("alarm {id} of {}", self.tenant)))
    }

    fn read_as(&self, id: AlarmId) -> Result<Alarm, Unread> {
        let body = read_alarm_body(self.format, &self.body)?;
        let priority = u8::try_from(self.priority).ok().and_then(Priority::from_rank);
        Ok(Alarm {
            id,
            tenant: TenantId::new(&self.tenant)?,
            rule: body.rule,
            rule_version: body.rule_version,
            source: AssetId::new(&self.source)?,
            domain: Domain::new(&self.domain)?,
            priority: priority.ok_or_else(|| format!("no priority is of rank {}", self.priority))?,
            guidance: body.guidance,
            state: State::from_word(&self.state).ok_or_else(|| format!("no state is called {:?}", self.state))?,
            raised: Timestamp::from_nanos(self.raised),
            returned: body.returned,
            acknowledged: body.acknowledged,
            acknowledged_by: body.acknowledged_by,
            note: body.note,
            evidence: body.evidence,
            members: Vec::new(),
            seq: u32::try_from(self.seq)?,
        })
    }
}

impl MemberRow {
    fn read(&self) -> Result<Journey, Failure> {
        self.read_journey()
            .map_err(Failure::unread(|| format!("member {:?} of an alarm of {}", self.asset, self.tenant)))
    }

    fn read_journey(&self) -> Result<Journey, Unread> {
        Ok(Journey {
            asset: AssetId::new(&self.asset)?,
            since: Timestamp::from_nanos(self.since),
            evidence: read_evidence(self.format, &self.evidence)?,
            left: self.left_at.map(Timestamp::from_nanos),
        })
    }
}

/// Those of `ids` that are known to this tenant, in no order.
pub(super) async fn of(connection: &mut Connection, tenant: &TenantId, ids: &[AlarmId]) -> Result<Vec<Alarm>, Failure> {
    let mut alarms = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        let mut statement: QueryBuilder<Database> = QueryBuilder::new("select ");
        statement.push(COLUMNS).push(" from alarm where tenant = ").push_bind(tenant.as_str()).push(" and id");
        rows::push_in(&mut statement, chunk.iter().copied().map(id_bytes));
        let rows: Vec<AlarmRow> = statement.build_query_as().fetch_all(&mut *connection).await?;
        alarms.extend(with_members(&mut *connection, tenant, &rows).await?);
    }
    Ok(alarms)
}

/// The alarms of these rows of one tenant, in the same order, with their members.
pub(super) async fn with_members(
    connection: &mut Connection,
    tenant: &TenantId,
    rows: &[AlarmRow],
) -> Result<Vec<Alarm>, Failure> {
    let mut members = HashMap::new();
    for chunk in rows.chunks(CHUNK) {
        let mut statement: QueryBuilder<Database> = QueryBuilder::new(
            "select tenant, alarm, asset, since, left_at, format, evidence from alarm_member where tenant = ",
        );
        statement.push_bind(tenant.as_str()).push(" and alarm");
        rows::push_in(&mut statement, chunk.iter().map(|row| row.id.as_slice()));
        statement.push(" order by alarm, position");
        gather(&mut members, statement.build_query_as().fetch_all(&mut *connection).await?)?;
    }
    join(rows, members)
}

/// All open alarms of every tenant, oldest first within each.
pub(super) async fn open(connection: &mut Connection) -> Result<Vec<Alarm>, Failure> {
    let rows: Vec<AlarmRow> = sqlx::query_as(
        "select tenant, id, seq, state, priority, domain, source, raised, format, body from alarm
         where state <> 'normal' order by tenant, raised, id",
    )
    .fetch_all(&mut *connection)
    .await?;
    let mut members = HashMap::new();
    let inside = sqlx::query_as(
        "select m.tenant, m.alarm, m.asset, m.since, m.left_at, m.format, m.evidence
         from alarm a join alarm_member m on m.tenant = a.tenant and m.alarm = a.id
         where a.state <> 'normal' order by m.tenant, m.alarm, m.position",
    );
    gather(&mut members, inside.fetch_all(&mut *connection).await?)?;
    join(&rows, members)
}

type Members = HashMap<(String, Vec<u8>), Vec<Journey>>;

fn gather(members: &mut Members, rows: Vec<MemberRow>) -> Result<(), Failure> {
    for row in rows {
        let journey = row.read()?;
        members.entry((row.tenant, row.alarm)).or_default().push(journey);
    }
    Ok(())
}

fn join(rows: &[AlarmRow], mut members: Members) -> Result<Vec<Alarm>, Failure> {
    rows.iter()
        .map(|row| {
            let mut alarm = row.read()?;
            alarm.members = members.remove(&(row.tenant.clone(), row.id.clone())).unwrap_or_default();
            Ok(alarm)
        })
        .collect()
}

/// Writes what is known of these alarms now, without their members. Names each alarm once.
pub(super) async fn write(connection: &mut Connection, alarms: &[&Alarm]) -> Result<(), Failure> {
    let columns = |mut row: rows::Columns<'_>, alarm: &&Alarm| {
        row.push_bind(alarm.tenant.as_str());
        row.push_bind(id_bytes(alarm.id));
        row.push_bind(i64::from(alarm.seq));
        row.push_bind(alarm.state.as_str());
        row.push_bind(i64::from(alarm.priority.rank()));
        row.push_bind(alarm.domain.as_str());
        row.push_bind(alarm.source.as_str());
        row.push_bind(alarm.raised.as_nanos());
        row.push_bind(FORMAT);
        row.push_bind(alarm_body(alarm));
    };
    for chunk in alarms.chunks(CHUNK) {
        rows::insert(
            "insert into alarm (tenant, id, seq, state, priority, domain, source, raised, format, body)",
            chunk,
            columns,
            "on conflict (tenant, id) do update set seq = excluded.seq, state = excluded.state, format = excluded.format,
             body = excluded.body",
        )
        .build()
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// One member that is new or has changed: whose alarm, its place inside, its stay.
pub(super) type Stay<'a> = (&'a Alarm, usize, &'a Journey);

/// Writes members. Names each once.
pub(super) async fn write_members(connection: &mut Connection, members: &[Stay<'_>]) -> Result<(), Failure> {
    let columns = |mut row: rows::Columns<'_>, (alarm, position, member): &Stay<'_>| {
        row.push_bind(alarm.tenant.as_str());
        row.push_bind(id_bytes(alarm.id));
        row.push_bind(i64::try_from(*position).expect("positions are lengths of a list in memory"));
        row.push_bind(member.asset.as_str());
        row.push_bind(member.since.as_nanos());
        row.push_bind(member.left.map(Timestamp::as_nanos));
        row.push_bind(FORMAT);
        row.push_bind(evidence_body(&member.evidence));
    };
    for chunk in members.chunks(CHUNK) {
        rows::insert(
            "insert into alarm_member (tenant, alarm, position, asset, since, left_at, format, evidence)",
            chunk,
            columns,
            "on conflict (tenant, alarm, position) do update set asset = excluded.asset, since = excluded.since,
             left_at = excluded.left_at, format = excluded.format, evidence = excluded.evidence",
        )
        .build()
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}
