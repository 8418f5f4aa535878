//! One sender: what is expected of it, when it spoke, which numbers its messages had.

use super::gaps::Gaps;
use super::numbers::{Number, Numbers};
use super::rhythm::Rhythm;
use super::tally::Tallies;
use crate::Awaited;

/// What the ledger knows of one sender.
#[derive(Debug, Clone, Default)]
pub(super) struct Sender {
    /// How often its class says it speaks, in nanoseconds.
    told: Option<i64>,
    awaited: Awaited,
    gaps: Gaps,
    rhythm: Rhythm,
    /// Few senders number their messages.
    numbers: Option<Box<Numbers>>,
}

impl Sender {
    /// What is expected of it now.
    pub(super) fn expect(&mut self, told: Option<i64>, awaited: Awaited) {
        (self.told, self.awaited) = (told, awaited);
    }

    /// It spoke of this moment.
    pub(super) fn hear(&mut self, time: i64, tallies: &mut Tallies) {
        let Awaited::Since(since) = self.awaited else { return self.gaps.rest(time) };
        let interval = self.interval();
        let step = self.gaps.hear(time, interval, since.as_nanos(), &mut tallies.interval);
        if let Some(step) = step.filter(|_| self.told.is_none()) {
            self.rhythm.step(step);
        }
    }

    /// One of its messages had a number.
    pub(super) fn count(&mut self, number: Number, tallies: &mut Tallies) {
        self.numbers.get_or_insert_default().hear(number, &mut tallies.sequence);
    }

    /// How often it should speak, in nanoseconds.
    pub(super) fn interval(&self) -> Option<i64> {
        self.told.or_else(|| self.rhythm.interval())
    }

    /// Whether its class says how often it speaks.
    pub(super) fn is_told(&self) -> bool {
        self.told.is_some()
    }

    /// When it spoke, and when it did not.
    pub(super) fn gaps(&self) -> &Gaps {
        &self.gaps
    }

    /// How often it should have spoken since its latest word.
    pub(super) fn overdue(&self, awaited: Awaited, now: i64) -> u64 {
        match awaited {
            Awaited::Never => 0,
            Awaited::Since(since) => self.gaps.overdue(self.interval(), since.as_nanos(), now),
        }
    }

    /// Messages of it that never came.
    pub(super) fn lost(&self) -> u64 {
        self.numbers.as_ref().map_or(0, |numbers| numbers.missing())
    }
}
