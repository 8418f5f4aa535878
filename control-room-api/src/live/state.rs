//! The state byte of an asset on the map: how urgent, answered or not, fresh or stale.

use model::AssetId;
use model::alarm::{Alarm, State};

/// Bits 0 to 2: the worst active priority, 0 when none.
pub(crate) const PRIORITY: u8 = 0b0000_0111;
/// Somebody has yet to answer.
pub(crate) const UNACKNOWLEDGED: u8 = 1 << 3;
/// Its value is older than it may be, or none was ever heard.
pub(crate) const STALE: u8 = 1 << 4;
/// The cause is gone, nobody has answered.
pub(crate) const RETURNED: u8 = 1 << 5;
/// Part of a group alarm.
pub(crate) const GROUP: u8 = 1 << 6;

/// Two alarms about one asset: the more urgent priority, and every flag of either.
pub(crate) fn both(a: u8, b: u8) -> u8 {
    let priority = match (a & PRIORITY, b & PRIORITY) {
        (0, other) | (other, 0) => other,
        (one, other) => one.min(other),
    };
    priority | ((a | b) & !PRIORITY)
}

/// What an alarm does to the assets it is about: its source, and the members that are in it (after its return: that were in it to the end).
pub(crate) fn marks(alarm: &Alarm) -> Vec<(AssetId, u8)> {
    let mut mark = match alarm.state {
        State::ActiveUnacknowledged => alarm.priority.rank() | UNACKNOWLEDGED,
        State::ActiveAcknowledged => alarm.priority.rank(),
        State::ReturnedUnacknowledged => UNACKNOWLEDGED | RETURNED,
        State::Normal => return Vec::new(),
    };
    if alarm.is_group() {
        mark |= GROUP;
    }
    let inside = alarm.members.iter().filter(|member| member.left.is_none() || member.left == alarm.returned);
    let members = inside.map(|member| (member.asset.clone(), mark));
    std::iter::once((alarm.source.clone(), mark)).chain(members.filter(|(asset, _)| *asset != alarm.source)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_more_urgent_priority_wins_and_no_flag_is_lost() {
        assert_eq!(both(0, 3), 3);
        assert_eq!(both(2 | GROUP, 1 | UNACKNOWLEDGED), 1 | GROUP | UNACKNOWLEDGED);
        assert_eq!(both(RETURNED | UNACKNOWLEDGED, 4), 4 | RETURNED | UNACKNOWLEDGED);
    }
}
