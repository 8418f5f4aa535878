//! Asking a node to start over: not twice for one reason, and not in a storm.

use model::{Duration, Timestamp};

/// Requests that may follow one another at once when each is answered: a node that is being set up stumbles a few times.
const BURST: u32 = 5;

/// What one node has been asked.
#[derive(Debug)]
pub(super) struct Rebirth {
    wanted: bool,
    /// When it was asked, until it answers.
    asked: Option<Timestamp>,
    /// Until when the requests of the past have used up the pauses that are due to the node.
    used: Timestamp,
}

impl Default for Rebirth {
    fn default() -> Self {
        Self { wanted: false, asked: None, used: Timestamp::MIN }
    }
}

impl Rebirth {
    /// We lack what the node said.
    pub(super) fn want(&mut self) {
        self.wanted = true;
    }

    /// The node started over, or is gone and cannot.
    pub(super) fn settled(&mut self) {
        self.wanted = false;
        self.asked = None;
    }

    /// Whether the node is to be asked now; then it counts as asked.
    pub(super) fn ask(&mut self, now: Timestamp, pause: Duration) -> bool {
        // A clock that was set back must not silence us: a request in the future is none.
        let waiting = self.asked.is_some_and(|asked| asked <= now && now.since(asked) < pause);
        if !self.wanted || waiting {
            return false;
        }
        let full = now.plus(pause * BURST);
        // Kept even when the answer is no: after a clock was set back, what was used must not lie beyond what can be.
        self.used = self.used.clamp(now, full);
        let used = self.used.plus(pause);
        if used > full {
            return false;
        }
        self.used = used;
        self.asked = Some(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAUSE: Duration = Duration::from_secs(10);

    fn at(seconds: u64) -> Timestamp {
        Timestamp::EPOCH.plus(Duration::from_secs(seconds))
    }

    /// How often a node is asked that is found wanting each second; `answers`: whether it starts over each time.
    fn asked(seconds: u64, answers: bool) -> usize {
        let mut rebirth = Rebirth::default();
        let ask = |second| {
            rebirth.want();
            let ask = rebirth.ask(at(second), PAUSE);
            if answers && ask {
                rebirth.settled();
            }
            ask
        };
        (0..seconds).map(ask).filter(|asked| *asked).count()
    }

    #[test]
    fn a_node_that_does_not_answer_is_asked_once_in_a_pause() {
        assert_eq!(asked(100, false), 10);
    }

    #[test]
    fn a_node_that_starts_over_again_and_again_is_asked_in_a_burst_and_then_once_in_a_pause() {
        assert_eq!(asked(5, true), 5);
        assert_eq!(asked(100, true), 14);
    }

    #[test]
    fn a_node_that_is_fine_is_not_asked() {
        let mut rebirth = Rebirth::default();
        assert!(!rebirth.ask(at(0), PAUSE));
        rebirth.want();
        rebirth.settled();
        assert!(!rebirth.ask(at(0), PAUSE));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence_us() {
        let mut rebirth = Rebirth::default();
        rebirth.want();
        assert!(rebirth.ask(at(100_000), PAUSE));
        assert!((0..=10).any(|second| rebirth.ask(at(second), PAUSE)));
    }
}
