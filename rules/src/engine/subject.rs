//! What the engine remembers: of one rule on one asset, of one device of it, and of one group.

use std::ops::Range;

use model::alarm::Evidence;
use model::{AlarmId, AssetId, DeviceId, Domain, TenantId, Timestamp, Unit, Value};

use crate::condition::Memory;

/// One rule on one device of an asset.
#[derive(Debug)]
pub(super) struct Watch {
    pub(super) subject: usize,
    pub(super) device: DeviceId,
    /// The time of the last reading that was taken in; [`Timestamp::MIN`] before the first.
    pub(super) last: Timestamp,
    pub(super) value: Value,
    pub(super) unit: Unit,
    pub(super) abnormal: bool,
    pub(super) memory: Memory,
}

/// Where a rule stands with an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Nothing to say.
    Normal,
    /// Abnormal, but not for long enough; confirmed when the running time reaches this.
    Rising(Timestamp),
    /// Confirmed, but held back until this so that its group can win.
    Held(Timestamp),
    /// Ringing, alone or in its group.
    Abnormal,
    /// Ringing, but normal again; settled when the running time reaches this.
    Falling(Timestamp),
}

/// One rule on one asset.
#[derive(Debug)]
pub(super) struct Subject {
    pub(super) rule: usize,
    pub(super) place: usize,
    pub(super) group: Option<usize>,
    pub(super) watches: Range<usize>,
    pub(super) phase: Phase,
    /// How many of its watches are abnormal.
    pub(super) abnormal: usize,
    /// When the abnormal began, by the reading.
    pub(super) since: Timestamp,
    /// When the abnormal began, on the running time.
    pub(super) from: Timestamp,
    /// What showed it first.
    pub(super) first: Option<Box<Evidence>>,
    /// When it turned normal, by the reading, and which watch said so last.
    pub(super) turned: Timestamp,
    pub(super) turned_by: usize,
    /// Its own alarm; may be closed already.
    pub(super) alarm: Option<AlarmId>,
    pub(super) last_raised: Timestamp,
    /// Whether it is abnormal inside its group's alarm, and whether the alarm knows.
    pub(super) in_group: bool,
    pub(super) announced: bool,
    /// The earliest timer that waits for it; [`Timestamp::MAX`] when none does.
    pub(super) queued: Timestamp,
}

impl Subject {
    pub(super) fn new(rule: usize, place: usize, group: Option<usize>, watches: Range<usize>) -> Self {
        Self {
            rule,
            place,
            group,
            turned_by: watches.start,
            watches,
            phase: Phase::Normal,
            abnormal: 0,
            since: Timestamp::MIN,
            from: Timestamp::MIN,
            first: None,
            turned: Timestamp::MIN,
            alarm: None,
            last_raised: Timestamp::MIN,
            in_group: false,
            announced: false,
            queued: Timestamp::MAX,
        }
    }

    /// Whether the abnormal is confirmed and stands.
    pub(super) fn is_confirmed(&self) -> bool {
        matches!(self.phase, Phase::Held(_) | Phase::Abnormal)
    }
}

/// The assets of one rule that have something in common.
#[derive(Debug)]
pub(super) struct GroupState {
    pub(super) rule: usize,
    pub(super) tenant: TenantId,
    pub(super) source: AssetId,
    pub(super) name: String,
    pub(super) domain: Domain,
    pub(super) members: Vec<usize>,
    pub(super) alarm: Option<AlarmId>,
    pub(super) last_raised: Timestamp,
    /// How many members are abnormal inside the alarm.
    pub(super) active: usize,
    /// Members whose stay in the alarm may have changed in this step.
    pub(super) touched: Vec<usize>,
    /// The watch that last told of a member's return.
    pub(super) leaver: Option<usize>,
    pub(super) dirty: bool,
}

/// The moment of a new alarm: later than the one before about the same thing, so that their ids differ.
pub(super) fn next_raised(last: &mut Timestamp, now: Timestamp) -> Timestamp {
    let next = if now > *last { now } else { Timestamp::from_nanos(last.as_nanos().saturating_add(1)) };
    *last = next;
    next
}
