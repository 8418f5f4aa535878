//! The life of an alarm by ISA-18.2: active or returned, acknowledged or not. One pure function takes a fact to the next state.

use std::sync::Arc;

use super::{Actor, Change, Evidence, Fact, Guidance, Priority};
use crate::{AlarmId, AssetId, Domain, RuleId, TenantId, Timestamp, UserName};

/// Where an alarm is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum State {
    /// The cause stands and nobody has answered.
    ActiveUnacknowledged,
    /// The cause stands and somebody has answered.
    ActiveAcknowledged,
    /// The cause is gone and nobody has answered yet.
    ReturnedUnacknowledged,
    /// Over.
    Normal,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 4] =
        [Self::ActiveUnacknowledged, Self::ActiveAcknowledged, Self::ReturnedUnacknowledged, Self::Normal];

    /// The word that stores and screens use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ActiveUnacknowledged => "active_unacknowledged",
            Self::ActiveAcknowledged => "active_acknowledged",
            Self::ReturnedUnacknowledged => "returned_unacknowledged",
            Self::Normal => "normal",
        }
    }

    /// The state with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether the cause stands.
    pub const fn is_active(self) -> bool {
        matches!(self, Self::ActiveUnacknowledged | Self::ActiveAcknowledged)
    }

    /// Whether it waits for a person's answer.
    pub const fn is_unacknowledged(self) -> bool {
        matches!(self, Self::ActiveUnacknowledged | Self::ReturnedUnacknowledged)
    }

    /// Whether it is still on the operator's list.
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Normal)
    }

    /// The table `state x change -> state`; `None` when the change cannot happen in this state.
    pub const fn after(self, change: &Change) -> Option<Self> {
        use State::{ActiveAcknowledged, ActiveUnacknowledged, Normal, ReturnedUnacknowledged};
        match (self, change) {
            (_, Change::Raised { .. }) => None,
            (ActiveUnacknowledged | ActiveAcknowledged, Change::Joined(_) | Change::Left(_)) => Some(self),
            (ReturnedUnacknowledged | Normal, Change::Joined(_) | Change::Left(_)) => None,
            (ActiveUnacknowledged, Change::Returned { .. }) => Some(ReturnedUnacknowledged),
            (ActiveAcknowledged, Change::Returned { .. }) => Some(Normal),
            (ReturnedUnacknowledged | Normal, Change::Returned { .. }) => None,
            (ReturnedUnacknowledged, Change::Reoccurred { .. }) => Some(ActiveUnacknowledged),
            (_, Change::Reoccurred { .. }) => None,
            (ActiveUnacknowledged, Change::Acknowledged { .. }) => Some(ActiveAcknowledged),
            (ReturnedUnacknowledged, Change::Acknowledged { .. }) => Some(Normal),
            (ActiveAcknowledged | Normal, Change::Acknowledged { .. }) => None,
        }
    }
}

/// One asset's stay in a group alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct Journey {
    /// Which asset.
    pub asset: AssetId,
    /// Since when it has been abnormal.
    pub since: Timestamp,
    /// What showed it.
    pub evidence: Evidence,
    /// When it went back to normal, if it did.
    pub left: Option<Timestamp>,
}

/// A fact that does not follow from what is known of its alarm.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("fact {seq} ({change}) of alarm {alarm} cannot follow fact {last} in state {state}")]
pub struct OutOfOrder {
    alarm: AlarmId,
    seq: u32,
    change: &'static str,
    last: u32,
    state: &'static str,
}

/// What is known of one occurrence of an alarm: the sum of its facts.
#[derive(Debug, Clone, PartialEq)]
pub struct Alarm {
    /// Which one.
    pub id: AlarmId,
    /// Whose.
    pub tenant: TenantId,
    /// The rule that found it.
    pub rule: RuleId,
    /// The version of that rule.
    pub rule_version: u64,
    /// What it is about.
    pub source: AssetId,
    /// The trade.
    pub domain: Domain,
    /// How urgent.
    pub priority: Priority,
    /// What people are told.
    pub guidance: Arc<Guidance>,
    /// Where it is in its life.
    pub state: State,
    /// When it was raised.
    pub raised: Timestamp,
    /// When its cause went away, if it has.
    pub returned: Option<Timestamp>,
    /// When it was last acknowledged, if it stands acknowledged.
    pub acknowledged: Option<Timestamp>,
    /// Who acknowledged it.
    pub acknowledged_by: Option<UserName>,
    /// What that person wrote.
    pub note: Option<String>,
    /// The values that caused it.
    pub evidence: Evidence,
    /// The assets inside, first-out first; empty for a single asset's alarm.
    pub members: Vec<Journey>,
    /// The number of its last fact.
    pub seq: u32,
}

impl Alarm {
    /// The alarm that begins with this fact.
    pub fn begin(fact: &Fact) -> Result<Self, OutOfOrder> {
        let Change::Raised { rule, rule_version, source, domain, priority, guidance, evidence, members } = &fact.change
        else {
            return Err(OutOfOrder {
                alarm: fact.alarm,
                seq: fact.seq,
                change: fact.change.as_str(),
                last: 0,
                state: "unknown",
            });
        };
        Ok(Self {
            id: fact.alarm,
            tenant: fact.tenant.clone(),
            rule: rule.clone(),
            rule_version: *rule_version,
            source: source.clone(),
            domain: domain.clone(),
            priority: *priority,
            guidance: Arc::clone(guidance),
            state: State::ActiveUnacknowledged,
            raised: fact.time,
            returned: None,
            acknowledged: None,
            acknowledged_by: None,
            note: None,
            evidence: evidence.clone(),
            members: members.iter().map(|m| journey(m.asset.clone(), m.since, m.evidence.clone())).collect(),
            seq: fact.seq,
        })
    }

    /// Takes the next fact in. An alarm that refuses a fact is unchanged.
    pub fn apply(&mut self, fact: &Fact) -> Result<(), OutOfOrder> {
        let refused = OutOfOrder {
            alarm: self.id,
            seq: fact.seq,
            change: fact.change.as_str(),
            last: self.seq,
            state: self.state.as_str(),
        };
        if fact.alarm != self.id || fact.tenant != self.tenant || fact.seq != self.seq + 1 {
            return Err(refused);
        }
        let Some(next) = self.state.after(&fact.change) else { return Err(refused) };
        match &fact.change {
            Change::Raised { .. } => return Err(refused),
            Change::Joined(members) => {
                for member in members {
                    let entry = journey(member.asset.clone(), member.since, member.evidence.clone());
                    match self.members.iter_mut().find(|known| known.asset == member.asset) {
                        Some(known) => *known = entry,
                        None => self.members.push(entry),
                    }
                }
            }
            Change::Left(assets) => {
                for member in self.members.iter_mut().filter(|m| m.left.is_none() && assets.contains(&m.asset)) {
                    member.left = Some(fact.time);
                }
            }
            Change::Returned { .. } => {
                self.returned = Some(fact.time);
                for member in self.members.iter_mut().filter(|m| m.left.is_none()) {
                    member.left = Some(fact.time);
                }
            }
            Change::Reoccurred { evidence } => {
                self.returned = None;
                self.evidence = evidence.clone();
            }
            Change::Acknowledged { note } => {
                self.acknowledged = Some(fact.time);
                self.acknowledged_by = match &fact.actor {
                    Actor::Person(user) => Some(user.clone()),
                    Actor::Engine => None,
                };
                self.note.clone_from(note);
            }
        }
        self.state = next;
        self.seq = fact.seq;
        Ok(())
    }

    /// How many of its members are abnormal now.
    pub fn active_members(&self) -> usize {
        self.members.iter().filter(|member| member.left.is_none()).count()
    }

    /// Whether it is about a group.
    pub fn is_group(&self) -> bool {
        !self.members.is_empty()
    }
}

fn journey(asset: AssetId, since: Timestamp, evidence: Evidence) -> Journey {
    Journey { asset, since, evidence, left: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{MetricName, Unit, Value};

    fn evidence() -> Evidence {
        Evidence {
            device: None,
            metric: MetricName::new("voltage").unwrap(),
            value: Value::Number(0.0),
            unit: Unit::new("V"),
            limit: Some(180.0),
            at: Timestamp::EPOCH,
        }
    }

    fn raised() -> Fact {
        let (tenant, rule, source) =
            (TenantId::new("me").unwrap(), RuleId::new("dark").unwrap(), AssetId::new("c1").unwrap());
        Fact {
            alarm: AlarmId::of(&tenant, &rule, &source, Timestamp::EPOCH),
            tenant,
            seq: 1,
            time: Timestamp::EPOCH,
            actor: Actor::Engine,
            change: Change::Raised {
                rule,
                rule_version: 1,
                source,
                domain: Domain::new("streetlight").unwrap(),
                priority: Priority::High,
                guidance: Arc::default(),
                evidence: evidence(),
                members: Vec::new(),
            },
        }
    }

    /// Plays the words in order and tells the state after each; a refused fact reads "refused".
    #[track_caller]
    fn check(words: &str, expected: &str) {
        let mut alarm = Alarm::begin(&raised()).unwrap();
        let mut seen = vec![alarm.state.as_str()];
        for word in words.split_whitespace() {
            let change = match word {
                "ack" => Change::Acknowledged { note: None },
                "return" => Change::Returned { evidence: None },
                "again" => Change::Reoccurred { evidence: evidence() },
                "join" => Change::Joined(Vec::new()),
                other => panic!("no change is called {other}"),
            };
            let fact = Fact { seq: alarm.seq + 1, change, ..raised() };
            seen.push(alarm.apply(&fact).map_or("refused", |()| alarm.state.as_str()));
        }
        assert_eq!(seen.join(" "), expected);
    }

    #[test]
    fn an_alarm_closes_when_it_is_both_returned_and_acknowledged() {
        check("ack return", "active_unacknowledged active_acknowledged normal");
        check("return ack", "active_unacknowledged returned_unacknowledged normal");
    }

    #[test]
    fn a_cause_that_comes_back_must_be_acknowledged_anew() {
        check(
            "return again ack",
            "active_unacknowledged returned_unacknowledged active_unacknowledged active_acknowledged",
        );
    }

    #[test]
    fn what_cannot_happen_is_refused_and_changes_nothing() {
        check(
            "ack ack return return ack join",
            "active_unacknowledged active_acknowledged refused normal refused refused refused",
        );
    }

    #[test]
    fn a_fact_that_skips_a_number_is_refused() {
        let mut alarm = Alarm::begin(&raised()).unwrap();
        let before = alarm.clone();
        let fact = Fact { seq: 3, change: Change::Acknowledged { note: None }, ..raised() };
        assert!(alarm.apply(&fact).is_err());
        assert_eq!(alarm, before);
    }
}
