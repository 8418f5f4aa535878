//! Abnormal when a sensor says exactly the same for too long: a frozen camera, a seized needle.

use model::{Duration, Timestamp, Value};
use serde::Deserialize;

use super::condition::{Kind, Sample, Verdict, Wrong};
use crate::book::Span;

/// The same value for `lasting`, except values that may stand for ever (no rain is not a broken gauge).
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stuck {
    lasting: Span,
    #[serde(default)]
    except: Vec<f64>,
}

/// The value that stands and since when.
#[derive(Debug, Default)]
pub(crate) struct Memory(Option<(Timestamp, Value)>);

impl Kind for Stuck {
    type Memory = Memory;

    fn validate(&self) -> Result<(), Wrong> {
        if self.lasting.0 == Duration::ZERO {
            return Err(("lasting", "is zero".into(), "such as lasting = \"1m\""));
        }
        Ok(())
    }

    fn judge(&self, memory: &mut Memory, sample: Sample<'_>) -> Verdict {
        match &memory.0 {
            Some((since, value)) if value == sample.value => {
                let excepted = value.as_number().is_some_and(|number| self.except.contains(&number));
                if excepted {
                    Verdict::Normal
                } else if sample.time.since(*since) >= self.lasting.0 {
                    Verdict::Abnormal
                } else {
                    Verdict::Unchanged
                }
            }
            before => {
                // the first value after a start says nothing about the ones before it
                let verdict = if before.is_some() { Verdict::Normal } else { Verdict::Unchanged };
                memory.0 = Some((sample.time, sample.value.clone()));
                verdict
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(readings: &[(u64, f64)], expected: &str) {
        let stuck = Stuck { lasting: Span(Duration::from_secs(60)), except: vec![0.0] };
        let mut memory = Memory::default();
        let seen: Vec<_> = readings
            .iter()
            .map(|(second, value)| {
                let time = Timestamp::EPOCH.plus(Duration::from_secs(*second));
                let verdict = stuck.judge(&mut memory, Sample { time, value: &Value::Number(*value) });
                format!("{verdict:?}").to_lowercase()
            })
            .collect();
        assert_eq!(seen.join(" "), expected);
    }

    #[test]
    fn the_same_value_for_a_minute_is_abnormal_until_it_moves() {
        check(&[(0, 7.0), (30, 7.0), (60, 7.0), (70, 7.1)], "unchanged unchanged abnormal normal");
    }

    #[test]
    fn a_value_that_may_stand_for_ever_is_normal() {
        check(&[(0, 0.0), (3600, 0.0)], "unchanged normal");
    }
}
