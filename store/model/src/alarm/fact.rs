//! What happened to an alarm: append-only facts, each with its time, actor and cause.

use std::sync::Arc;

use super::{Guidance, Priority};
use crate::{AlarmId, AssetId, DeviceId, Domain, MetricName, RuleId, TenantId, Timestamp, Unit, UserName, Value};

/// Who made it happen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Actor {
    /// The rule engine, from readings or from the lack of them.
    Engine,
    /// A person who was signed in.
    Person(UserName),
}

/// The values that caused a change.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The device whose reading it was; none for a cause that is no single device.
    pub device: Option<DeviceId>,
    /// What was judged.
    pub metric: MetricName,
    /// The value that decided; [`Value::Gap`] when the lack of one did.
    pub value: Value,
    /// The unit of value and limit.
    pub unit: Unit,
    /// The limit that it passed, if the rule has one.
    pub limit: Option<f64>,
    /// The time of the deciding reading, or of the last one before silence.
    pub at: Timestamp,
}

/// One asset inside a group alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// Which asset.
    pub asset: AssetId,
    /// Since when it has been abnormal.
    pub since: Timestamp,
    /// What showed it.
    pub evidence: Evidence,
}

/// What changed.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It began to need a response.
    Raised {
        /// The rule that found it.
        rule: RuleId,
        /// The version of that rule: a digest of its text.
        rule_version: u64,
        /// What it is about: the asset, or what its members have in common (a circuit, a district).
        source: AssetId,
        /// The trade.
        domain: Domain,
        /// How urgent.
        priority: Priority,
        /// What people are told; placeholders are filled in.
        guidance: Arc<Guidance>,
        /// What caused it: the first reading that was out of order, also in a group ("first-out").
        evidence: Evidence,
        /// The assets inside, first-out first; empty for an alarm about a single asset.
        members: Vec<Member>,
    },
    /// More assets came into a group alarm, or came back into it.
    Joined(Vec<Member>),
    /// Assets in a group alarm went back to normal.
    Left(Vec<AssetId>),
    /// The cause is gone.
    Returned {
        /// The reading that showed it; none when a rule or an asset was removed.
        evidence: Option<Evidence>,
    },
    /// The cause came back before the alarm was closed; it must be acknowledged anew.
    Reoccurred {
        /// What showed it.
        evidence: Evidence,
    },
    /// A person has seen it and takes it on.
    Acknowledged {
        /// What the person wrote.
        note: Option<String>,
    },
}

impl Change {
    /// The word in journals and counters.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Raised { .. } => "raised",
            Self::Joined(_) => "joined",
            Self::Left(_) => "left",
            Self::Returned { .. } => "returned",
            Self::Reoccurred { .. } => "reoccurred",
            Self::Acknowledged { .. } => "acknowledged",
        }
    }
}

/// One thing that happened to one alarm. Facts of an alarm are numbered from 1 without gaps.
#[derive(Debug, Clone, PartialEq)]
pub struct Fact {
    /// Whose alarm.
    pub tenant: TenantId,
    /// Which alarm.
    pub alarm: AlarmId,
    /// Its place among the facts of the alarm, from 1.
    pub seq: u32,
    /// When it was decided.
    pub time: Timestamp,
    /// Who decided.
    pub actor: Actor,
    /// What changed.
    pub change: Change,
}
