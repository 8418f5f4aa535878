//! The open alarms, and the one place where facts are made: each is taken in by its alarm before it is given out.

use std::collections::BTreeMap;

use model::alarm::{Actor, Alarm, Change, Fact, State};
use model::{AlarmId, AssetId, RuleId, TenantId, Timestamp};

use crate::metrics;

#[derive(Debug, Default)]
pub(super) struct Alarms {
    pub(super) open: BTreeMap<AlarmId, Alarm>,
    facts: Vec<Fact>,
}

impl Alarms {
    pub(super) fn state(&self, id: Option<AlarmId>) -> Option<State> {
        id.and_then(|id| self.open.get(&id)).map(|alarm| alarm.state)
    }

    pub(super) fn is_active(&self, id: Option<AlarmId>) -> bool {
        self.state(id).is_some_and(State::is_active)
    }

    /// Begins an alarm. `change` is [`Change::Raised`].
    pub(super) fn raise(
        &mut self,
        (tenant, rule, source): (&TenantId, &RuleId, &AssetId),
        time: Timestamp,
        change: Change,
    ) -> AlarmId {
        let alarm = AlarmId::of(tenant, rule, source, time);
        let fact = Fact { tenant: tenant.clone(), alarm, seq: 1, time, actor: Actor::Engine, change };
        match Alarm::begin(&fact) {
            Ok(begun) => {
                self.open.insert(alarm, begun);
                self.facts.push(fact);
            }
            Err(error) => refused(&error),
        }
        alarm
    }

    /// Goes on with an alarm. Its facts never go back in time, even when the wall clock does.
    pub(super) fn change(&mut self, id: AlarmId, actor: Actor, change: Change, now: Timestamp) {
        let Some(alarm) = self.open.get_mut(&id) else { return };
        let time =
            [Some(alarm.raised), alarm.returned, alarm.acknowledged].into_iter().flatten().fold(now, Timestamp::max);
        let fact = Fact { tenant: alarm.tenant.clone(), alarm: id, seq: alarm.seq + 1, time, actor, change };
        match alarm.apply(&fact) {
            Ok(()) => {
                if !alarm.state.is_open() {
                    self.open.remove(&id);
                }
                self.facts.push(fact);
            }
            Err(error) => refused(&error),
        }
    }

    /// The facts made since the last time.
    pub(super) fn take(&mut self) -> Vec<Fact> {
        if self.facts.is_empty() {
            return Vec::new();
        }
        for fact in &self.facts {
            ::metrics::counter!(metrics::FACTS, "change" => fact.change.as_str()).increment(1);
        }
        ::metrics::gauge!(metrics::OPEN).set(self.open.len() as f64);
        std::mem::take(&mut self.facts)
    }

    /// The fact made last, when it is the only one that is wanted.
    pub(super) fn take_last(&mut self) -> Option<Fact> {
        self.take().pop()
    }
}

/// A transition that the table of the alarm's life does not know is a mistake of the engine. Tests stop at it; a city goes on without it.
fn refused(error: &model::alarm::OutOfOrder) {
    debug_assert!(false, "{error}");
    ::metrics::counter!(metrics::REFUSED).increment(1);
    tracing::error!(%error, "the engine made a fact that its alarm refuses");
}
