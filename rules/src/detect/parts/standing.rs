//! Which kinds of finding stand at present, so that each is raised once and cleared once.

use model::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::detect::Turn;

/// The findings about one member or group, by the place of their kind in the detector's list (at most 16 kinds).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    open: u16,
    /// When each kind was last cleared, for the rest that follows.
    rests: Vec<(u8, i64)>,
}

impl Standing {
    /// Whether the finding of this kind stands.
    pub fn stands(&self, kind: usize) -> bool {
        self.open & bit(kind) != 0
    }

    /// Whether anything stands.
    pub fn any(&self) -> bool {
        self.open != 0
    }

    /// Whether one of these kinds stands.
    pub fn any_of(&self, kinds: &[usize]) -> bool {
        kinds.iter().any(|&kind| self.stands(kind))
    }

    /// Something is wrong. Tells whether that is news: it is not while the finding stands, nor within `rest` after it was cleared.
    pub fn raise(&mut self, kind: usize, now: Timestamp, rest: Duration) -> Option<Turn> {
        let resting = |&(place, cleared): &(u8, i64)| {
            usize::from(place) == kind && now < Timestamp::from_nanos(cleared).plus(rest)
        };
        if bit(kind) == 0 || self.stands(kind) || self.rests.iter().any(resting) {
            return None;
        }
        self.open |= bit(kind);
        Some(Turn::Raised)
    }

    /// It is over. Tells whether that is news.
    pub fn clear(&mut self, kind: usize, now: Timestamp) -> Option<Turn> {
        if !self.stands(kind) {
            return None;
        }
        self.open &= !bit(kind);
        match self.rests.iter_mut().find(|(place, _)| usize::from(*place) == kind) {
            Some((_, cleared)) => *cleared = now.as_nanos(),
            None => self.rests.push((kind as u8, now.as_nanos())),
        }
        Some(Turn::Cleared)
    }
}

/// The bit of a kind; none beyond the sixteenth.
fn bit(kind: usize) -> u16 {
    u32::try_from(kind).ok().and_then(|kind| 1_u16.checked_shl(kind)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_finding_is_raised_once_cleared_once_and_rests() {
        let at = |hours: u32| Timestamp::EPOCH.plus(HOUR * hours);
        let mut standing = Standing::default();
        assert_eq!(standing.raise(3, at(0), HOUR * 6), Some(Turn::Raised));
        assert_eq!(standing.raise(3, at(1), HOUR * 6), None);
        assert_eq!(standing.clear(3, at(2)), Some(Turn::Cleared));
        assert_eq!(standing.clear(3, at(3)), None);
        assert_eq!(standing.raise(3, at(7), HOUR * 6), None, "it rests");
        assert_eq!(standing.raise(4, at(7), HOUR * 6), Some(Turn::Raised), "another kind does not");
        assert_eq!(standing.raise(3, at(8), HOUR * 6), Some(Turn::Raised));
        assert_eq!(standing.raise(16, at(9), HOUR), None, "there is no such kind");
    }
}
