//! Abnormal when a value leaves its own recent past: a pressure that drops, a flow that doubles, a pier that leans.

use model::{Duration, Timestamp};
use serde::Deserialize;

use super::condition::{Kind, Sample, Verdict, Wrong};
use super::threshold;
use crate::book::{Comparison, Span};

/// How long readings must have been seen before the past means anything, unless the rule says otherwise.
const WARM_UP: Duration = Duration::from_secs(60);
/// After this long away from its past the new level is the usual one, unless the rule says otherwise.
const RELEARN: Duration = Duration::from_secs(12 * 3600);

/// Distance from the mean over `over` (weights fall off exponentially; the mean stands still while the value is away from it).
/// Exactly one of `above` (a positive distance), `below` (a negative one) and `beyond` (either way); with `relative` the distance is a
/// share of the mean, so that `above = 0.6` is 60 % more than usual.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Deviation {
    above: Option<f64>,
    below: Option<f64>,
    beyond: Option<f64>,
    clear: Option<f64>,
    over: Span,
    #[serde(default)]
    relative: bool,
    warm_up: Option<Span>,
    relearn: Option<Span>,
}

/// The mean and the times that its weights need.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    mean: Option<Mean>,
}

#[derive(Debug, Clone, Copy)]
struct Mean {
    value: f64,
    since: Timestamp,
    last: Timestamp,
    away_since: Option<Timestamp>,
    /// Which way the value is away, for the limit of `beyond`.
    is_above: bool,
}

impl Deviation {
    fn parts(&self) -> (Comparison, f64, f64) {
        let (comparison, limit) = match (self.above.or(self.beyond), self.below) {
            (Some(limit), _) => (Comparison::Above, limit),
            (None, limit) => (Comparison::Below, limit.unwrap_or(f64::NEG_INFINITY)),
        };
        (comparison, limit, self.clear.unwrap_or(limit))
    }

    fn distance(&self, mean: f64, number: f64) -> f64 {
        let distance = number - mean;
        // a mean of nothing has no shares
        let scale = if self.relative { mean.abs().max(1e-9) } else { 1.0 };
        distance / scale
    }

    /// How far the limit is from the mean, as the value goes.
    fn offset(&self, is_above: bool) -> f64 {
        let (_, limit, _) = self.parts();
        if self.beyond.is_some() && !is_above { -limit } else { limit }
    }
}

impl Kind for Deviation {
    type Memory = Memory;

    fn validate(&self) -> Result<(), Wrong> {
        if self.over.0.is_zero() {
            return Err(("over", "is zero".into(), "such as over = \"15m\""));
        }
        if self.beyond.is_some() && (self.above.is_some() || self.below.is_some()) {
            return Err(("beyond", "stands beside above or below".into(), "beyond means both ways"));
        }
        threshold::validate(self.above.or(self.beyond), self.below, self.clear)?;
        let (comparison, limit, clear) = self.parts();
        let is_away = match comparison {
            Comparison::Above => limit > 0.0 && clear >= 0.0,
            Comparison::Below => limit < 0.0 && clear <= 0.0,
        };
        if is_away {
            Ok(())
        } else {
            Err((
                "clear",
                "limit and clear are distances from the mean".into(),
                "above and beyond are positive, below is negative",
            ))
        }
    }

    fn judge(&self, memory: &mut Memory, sample: Sample<'_>) -> Verdict {
        let Some(number) = sample.value.as_number() else { return Verdict::Unchanged };
        let first = Mean { value: number, since: sample.time, last: sample.time, away_since: None, is_above: false };
        let Some(mean) = &mut memory.mean else {
            memory.mean = Some(first);
            return Verdict::Unchanged;
        };
        let distance = self.distance(mean.value, number);
        let step = sample.time.since(mean.last);
        mean.last = sample.time;
        let age = sample.time.since(mean.since);
        let verdict = if age < self.warm_up.map_or(WARM_UP, |span| span.0) {
            Verdict::Unchanged
        } else {
            threshold::judge(if self.beyond.is_some() { distance.abs() } else { distance }, self.parts())
        };
        match verdict {
            Verdict::Abnormal => {
                mean.is_above = distance > 0.0;
                mean.away_since.get_or_insert(sample.time);
            }
            Verdict::Normal => mean.away_since = None,
            Verdict::Unchanged => {}
        }
        match mean.away_since {
            None => {
                // a plain mean while the past is shorter than `over`
                let past = age.saturating_add(step).min(self.over.0).max(step);
                if !past.is_zero() {
                    mean.value += (number - mean.value) * (step.as_secs_f64() / past.as_secs_f64());
                }
                verdict
            }
            Some(away) if sample.time.since(away) > self.relearn.map_or(RELEARN, |span| span.0) => {
                memory.mean = Some(first);
                Verdict::Normal
            }
            Some(_) => verdict,
        }
    }

    fn limit(&self, memory: &Memory) -> Option<f64> {
        let mean = memory.mean?;
        let scale = if self.relative { mean.value.abs() } else { 1.0 };
        Some(mean.value + self.offset(mean.is_above) * scale)
    }

    fn resume(&self, memory: &mut Memory, value: f64, limit: f64) {
        let is_above = value > limit;
        let offset = self.offset(is_above);
        let sign = if limit < 0.0 { -1.0 } else { 1.0 };
        let mean = if self.relative { limit / (1.0 + sign * offset) } else { limit - offset };
        if !mean.is_finite() {
            return;
        }
        // old enough to be believed at once
        let last = memory.mean.map_or(Timestamp::EPOCH, |mean| mean.last);
        let since = last.minus(self.over.0.saturating_add(self.warm_up.map_or(WARM_UP, |span| span.0)));
        memory.mean = Some(Mean { value: mean, since, last, away_since: Some(last), is_above });
    }
}

#[cfg(test)]
mod tests {
    use model::Value;

    use super::*;

    fn drop_of_one() -> Deviation {
        let over = Span(Duration::from_secs(600));
        let warm_up = Some(Span(Duration::from_secs(30)));
        let relearn = Some(Span(Duration::from_secs(3600)));
        let (below, clear) = (Some(-1.0), Some(-0.4));
        Deviation { above: None, below, beyond: None, clear, over, relative: false, warm_up, relearn }
    }

    #[track_caller]
    fn check(kind: &Deviation, memory: &mut Memory, readings: &[(u64, f64)], expected: &str) {
        let seen: Vec<_> = readings
            .iter()
            .map(|(second, value)| {
                let time = Timestamp::EPOCH.plus(Duration::from_secs(*second));
                format!("{:?}", kind.judge(memory, Sample { time, value: &Value::Number(*value) })).to_lowercase()
            })
            .collect();
        assert_eq!(seen.join(" "), expected);
    }

    const CALM: [(u64, f64); 4] = [(0, 4.0), (15, 4.02), (30, 3.98), (45, 4.0)];
    const CALM_SAYS: &str = "unchanged unchanged normal normal";

    #[test]
    fn a_drop_is_abnormal_until_the_value_is_back_near_its_past() {
        let mut memory = Memory::default();
        check(&drop_of_one(), &mut memory, &CALM, CALM_SAYS);
        let later = [(60, 2.5), (600, 2.5), (1200, 3.3), (1300, 3.9)];
        check(&drop_of_one(), &mut memory, &later, "abnormal abnormal unchanged normal");
    }

    #[test]
    fn a_new_level_becomes_the_usual_one_in_the_end() {
        let mut memory = Memory::default();
        check(&drop_of_one(), &mut memory, &CALM, CALM_SAYS);
        check(&drop_of_one(), &mut memory, &[(60, 2.5), (3700, 2.5), (3800, 2.5)], "abnormal normal normal");
    }

    #[test]
    fn a_share_of_the_past_and_both_ways() {
        let flow = Deviation { above: Some(0.5), below: None, clear: Some(0.2), relative: true, ..drop_of_one() };
        let mut memory = Memory::default();
        check(&flow, &mut memory, &CALM, CALM_SAYS);
        check(&flow, &mut memory, &[(60, 6.2), (75, 5.5), (90, 4.1)], "abnormal unchanged normal");
        let tilt = Deviation { below: None, beyond: Some(1.0), clear: Some(0.4), ..drop_of_one() };
        let mut memory = Memory::default();
        check(&tilt, &mut memory, &CALM, CALM_SAYS);
        check(&tilt, &mut memory, &[(60, 2.8), (75, 4.0), (90, 5.3)], "abnormal normal abnormal");
    }

    #[test]
    fn a_restart_in_the_middle_remembers_what_was_usual() {
        let mut memory = Memory::default();
        drop_of_one().resume(&mut memory, 2.5, 3.0);
        check(&drop_of_one(), &mut memory, &[(600, 2.5), (660, 3.9)], "abnormal normal");
    }
}
