//! Two times: the wall's, which stands in facts, and the running time of the engine, on which its timers run.

use model::{Duration, Timestamp};

/// The longest step that the running time takes at once. Whoever drives the engine calls it more often ([`super::Engine::next_deadline`]
/// sees to that), so a longer step means that the process slept or the wall clock was set: no device can be blamed for that time.
const LONGEST_STEP: Duration = Duration::from_secs(30);

/// The running time never goes back and never leaps, whatever the wall clock does.
#[derive(Debug)]
pub(super) struct Clock {
    pub(super) wall: Timestamp,
    pub(super) running: Timestamp,
}

/// Whether the step was one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Steady,
    Leap,
}

impl Clock {
    pub(super) fn new(now: Timestamp) -> Self {
        Self { wall: now, running: now }
    }

    pub(super) fn advance(&mut self, now: Timestamp) -> Step {
        let step = now.since(self.wall);
        self.wall = now;
        self.running = self.running.plus(step.min(LONGEST_STEP));
        if step > LONGEST_STEP { Step::Leap } else { Step::Steady }
    }

    /// The wall's time when the running time will be `due`.
    pub(super) fn wall_at(&self, due: Timestamp) -> Timestamp {
        self.wall.plus(due.since(self.running))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_running_time_neither_leaps_nor_goes_back() {
        let start = Timestamp::EPOCH.plus(Duration::from_secs(100_000));
        let mut clock = Clock::new(start);
        assert_eq!(clock.advance(start.plus(Duration::from_secs(1))), Step::Steady);
        assert_eq!(clock.advance(start.minus(Duration::from_secs(90))), Step::Steady);
        assert_eq!(clock.running, start.plus(Duration::from_secs(1)));
        assert_eq!(clock.advance(start.plus(Duration::from_secs(3600))), Step::Leap);
        assert_eq!(clock.running, start.plus(Duration::from_secs(31)));
    }
}
