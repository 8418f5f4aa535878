//! What became of a message, for a sender who asks.

use model::{DeadLetter, Reason};

/// How many refused lines a report names.
pub const LINES: usize = 100;

/// What became of a message once it is safe. Whether a reading was there already is known to who keeps it, not here.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Readings that were understood and are kept.
    pub accepted: u64,
    /// What was refused, by reason.
    pub refused: Vec<Refused>,
    /// Lines that lost something, for formats of many lines: the first [`LINES`], in their order.
    pub lines: Vec<RefusedLine>,
}

/// What was refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub reason: Reason,
    /// How many readings; a line that cannot be read counts as one, a message that cannot be read as none.
    pub readings: u64,
    /// The first of them for people: which field, which position.
    pub detail: String,
}

/// A line of a message that lost all or some of its readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLine {
    /// Its number, counted from 1.
    pub line: u64,
    /// Why.
    pub reason: Reason,
    /// The same for people.
    pub detail: String,
}

impl Report {
    /// Whether nothing of the message was kept because all of it was refused.
    pub fn is_refusal(&self) -> bool {
        self.accepted == 0 && !self.refused.is_empty()
    }

    /// Adds what became of another piece of the same message.
    pub(crate) fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        for refused in other.refused {
            match self.refused.iter_mut().find(|known| known.reason == refused.reason) {
                Some(known) => known.readings += refused.readings,
                None => self.refused.push(refused),
            }
        }
        self.lines.extend(other.lines);
        self.lines.truncate(LINES);
    }
}

impl Refused {
    /// What a dead letter says.
    pub(crate) fn of(letter: &DeadLetter) -> Self {
        Self { reason: letter.reason, readings: letter.readings.into(), detail: letter.detail.clone() }
    }
}
