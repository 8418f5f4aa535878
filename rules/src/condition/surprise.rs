//! Abnormal when a series does what it never did before, judged by its own past alone.

use model::Timestamp;
use serde::Deserialize;

use super::condition::{Kind, Sample, Verdict, Wrong};
use crate::detect::Habit;

/// How many readings are heard before anything can be a surprise, unless the rule says otherwise.
const LEARNING: u32 = 750;
/// How many readings without another surprise end it.
const CALM: u32 = 100;

/// A reading by which one of four views of the series beats its own record, see [`Habit`].
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Surprise {
    /// How large a surprise must be; 1 is what served the public benchmark best, more is calmer.
    #[serde(default = "one")]
    at_least: f64,
    /// How many readings are only learnt from.
    #[serde(default = "learning")]
    learning: u32,
}

fn one() -> f64 {
    1.0
}

fn learning() -> u32 {
    LEARNING
}

/// What the series is used to do, and how many readings until a surprise is over.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    habit: Habit,
    last: Option<Timestamp>,
    heard: u32,
    stands: u32,
}

impl Kind for Surprise {
    type Memory = Memory;

    fn validate(&self) -> Result<(), Wrong> {
        if !(0.5..=1000.0).contains(&self.at_least) {
            return Err(("at_least", "must be 0.5 to 1000".into(), "1 is usual, 2 is calmer"));
        }
        if self.learning < 100 {
            return Err(("learning", "is below 100".into(), "a few days of readings are a good start"));
        }
        Ok(())
    }

    fn judge(&self, memory: &mut Memory, sample: Sample<'_>) -> Verdict {
        let Some(number) = sample.value.as_number() else { return Verdict::Unchanged };
        if memory.last.replace(sample.time).is_some_and(|last| last > sample.time) {
            // The clock was set back, which says nothing about the series.
            return Verdict::Unchanged;
        }
        let surprise = memory.habit.observe(sample.time, number);
        memory.heard = memory.heard.saturating_add(1);
        if surprise >= self.at_least && memory.heard > self.learning {
            memory.stands = CALM;
            return Verdict::Abnormal;
        }
        memory.stands = memory.stands.saturating_sub(1);
        if memory.stands == 0 { Verdict::Normal } else { Verdict::Unchanged }
    }
}

#[cfg(test)]
mod tests {
    use model::{Duration, Value};

    use super::*;

    /// What is said at which reading of a pump that runs at 40 with a daily rhythm, and at 90 from `fault` on for 20 readings.
    fn said(surprise: &Surprise, readings: u64, fault: u64) -> Vec<(u64, Verdict)> {
        let mut memory = Memory::default();
        let mut before = Verdict::Normal;
        let mut turns = Vec::new();
        for n in 0..readings {
            let daily = (n as f64 / 96.0 * std::f64::consts::TAU).sin();
            let ripple = (n * 7919 % 101) as f64 / 101.0;
            let value =
                Value::Number(40.0 + 4.0 * daily + ripple + if (fault..fault + 20).contains(&n) { 50.0 } else { 0.0 });
            let time = Timestamp::EPOCH.plus(Duration::from_secs(900 * n));
            let verdict = surprise.judge(&mut memory, Sample { time, value: &value });
            if verdict != Verdict::Unchanged && verdict != before {
                before = verdict;
                turns.push((n, verdict));
            }
        }
        turns
    }

    #[test]
    fn what_never_happened_is_told_at_once_and_is_over_after_a_calm() {
        let surprise = Surprise { at_least: 1.0, learning: 750 };
        assert_eq!(said(&surprise, 3000, 2000), [(2000, Verdict::Abnormal), (2100, Verdict::Normal)]);
    }

    #[test]
    fn nothing_is_told_while_learning() {
        assert_eq!(said(&Surprise { at_least: 1.0, learning: 2500 }, 3000, 2000), []);
    }
}
