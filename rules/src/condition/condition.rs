//! What every kind of condition must be able to do. Knows none of them.

use model::{Duration, Timestamp, Value};
use serde::de::DeserializeOwned;

use crate::book::Comparison;

/// One reading as a condition sees it. Times of one series never go backwards and are never later than the moment of judging.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample<'a> {
    pub(crate) time: Timestamp,
    pub(crate) value: &'a Value,
}

/// What one reading means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Normal,
    Abnormal,
    /// Between limit and clear limit, or nothing that can be judged: what was so stays so.
    Unchanged,
}

/// What is wrong with a condition: the key, the complaint, and what would be right.
pub(crate) type Wrong = (&'static str, String, &'static str);

/// One kind of condition: its keys in a rule file are its fields.
pub(crate) trait Kind: DeserializeOwned {
    /// What is remembered of one series; bounded.
    type Memory: Default;

    /// Whether the numbers make sense together.
    fn validate(&self) -> Result<(), Wrong>;

    /// Judges one reading.
    fn judge(&self, memory: &mut Self::Memory, sample: Sample<'_>) -> Verdict;

    /// The limit that an alarm states.
    fn limit(&self, _memory: &Self::Memory) -> Option<f64> {
        None
    }

    /// Takes up again what an alarm from before a restart states: the value and the limit that it passed.
    fn resume(&self, _memory: &mut Self::Memory, _value: f64, _limit: f64) {}

    /// The limit as a line on the chart of the value itself: side, limit, clear limit.
    fn limit_of_value(&self) -> Option<(Comparison, f64, f64)> {
        None
    }

    /// What an alarm states as the deciding value, when that is not the reading itself.
    fn decisive(&self, _memory: &Self::Memory) -> Option<Value> {
        None
    }

    /// How long nothing may be heard, for conditions about that.
    fn silence(&self) -> Option<Duration> {
        None
    }

    /// Whether one reading alone tells normal from abnormal, so that a restart can judge by the newest one.
    fn one_tells(&self) -> bool {
        false
    }
}
