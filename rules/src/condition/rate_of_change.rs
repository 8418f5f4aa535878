//! Abnormal when a value rises or falls faster than it may, measured over a window.

use std::collections::VecDeque;

use model::{Duration, Timestamp, Value};
use serde::Deserialize;

use super::condition::{Kind, Sample, Verdict, Wrong};
use super::threshold;
use crate::book::Comparison;
use crate::book::Span;

/// How many readings of a window are kept: readings that come closer than a 32nd of the window are skipped, so memory does not grow
/// with the speed of the sensor.
const KEPT: u32 = 32;

/// Change per `per`, from the oldest kept reading of the window to the newest. `above` is a rise, a negative `below` a fall.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateOfChange {
    above: Option<f64>,
    below: Option<f64>,
    clear: Option<f64>,
    per: Span,
    window: Span,
}

/// The readings of the window, and the rate that was last found.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    kept: VecDeque<(Timestamp, f64)>,
    rate: Option<f64>,
}

impl RateOfChange {
    fn parts(&self) -> (Comparison, f64, f64) {
        let (comparison, limit) = match (self.above, self.below) {
            (Some(limit), _) => (Comparison::Above, limit),
            (None, limit) => (Comparison::Below, limit.unwrap_or(f64::NEG_INFINITY)),
        };
        (comparison, limit, self.clear.unwrap_or(limit))
    }
}

impl Kind for RateOfChange {
    type Memory = Memory;

    fn validate(&self) -> Result<(), Wrong> {
        if self.per.0.is_zero() {
            return Err(("per", "is zero".into(), "such as per = \"1m\""));
        }
        if self.window.0.is_zero() {
            return Err(("window", "is zero".into(), "such as window = \"5m\""));
        }
        threshold::validate(self.above, self.below, self.clear)
    }

    fn judge(&self, memory: &mut Memory, sample: Sample<'_>) -> Verdict {
        let Some(number) = sample.value.as_number() else { return Verdict::Unchanged };
        let Memory { kept, rate } = memory;
        let window = self.window.0;
        while kept.front().is_some_and(|(time, _)| sample.time.since(*time) > window) {
            kept.pop_front();
        }
        let oldest = kept.front().copied();
        if kept.back().is_none_or(|(time, _)| sample.time.since(*time) >= window / KEPT) {
            kept.push_back((sample.time, number));
        }
        let Some((since, then)) = oldest else { return Verdict::Unchanged };
        let span = sample.time.since(since);
        // less than half a window would turn the noise of two neighbours into a rate
        if span < window / 2 || span == Duration::ZERO {
            return Verdict::Unchanged;
        }
        let found = (number - then) / span.as_secs_f64() * self.per.0.as_secs_f64();
        *rate = Some(found);
        threshold::judge(found, self.parts())
    }

    fn limit(&self, _memory: &Memory) -> Option<f64> {
        Some(self.parts().1)
    }

    fn decisive(&self, memory: &Memory) -> Option<Value> {
        memory.rate.map(Value::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn falling() -> RateOfChange {
        let minute = Span(Duration::from_secs(60));
        RateOfChange { above: None, below: Some(-1.0), clear: Some(-0.2), per: minute, window: minute }
    }

    #[track_caller]
    fn check(readings: &[(u64, f64)], expected: &str) {
        let mut memory = Memory::default();
        let seen: Vec<_> = readings
            .iter()
            .map(|(second, value)| {
                let time = Timestamp::EPOCH.plus(Duration::from_secs(*second));
                let verdict = falling().judge(&mut memory, Sample { time, value: &Value::Number(*value) });
                format!("{verdict:?}").to_lowercase()
            })
            .collect();
        assert_eq!(seen.join(" "), expected);
    }

    #[test]
    fn a_fast_fall_is_abnormal_and_a_slow_one_is_not() {
        check(&[(0, 5.0), (30, 4.0), (60, 3.0)], "unchanged abnormal abnormal");
        check(&[(0, 5.0), (30, 4.95), (60, 4.9)], "unchanged normal normal");
    }

    #[test]
    fn two_neighbours_alone_are_no_rate() {
        check(&[(0, 5.0), (1, 1.0), (2, 5.0)], "unchanged unchanged unchanged");
    }

    #[test]
    fn a_reading_after_a_long_gap_begins_anew() {
        check(&[(0, 5.0), (600, 1.0), (640, 1.0)], "unchanged unchanged normal");
    }

    #[test]
    fn a_fast_sensor_costs_no_more_memory() {
        let mut memory = Memory::default();
        for tick in 0..100_000_u64 {
            let time = Timestamp::EPOCH.plus(Duration::from_millis(tick));
            falling().judge(&mut memory, Sample { time, value: &Value::Number(1.0) });
        }
        assert!(memory.kept.len() <= KEPT as usize + 1, "{} readings kept", memory.kept.len());
    }
}
