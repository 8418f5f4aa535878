//! Abnormal above or below a limit, normal again beyond a second one.

use serde::Deserialize;

use super::condition::{Kind, Sample, Verdict, Wrong};
use crate::book::Comparison;

/// A limit with hysteresis: exactly one of `above` and `below`, and where it clears.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Threshold {
    above: Option<f64>,
    below: Option<f64>,
    clear: Option<f64>,
}

impl Threshold {
    fn parts(&self) -> (Comparison, f64, f64) {
        match (self.above, self.below) {
            (Some(limit), _) => (Comparison::Above, limit, self.clear.unwrap_or(limit)),
            (None, limit) => {
                let limit = limit.unwrap_or(f64::NEG_INFINITY);
                (Comparison::Below, limit, self.clear.unwrap_or(limit))
            }
        }
    }
}

/// Checks `above`, `below` and `clear` wherever a kind has them.
pub(super) fn validate(above: Option<f64>, below: Option<f64>, clear: Option<f64>) -> Result<(), Wrong> {
    for (key, number) in [("above", above), ("below", below), ("clear", clear)] {
        if number.is_some_and(|number| !number.is_finite()) {
            return Err((key, "is not a finite number".into(), ""));
        }
    }
    match (above, below, clear) {
        (Some(_), Some(_), _) => {
            Err(("below", "stands beside above".into(), "write one rule for each side, so that each has its own words"))
        }
        (None, None, _) => Err(("above", "neither above nor below is given".into(), "such as below = 2.5")),
        (Some(limit), _, Some(clear)) if clear > limit => Err((
            "clear",
            format!("{clear} is above the limit {limit}"),
            "an alarm above a limit clears at or below it",
        )),
        (_, Some(limit), Some(clear)) if clear < limit => Err((
            "clear",
            format!("{clear} is below the limit {limit}"),
            "an alarm below a limit clears at or above it",
        )),
        _ => Ok(()),
    }
}

/// Judges a number by side, limit and clear limit. On the limit itself nothing is abnormal; on the clear limit everything is normal.
pub(super) fn judge(number: f64, (comparison, limit, clear): (Comparison, f64, f64)) -> Verdict {
    let (abnormal, normal) = match comparison {
        Comparison::Above => (number > limit, number <= clear),
        Comparison::Below => (number < limit, number >= clear),
    };
    match (abnormal, normal) {
        (true, _) => Verdict::Abnormal,
        (false, true) => Verdict::Normal,
        (false, false) => Verdict::Unchanged,
    }
}

impl Kind for Threshold {
    type Memory = ();

    fn validate(&self) -> Result<(), Wrong> {
        validate(self.above, self.below, self.clear)
    }

    fn judge(&self, _memory: &mut (), sample: Sample<'_>) -> Verdict {
        sample.value.as_number().map_or(Verdict::Unchanged, |number| judge(number, self.parts()))
    }

    fn limit(&self, _memory: &()) -> Option<f64> {
        Some(self.parts().1)
    }

    fn limit_of_value(&self) -> Option<(Comparison, f64, f64)> {
        Some(self.parts())
    }

    fn one_tells(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use model::{Timestamp, Value};

    use super::*;

    #[track_caller]
    fn check(threshold: &Threshold, values: &[f64], expected: &str) {
        let seen: Vec<_> = values
            .iter()
            .map(|value| {
                let sample = Sample { time: Timestamp::EPOCH, value: &Value::Number(*value) };
                format!("{:?}", threshold.judge(&mut (), sample)).to_lowercase()
            })
            .collect();
        assert_eq!(seen.join(" "), expected);
    }

    #[test]
    fn between_limit_and_clear_limit_nothing_changes() {
        let low = Threshold { above: None, below: Some(2.0), clear: Some(2.5) };
        check(&low, &[1.9, 2.0, 2.4, 2.5, 3.0], "abnormal unchanged unchanged normal normal");
        let high = Threshold { above: Some(70.0), below: None, clear: None };
        check(&high, &[70.1, 70.0, 69.0], "abnormal normal normal");
    }

    #[test]
    fn limits_that_contradict_each_other_are_refused() {
        assert!(validate(None, None, None).is_err());
        assert!(validate(Some(1.0), Some(0.0), None).is_err());
        assert!(validate(Some(1.0), None, Some(2.0)).is_err());
        assert!(validate(None, Some(1.0), Some(0.5)).is_err());
        assert!(validate(Some(f64::NAN), None, None).is_err());
        assert!(validate(None, Some(1.0), Some(1.0)).is_ok());
    }
}
