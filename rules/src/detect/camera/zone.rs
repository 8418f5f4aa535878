//! What the cameras of a zone see together: dusk, fog and feasts are nobody's fault.

use model::Duration;
use serde::{Deserialize, Serialize};

use super::eye::{Eye, Residuals};
use crate::detect::parts::Standing;

/// Fewer cameras say nothing about each other.
const FEWEST: usize = 4;
/// The share of a zone that must be silent to be the zone.
const MOST: f32 = 0.6;

/// The state of one zone.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Zone {
    pub(super) members: Vec<u32>,
    pub(super) standing: Standing,
    pub(super) stirred: bool,
    /// What its cameras see together, and when that was reckoned.
    common: Option<(i64, Residuals)>,
}

impl Zone {
    /// What the cameras see together at `time`, as the middle of their residuals; `None` when too few are known.
    pub(super) fn common(
        &mut self,
        eyes: &[Eye],
        time: i64,
        window: Duration,
        scratch: &mut Vec<f32>,
    ) -> Option<Residuals> {
        if let Some((at, common)) = self.common
            && at == time
        {
            return Some(common);
        }
        let mut common = Residuals::default();
        for (figure, common) in common.iter_mut().enumerate() {
            scratch.clear();
            let members = self.members.iter().filter_map(|&member| eyes.get(member as usize));
            scratch.extend(members.filter_map(|eye| eye.residual_at(time, window)).map(|residual| residual[figure]));
            if scratch.len() < FEWEST {
                return None;
            }
            let middle = scratch.len() / 2;
            *common = *scratch.select_nth_unstable_by(middle, f32::total_cmp).1;
        }
        self.common = Some((time, common));
        Some(common)
    }

    /// The shares of its cameras that are late at least, and that are silent.
    pub(super) fn silence(&self, eyes: &[Eye]) -> (f32, f32) {
        silence(self.members.iter().filter_map(|&member| eyes.get(member as usize)))
    }

    /// Whether a share of a zone is the zone.
    pub(super) fn is_most(share: f32) -> bool {
        share >= MOST
    }
}

/// The shares of these cameras that are late at least, and that are silent.
pub(super) fn silence<'a>(eyes: impl Iterator<Item = &'a Eye>) -> (f32, f32) {
    let (mut known, mut late, mut silent) = (0_usize, 0_usize, 0_usize);
    for eye in eyes {
        known += usize::from(eye.link.last().is_some());
        late += usize::from(eye.link.missing() >= 1);
        silent += usize::from(eye.link.missing() >= 3);
    }
    let share = |some: usize| if known < FEWEST { 0.0 } else { some as f32 / known as f32 };
    (share(late), share(silent))
}
