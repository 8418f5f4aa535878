//! What one series has said in a time in which it was awaited: how many steps there were of each length.
//!
//! A series that speaks at even steps has a rhythm: the usual step. Where a step is longer, readings are missing. A handful of numbers is enough for
//! years.

use std::collections::BTreeMap;
use std::time::Duration;

/// A step this many times longer than the usual one means that a reading is missing.
pub(super) const TOO_LONG: f64 = 1.5;
/// A series has a rhythm when so much of its steps are about as long as the usual one.
const EVEN: f64 = 0.6;
/// A rhythm is not believed before so many steps.
const STEPS: u64 = 4;
/// Steps within this factor of each other are counted together: fine enough to tell 60 s from 70 s.
const LOG_STEP: f64 = 0.05;

/// The steps of about one length.
#[derive(Debug, Clone, Copy, Default)]
struct Steps {
    count: u64,
    nanos: i128,
    longest: i64,
}

/// What a series has said so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Rhythm {
    pub(super) readings: u64,
    /// Its last reading, or the moment from which it is awaited.
    pub(super) last: Option<i64>,
    steps: BTreeMap<i32, Steps>,
    /// The step before: steps of one length mostly follow each other, and need no logarithm then.
    like: (i64, i32),
}

/// What is missing in a rhythm.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Missing {
    pub(super) missed: u64,
    pub(super) longest: i64,
}

/// Readings that should have come in `silence` after the last one. The one that is due at its end, or a moment before, may still come.
pub(super) fn overdue(silence: f64, usual: f64) -> u64 {
    ((silence / usual - 0.1).ceil() - 1.0).max(0.0) as u64
}

/// Which steps are about as long as this one.
fn length(nanos: i64) -> i32 {
    ((nanos.max(1) as f64).ln() / LOG_STEP).floor() as i32
}

impl Rhythm {
    /// A rhythm that is awaited from this moment on.
    pub(super) fn since(last: Option<i64>) -> Self {
        Self { last, ..Self::default() }
    }

    /// A reading came, later than all before it.
    pub(super) fn hear(&mut self, time: i64) {
        self.readings += 1;
        if let Some(last) = self.last.replace(time).filter(|last| *last < time) {
            self.step(time.saturating_sub(last));
        }
    }

    fn step(&mut self, nanos: i64) {
        if self.like.0 != nanos {
            self.like = (nanos, length(nanos));
        }
        let steps = self.steps.entry(self.like.1).or_default();
        steps.count += 1;
        steps.nanos += i128::from(nanos);
        steps.longest = steps.longest.max(nanos);
    }

    /// The usual step in nanoseconds: the one in the middle, when most are like it.
    pub(super) fn usual(&self) -> Option<f64> {
        let all: u64 = self.steps.values().map(|steps| steps.count).sum();
        if all < STEPS {
            return None;
        }
        let mut seen = 0;
        let (middle, _) = self.steps.iter().find(|(_, steps)| {
            seen += steps.count;
            seen * 2 >= all
        })?;
        // A rhythm may lie on the border of two lengths, and clocks tremble.
        let near = ((1.25_f64).ln() / LOG_STEP).ceil() as i32;
        let like: Vec<&Steps> = self.steps.range(middle - near..=middle + near).map(|(_, steps)| steps).collect();
        let count: u64 = like.iter().map(|steps| steps.count).sum();
        let nanos: i128 = like.iter().map(|steps| steps.nanos).sum();
        (count as f64 >= all as f64 * EVEN).then(|| nanos as f64 / count as f64)
    }

    /// What is missing up to `end` of a series that should speak every `usual` nanoseconds; without it only its longest silence is known.
    pub(super) fn missing(&self, usual: Option<f64>, end: i64) -> Missing {
        let longest = self.steps.values().map(|steps| steps.longest).max().unwrap_or(0);
        let mut found = Missing { missed: 0, longest };
        let Some(usual) = usual else { return found };
        // What is silent at the end is missing too, as far as it is late.
        let tail = self.last.map_or(0, |last| end.saturating_sub(last));
        if tail as f64 > usual * TOO_LONG {
            found.missed += overdue(tail as f64, usual);
            found.longest = longest.max(tail);
        }
        for steps in self.steps.values() {
            let mean = steps.nanos as f64 / steps.count as f64;
            if mean > usual * TOO_LONG {
                let whole = (steps.nanos as f64 / usual).round() as u64;
                found.missed += whole.saturating_sub(steps.count);
            }
        }
        found
    }
}

/// A duration as it is counted with.
pub(super) fn nanos(span: Duration) -> f64 {
    span.as_nanos() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn heard(steps: &[i64]) -> Rhythm {
        let mut rhythm = Rhythm::default();
        let mut time = 0;
        rhythm.hear(time);
        for step in steps {
            time += step * SECOND;
            rhythm.hear(time);
        }
        rhythm
    }

    #[track_caller]
    fn check(steps: &[i64], tail: i64, missed: u64, usual: Option<u64>) {
        let rhythm = heard(steps);
        let found = rhythm.usual();
        assert_eq!(found.map(|nanos| (nanos / 1e9).round() as u64), usual, "{steps:?}");
        let end = rhythm.last.unwrap() + tail * SECOND;
        assert_eq!(rhythm.missing(found, end).missed, missed, "{steps:?} and {tail}");
    }

    #[test]
    fn what_is_missing_follows_from_the_rhythm() {
        check(&[60; 10], 59, 0, Some(60));
        check(&[60, 60, 120, 60, 60, 60, 600, 60], 0, 1 + 9, Some(60));
        check(&[58, 61, 60, 62, 59, 181], 0, 2, Some(60));
        check(&[60; 10], 600, 9, Some(60));
        check(&[3, 700, 41, 9_000, 5, 88, 1_200], 90_000, 0, None);
        check(&[60, 60], 6_000, 0, None);
    }

    #[test]
    fn an_interval_that_is_known_counts_whatever_the_rhythm_is() {
        let rhythm = heard(&[60; 10]);
        assert_eq!(rhythm.missing(Some(30.0 * 1e9), 600 * SECOND).missed, 10);
        assert_eq!(rhythm.missing(Some(60.0 * 1e9), 600 * SECOND), Missing { missed: 0, longest: 60 * SECOND });
    }

    #[test]
    fn what_is_awaited_from_a_moment_on_is_missing_until_it_comes() {
        let mut rhythm = Rhythm::since(Some(0));
        rhythm.hear(600 * SECOND);
        assert_eq!((rhythm.readings, rhythm.missing(Some(60.0 * 1e9), 600 * SECOND).missed), (1, 9));
        let never = Rhythm::since(Some(0));
        assert_eq!(never.missing(Some(60.0 * 1e9), 601 * SECOND).missed, 9);
    }
}
