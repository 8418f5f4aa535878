//! From "wrong, right, wrong" to one alert: clears only after a calm time, and keeps quiet for a while after that.

use model::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::detect::Turn;

/// Says when something begins and when it is over, without flutter.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Latch {
    calm: i64,
    refractory: i64,
    raised: bool,
    /// While raised: when it was wrong last. Otherwise: not to be raised before.
    moment: i64,
}

impl Latch {
    /// Clears after `calm` without anything wrong, and is not raised again within `refractory` from then.
    pub fn new(calm: Duration, refractory: Duration) -> Self {
        let nanos = |span: Duration| i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
        Self { calm: nanos(calm), refractory: nanos(refractory), raised: false, moment: i64::MIN }
    }

    /// Takes in whether something is wrong at `now`; says when that begins or ends.
    pub fn observe(&mut self, now: Timestamp, wrong: bool) -> Option<Turn> {
        let now = now.as_nanos();
        match (self.raised, wrong) {
            (false, true) if now >= self.moment => {
                (self.raised, self.moment) = (true, now);
                Some(Turn::Raised)
            }
            (true, true) => {
                self.moment = self.moment.max(now);
                None
            }
            (true, false) if now.saturating_sub(self.moment) >= self.calm => {
                (self.raised, self.moment) = (false, now.saturating_add(self.refractory));
                Some(Turn::Cleared)
            }
            _ => None,
        }
    }

    /// Whether it is raised.
    pub fn is_raised(&self) -> bool {
        self.raised
    }
}
