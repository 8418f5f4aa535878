//! Taking facts in: all of them follow what is known, or none is kept.

use std::collections::HashMap;

use model::alarm::{Alarm, Fact, Journey};
use model::{AlarmId, TenantId};

use super::super::database::Connection;
use super::super::failure::Failure;
use super::facts::{self, Kept};
use super::state;

type Key<'a> = (&'a TenantId, AlarmId);

/// One alarm while facts are taken in.
#[derive(Default)]
struct Page<'a> {
    /// What is known now; none before its first fact.
    alarm: Option<Alarm>,
    /// The number of the last fact that was kept before; 0 for none.
    seq_before: u32,
    /// The members as they were kept before.
    members_before: Vec<Journey>,
    /// What is taken in now; its first is number `seq_before + 1`.
    new: Vec<&'a Fact>,
}

/// Keeps facts and returns the alarms they concern as they are then, in the order of their first mention. The caller commits.
pub(super) async fn record(connection: &mut Connection, facts: &[Fact]) -> Result<Vec<Alarm>, Failure> {
    let mut mentioned: Vec<Key<'_>> = Vec::new();
    let mut pages: HashMap<Key<'_>, Page<'_>> = HashMap::new();
    for fact in facts {
        let key = (&fact.tenant, fact.alarm);
        pages.entry(key).or_insert_with(|| {
            mentioned.push(key);
            Page::default()
        });
    }
    load(connection, &mentioned, &mut pages).await?;
    let kept = kept_before(connection, facts, &pages).await?;

    let mut new = Vec::new();
    for fact in facts {
        let key = (&fact.tenant, fact.alarm);
        let page = pages.get_mut(&key).expect("every alarm mentioned has its page");
        if page.take(fact, kept.get(&(key.0, key.1, i64::from(fact.seq))))? {
            new.push(fact);
        }
    }

    let (mut alarms, mut members) = (Vec::new(), Vec::new());
    for page in mentioned.iter().filter_map(|key| pages.get(key)).filter(|page| !page.new.is_empty()) {
        let Some(alarm) = &page.alarm else { continue };
        alarms.push(alarm);
        let changed = |(position, member): &(usize, &Journey)| page.members_before.get(*position) != Some(*member);
        let stays = alarm.members.iter().enumerate().filter(changed);
        members.extend(stays.map(|(position, member)| (alarm, position, member)));
    }
    state::write(connection, &alarms).await?;
    state::write_members(connection, &members).await?;
    facts::append(connection, &new).await?;
    Ok(mentioned.iter().filter_map(|key| pages.remove(key)).filter_map(|page| page.alarm).collect())
}

impl<'a> Page<'a> {
    /// Takes one fact in; false when it was here before.
    fn take(&mut self, fact: &'a Fact, kept: Option<&Kept>) -> Result<bool, Failure> {
        let conflict = || Failure::Conflict(fact.alarm);
        if fact.seq <= self.seq_before {
            // Number 0 was never given out and so was never kept.
            return if kept.map_or(Ok(false), |kept| kept.is(fact))? { Ok(false) } else { Err(conflict()) };
        }
        let place = usize::try_from(fact.seq - self.seq_before - 1).map_err(|_| conflict())?;
        if let Some(earlier) = self.new.get(place) {
            return if *earlier == fact { Ok(false) } else { Err(conflict()) };
        }
        match &mut self.alarm {
            Some(alarm) => alarm.apply(fact).map_err(|_| conflict())?,
            None if fact.seq == 1 => self.alarm = Some(Alarm::begin(fact).map_err(|_| conflict())?),
            None => return Err(conflict()),
        }
        self.new.push(fact);
        Ok(true)
    }
}

/// The alarms of each tenant that are mentioned.
fn by_tenant<'a>(keys: impl IntoIterator<Item = Key<'a>>) -> HashMap<&'a TenantId, Vec<AlarmId>> {
    let mut grouped: HashMap<&TenantId, Vec<AlarmId>> = HashMap::new();
    for (tenant, alarm) in keys {
        grouped.entry(tenant).or_default().push(alarm);
    }
    grouped
}

/// Puts what is known on the pages.
async fn load<'a>(
    connection: &mut Connection,
    mentioned: &[Key<'a>],
    pages: &mut HashMap<Key<'a>, Page<'_>>,
) -> Result<(), Failure> {
    for (tenant, ids) in by_tenant(mentioned.iter().copied()) {
        for alarm in state::of(connection, tenant, &ids).await? {
            let page = pages.get_mut(&(tenant, alarm.id)).expect("every alarm mentioned has its page");
            page.seq_before = alarm.seq;
            page.members_before.clone_from(&alarm.members);
            page.alarm = Some(alarm);
        }
    }
    Ok(())
}

/// The kept facts that bear the number of a given one.
async fn kept_before<'a>(
    connection: &mut Connection,
    given: &'a [Fact],
    pages: &HashMap<Key<'a>, Page<'_>>,
) -> Result<HashMap<(&'a TenantId, AlarmId, i64), Kept>, Failure> {
    let again: Vec<&Fact> = given
        .iter()
        .filter(|fact| pages.get(&(&fact.tenant, fact.alarm)).is_some_and(|page| fact.seq <= page.seq_before))
        .collect();
    let mut kept = HashMap::new();
    let numbers = again.iter().map(|fact| fact.seq);
    let (Some(first), Some(last)) = (numbers.clone().min(), numbers.max()) else { return Ok(kept) };
    for (tenant, mut ids) in by_tenant(again.iter().map(|fact| (&fact.tenant, fact.alarm))) {
        ids.sort_unstable();
        ids.dedup();
        for fact in facts::between(connection, tenant, &ids, (first, last)).await? {
            let (alarm, seq) = fact.key()?;
            kept.insert((tenant, alarm, seq), fact);
        }
    }
    Ok(kept)
}
