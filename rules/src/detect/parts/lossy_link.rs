//! Whether readings that should have come did not: one at a time, for good, or too many of them.

use model::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

/// The share of lost readings that a link is suspected of.
const SUSPECTED: f32 = 0.25;
/// No link is believed to lose less than this: a few lost readings of a very good radio are no news.
const USUAL_AT_LEAST: f32 = 0.02;
/// A link that has always lost much is judged by its own habit, up to here.
const USUAL_AT_MOST: f32 = 0.15;
/// How far part of a period a reading may be late before it counts as missing.
const LATE: f64 = 0.25;
/// Evidence above this adds nothing, so that a link which has recovered is believed soon.
const ENOUGH: f32 = 16.0;
/// How slowly the habit follows: about a thousand readings.
const HABIT: f32 = 0.001;

/// Counts what did not come from one sender, with the rhythm in which it should have come.
///
/// The evidence is a Bernoulli CUSUM: the log-likelihood ratio between a link that loses a quarter and one that loses what this one
/// always lost, summed and held at zero (Reynolds and Stoumbos, "A CUSUM chart for monitoring a proportion when inspecting
/// continuously", Journal of Quality Technology 31, 1999).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LossyLink {
    last: Option<i64>,
    /// When the next reading counts as missing.
    due: i64,
    missing: u32,
    evidence: f32,
    /// What the present silence has added to the evidence.
    by_silence: f32,
    usual: f32,
}

impl Default for LossyLink {
    fn default() -> Self {
        Self { last: None, due: i64::MAX, missing: 0, evidence: 0.0, by_silence: 0.0, usual: USUAL_AT_LEAST / 2.0 }
    }
}

impl LossyLink {
    /// A reading came, measured at `time`.
    pub fn hear(&mut self, time: Timestamp, period: Duration) {
        if let Some(last) = self.last {
            if time.as_nanos() <= last {
                return;
            }
            let between = periods(time.as_nanos().saturating_sub(last), period).round() as u32;
            self.miss_until(between.saturating_sub(1));
        }
        self.last = Some(time.as_nanos());
        self.missing = 0;
        self.by_silence = 0.0;
        self.due = due(time.as_nanos(), 0, period);
        let usual = self.believed();
        self.evidence = (self.evidence + ((1.0 - SUSPECTED) / (1.0 - usual)).ln()).max(0.0);
        self.usual -= HABIT * self.usual;
    }

    /// Time passes. Whether one more reading is missing since the last call.
    pub fn wait(&mut self, now: Timestamp, period: Duration) -> bool {
        // The usual case, at every beat: nothing is due.
        if now.as_nanos() < self.due {
            return false;
        }
        let Some(last) = self.last else { return false };
        let missing = (periods(now.as_nanos().saturating_sub(last), period) - LATE).max(0.0) as u32;
        let before = self.missing;
        self.miss_until(missing);
        self.due = due(last, self.missing, period);
        self.missing > before
    }

    /// The silence since the last reading has another cause (a whole circuit is silent) and says nothing about this link.
    pub fn forgive(&mut self) {
        self.forgive_but(0.0);
    }

    /// The silence since the last reading is one event, however long: it adds at most `evidence`.
    pub fn forgive_but(&mut self, evidence: f32) {
        let forgiven = (self.by_silence - evidence).max(0.0);
        self.evidence = (self.evidence - forgiven).max(0.0);
        self.by_silence -= forgiven;
    }

    /// How many readings in a row are missing now.
    pub fn missing(&self) -> u32 {
        self.missing
    }

    /// How much speaks for a link that loses a quarter of its readings (natural logarithm of the likelihood ratio, never negative).
    pub fn evidence(&self) -> f32 {
        self.evidence
    }

    /// When the last reading was measured.
    pub fn last(&self) -> Option<Timestamp> {
        self.last.map(Timestamp::from_nanos)
    }

    fn believed(&self) -> f32 {
        (2.0 * self.usual).clamp(USUAL_AT_LEAST, USUAL_AT_MOST)
    }

    fn miss_until(&mut self, missing: u32) {
        // What is added beyond `ENOUGH` is cut anyway, so a silence of a year costs no more steps than one of a day.
        let news = missing.saturating_sub(self.missing).min(64);
        self.missing = self.missing.max(missing);
        for _ in 0..news {
            let gain = (SUSPECTED / self.believed()).ln().min(ENOUGH - self.evidence).max(0.0);
            self.evidence += gain;
            self.by_silence += gain;
            // A silence is an event of its own and must not become the habit.
            if self.missing <= 3 {
                self.usual += HABIT * (1.0 - self.usual);
            }
        }
    }
}

/// When one more reading is missing after `missing` of them.
fn due(last: i64, missing: u32, period: Duration) -> i64 {
    let span = (f64::from(missing) + 1.0 + LATE) * period.as_nanos() as f64;
    last.saturating_add((span as i64).max(1))
}

fn periods(nanos: i64, period: Duration) -> f64 {
    nanos as f64 / (period.as_nanos() as f64).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_secs(600);

    fn at(step: u64) -> Timestamp {
        Timestamp::EPOCH.plus(PERIOD * step as u32)
    }

    /// The evidence after a hundred thousand steps of which those are lost for which `lost` says so.
    fn most_evidence(lost: impl Fn(u64) -> bool) -> f32 {
        let mut link = LossyLink::default();
        let mut most: f32 = 0.0;
        for step in 0..100_000 {
            link.wait(at(step), PERIOD);
            if !lost(step) {
                link.hear(at(step), PERIOD);
            }
            most = most.max(link.evidence());
        }
        most
    }

    #[test]
    fn a_link_that_loses_one_in_two_hundred_is_not_suspected() {
        assert!(most_evidence(|step| step % 200 == 7) < 4.0);
    }

    #[test]
    fn a_link_that_loses_every_third_reading_is_suspected_within_twenty() {
        let mut link = LossyLink::default();
        for step in 0..1000 {
            link.hear(at(step), PERIOD);
        }
        for step in 1000..1020 {
            if step % 3 != 0 {
                link.hear(at(step), PERIOD);
            }
        }
        assert!(link.evidence() > 8.0, "{}", link.evidence());
    }

    #[test]
    fn a_missing_reading_is_counted_once_whether_time_passed_or_the_next_one_told() {
        let (mut told, mut waited) = (LossyLink::default(), LossyLink::default());
        told.hear(at(0), PERIOD);
        waited.hear(at(0), PERIOD);
        for minute in 0..40 {
            waited.wait(at(0).plus(Duration::from_secs(60) * minute), PERIOD);
        }
        assert_eq!(waited.missing(), 3);
        told.hear(at(4), PERIOD);
        waited.hear(at(4), PERIOD);
        assert_eq!(told.evidence(), waited.evidence());
    }

    #[test]
    fn what_is_forgiven_leaves_no_evidence() {
        let mut link = LossyLink::default();
        link.hear(at(0), PERIOD);
        assert!(link.wait(at(9), PERIOD));
        assert!(link.evidence() > 8.0);
        link.forgive();
        assert_eq!(link.evidence(), 0.0);
    }

    #[test]
    fn times_that_go_back_or_a_period_of_nothing_do_no_harm() {
        let mut link = LossyLink::default();
        link.hear(at(5), PERIOD);
        link.hear(at(2), PERIOD);
        link.hear(Timestamp::MAX, Duration::ZERO);
        link.wait(Timestamp::MIN, Duration::ZERO);
        assert!(link.evidence().is_finite());
    }
}
