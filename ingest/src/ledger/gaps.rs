//! The times at which one device was silent for longer than it should be.

use super::tally::Tally;

/// Gaps that are remembered one by one. What is missing in older ones stays counted; what comes late for them closes nothing.
const GAPS: usize = 16;

/// A time in which a device should have spoken and did not, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Silence {
    /// The last reading before it.
    pub(super) from: i64,
    /// The first one after it.
    pub(super) until: i64,
    /// How often it should have spoken meanwhile.
    pub(super) missed: u64,
}

/// When one device spoke last, and its gaps.
#[derive(Debug, Clone, Default)]
pub(super) struct Gaps {
    latest: Option<i64>,
    /// In order of time, at most [`GAPS`].
    silences: Vec<Silence>,
    /// What is missing in those that are no longer remembered.
    older: u64,
}

/// How often a device with this interval should have spoken between two readings. The next word is late when it takes half as long again.
fn missed_between(from: i64, until: i64, interval: i64) -> u64 {
    let (span, interval) = (i128::from(until) - i128::from(from), i128::from(interval.max(1)));
    if span * 2 <= interval * 3 { 0 } else { u64::try_from((span + interval / 2) / interval - 1).unwrap_or(0) }
}

impl Gaps {
    /// The device spoke. Returns the step from its latest word, when this is a later one. Nothing was expected of it before `since`.
    pub(super) fn hear(&mut self, time: i64, interval: Option<i64>, since: i64, tally: &mut Tally) -> Option<i64> {
        let Some(latest) = self.latest else {
            self.latest = Some(time);
            return None;
        };
        if time <= latest {
            if time < latest {
                self.fill(time, interval, tally);
            }
            return None;
        }
        self.latest = Some(time);
        if since > latest {
            return None;
        }
        let missed = interval.map_or(0, |interval| missed_between(latest, time, interval));
        if missed > 0 {
            self.remember(Silence { from: latest, until: time, missed });
            tally.open(missed);
        }
        Some(time.saturating_sub(latest))
    }

    /// The device spoke while nothing was expected of it.
    pub(super) fn rest(&mut self, time: i64) {
        self.latest = Some(self.latest.map_or(time, |latest| latest.max(time)));
    }

    /// A late word: it ends the gap that it lies in, or leaves smaller ones.
    fn fill(&mut self, time: i64, interval: Option<i64>, tally: &mut Tally) {
        let at = self.silences.partition_point(|silence| silence.until <= time);
        let Some(silence) = self.silences.get(at).copied().filter(|silence| silence.from < time) else { return };
        let interval = interval.unwrap_or(i64::MAX);
        let piece = |from, until| Silence { from, until, missed: missed_between(from, until, interval) };
        let pieces = [piece(silence.from, time), piece(time, silence.until)];
        let left = || pieces.iter().filter(|piece| piece.missed > 0);
        tally.fill(silence.missed, left().map(|piece| piece.missed));
        self.silences.splice(at..=at, left().copied());
        self.forget_old();
    }

    fn remember(&mut self, silence: Silence) {
        self.silences.push(silence);
        self.forget_old();
    }

    fn forget_old(&mut self) {
        if self.silences.len() > GAPS {
            self.older += self.silences.remove(0).missed;
        }
    }

    /// How often the device should have spoken since its latest word.
    pub(super) fn overdue(&self, interval: Option<i64>, since: i64, now: i64) -> u64 {
        let (Some(latest), Some(interval)) = (self.latest, interval) else { return 0 };
        missed_between(latest.max(since), now, interval)
    }

    /// When it spoke last.
    pub(super) fn latest(&self) -> Option<i64> {
        self.latest
    }

    /// Its gaps, in order of time.
    pub(super) fn silences(&self) -> &[Silence] {
        &self.silences
    }

    /// How often it should have spoken and did not, in all of its gaps.
    pub(super) fn missed(&self) -> u64 {
        self.older + self.silences.iter().map(|silence| silence.missed).sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn heard(times: &[i64], interval: i64) -> (Gaps, Tally) {
        let (mut gaps, mut tally) = (Gaps::default(), Tally::default());
        for time in times {
            gaps.hear(*time, Some(interval), i64::MIN, &mut tally);
        }
        (gaps, tally)
    }

    #[track_caller]
    fn check(times: &[i64], missed: &[u64]) {
        let (gaps, tally) = heard(times, 60);
        let found: Vec<u64> = gaps.silences().iter().map(|silence| silence.missed).collect();
        assert_eq!(found, missed, "{times:?}");
        assert_eq!(
            (tally.opened - tally.closed, tally.missing),
            (missed.len() as u64, missed.iter().sum()),
            "{times:?}"
        );
    }

    #[test]
    fn a_step_that_is_half_as_long_again_misses_a_word() {
        check(&[0, 60, 120], &[]);
        check(&[0, 90, 150], &[]);
        check(&[0, 91], &[1]);
        check(&[0, 120, 180], &[1]);
        check(&[0, 600], &[9]);
        check(&[0, 10, 20, 30], &[]);
    }

    #[test]
    fn what_comes_late_closes_the_gap_or_leaves_smaller_ones() {
        check(&[0, 120, 60], &[]);
        check(&[0, 300, 60], &[3]);
        check(&[0, 300, 120], &[1, 2]);
        check(&[0, 300, 120, 60], &[2]);
        check(&[0, 300, 120, 60, 240, 180], &[]);
        check(&[0, 300, 300, 0], &[4]);
        check(&[1_000, 1_060, 0], &[]);
    }

    #[test]
    fn before_anything_is_expected_nothing_is_missing() {
        let (mut gaps, mut tally) = (Gaps::default(), Tally::default());
        gaps.hear(0, Some(60), i64::MIN, &mut tally);
        gaps.rest(600);
        assert_eq!(gaps.overdue(Some(60), 1_000, 1_050), 0, "it came back a moment ago");
        gaps.hear(1_200, Some(60), 1_000, &mut tally);
        assert_eq!((tally, gaps.missed()), (Tally::default(), 0));
        assert_eq!(gaps.overdue(Some(60), 1_000, 1_500), 4);
        assert_eq!(gaps.overdue(None, 1_000, 1_500), 0);
    }

    #[test]
    fn only_so_many_gaps_are_remembered_and_all_are_counted() {
        let times: Vec<i64> = (0..40).map(|n| n * 120).collect();
        let (gaps, tally) = heard(&times, 60);
        assert_eq!((gaps.silences().len(), gaps.missed(), tally.missing), (GAPS, 39, 39));
    }

    proptest! {
        #[test]
        fn the_order_of_arrival_does_not_matter(
            order in Just((1..16_i64).collect::<Vec<_>>()).prop_shuffle(), came in 1..16_usize, jitter in 0..25_i64
        ) {
            // The first one is heard first: what was before it, nobody waited for.
            let times: Vec<i64> = std::iter::once(0).chain(order[..came].iter().map(|n| n * 60 + n * 7 % (jitter + 1))).collect();
            let (gaps, tally) = heard(&times, 60);
            let sorted: Vec<i64> = times.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
            let expected: Vec<Silence> = sorted.windows(2)
                .map(|pair| Silence { from: pair[0], until: pair[1], missed: missed_between(pair[0], pair[1], 60) })
                .filter(|silence| silence.missed > 0)
                .collect();
            prop_assert_eq!(gaps.silences(), &expected[..]);
            prop_assert_eq!(tally.opened - tally.closed, expected.len() as u64);
            prop_assert_eq!(tally.missing, gaps.missed());
        }
    }
}
