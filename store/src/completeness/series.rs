//! One series through the times in which it is awaited.

use std::time::Duration;

use model::MetricName;

use super::expectation::{Pace, Span};
use super::report::SeriesCompleteness;
use super::rhythm::Rhythm;

/// What one series has said so far, and what was missing of it in times that are over.
#[derive(Debug, Clone, Default)]
pub(super) struct Series {
    /// What it said before the window.
    early: Rhythm,
    /// What it has said in the present span.
    rhythm: Rhythm,
    /// Which of its spans is the present one; none before the first reading of the window.
    span: Option<usize>,
    readings: u64,
    missed: u64,
    longest: i64,
    usual: Option<f64>,
}

/// What is known beside the readings of a series.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'a> {
    /// Where the window begins.
    pub(super) from: i64,
    /// When the series is awaited, inside of the window.
    pub(super) spans: &'a [Span],
    /// How often it should come, in nanoseconds.
    pub(super) told: Option<f64>,
}

impl Known<'_> {
    fn told(&self, span: &Span) -> Option<f64> {
        self.told.filter(|_| span.pace == Pace::Told)
    }
}

impl Series {
    /// Readings came, in order and later than all before them.
    pub(super) fn hear(&mut self, times: &[i64], known: Known<'_>) {
        let early = times.partition_point(|time| *time < known.from);
        times[..early].iter().for_each(|time| self.early.hear(*time));
        for time in &times[early..] {
            self.reach(*time, known);
            let awaited = self.span.and_then(|span| known.spans.get(span));
            match awaited.filter(|span| span.window.from.as_nanos() <= *time) {
                Some(_) => self.rhythm.hear(*time),
                None => self.readings += 1,
            }
        }
    }

    /// Comes to the span that has not ended at this moment, and settles those before it.
    fn reach(&mut self, time: i64, known: Known<'_>) {
        let ended = |span: usize| known.spans.get(span).is_some_and(|span| span.window.until.as_nanos() <= time);
        if self.span.is_none() {
            self.enter(0, known);
        }
        while let Some(span) = self.span.filter(|span| ended(*span)) {
            self.leave(span, known);
            self.enter(span + 1, known);
        }
    }

    fn enter(&mut self, span: usize, known: Known<'_>) {
        self.span = Some(span);
        let Some(next) = known.spans.get(span) else {
            self.rhythm = Rhythm::default();
            return;
        };
        let begin = next.window.from.as_nanos();
        let last = if begin > known.from {
            // Of what begins in the middle of the window only what is told can be missing from the beginning.
            known.told(next).map(|_| begin)
        } else {
            // Only what happens inside of the window counts: silence begins with the reading that was due just before it.
            let usual = known.told(next).or(self.usual);
            let due = usual.map_or(begin, |usual| begin.saturating_sub(usual as i64));
            let heard = self.early.last.map(|last| last.max(due));
            heard.or_else(|| known.told(next).map(|_| begin))
        };
        self.rhythm = Rhythm::since(last);
    }

    fn leave(&mut self, span: usize, known: Known<'_>) {
        let Some(ended) = known.spans.get(span) else { return };
        let usual = known.told(ended).or_else(|| self.rhythm.usual()).or(self.usual);
        let missing = self.rhythm.missing(usual, ended.window.until.as_nanos());
        self.readings += self.rhythm.readings;
        self.missed += missing.missed;
        self.longest = self.longest.max(missing.longest);
        self.usual = usual;
    }

    /// Everything before the window has been heard.
    pub(super) fn begin(&mut self) {
        self.usual = self.early.usual();
    }

    /// The account of the series at the end of the window.
    pub(super) fn settle(mut self, metric: MetricName, known: Known<'_>) -> SeriesCompleteness {
        self.reach(i64::MAX, known);
        SeriesCompleteness {
            metric,
            readings: self.readings,
            expected: self.readings + self.missed,
            missed: self.missed,
            usual: self.usual.map(|nanos| Duration::from_nanos(nanos as u64)),
            longest: Duration::from_nanos(self.longest.unsigned_abs()),
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{Timestamp, Window};

    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn span(from: i64, until: i64, pace: Pace) -> Span {
        let at = |seconds: i64| Timestamp::from_nanos(seconds * SECOND);
        Span { window: Window::new(at(from), at(until)).unwrap(), pace }
    }

    /// Readings and missing ones of a series that spoke at these seconds.
    #[track_caller]
    fn check(times: &[i64], spans: &[Span], told: Option<i64>, expected: (u64, u64)) {
        let times: Vec<i64> = times.iter().map(|time| time * SECOND).collect();
        let known = Known { from: 0, spans, told: told.map(|told| (told * SECOND) as f64) };
        let mut series = Series::default();
        let early = times.partition_point(|time| *time < 0);
        series.hear(&times[..early], known);
        series.begin();
        // The same in one piece and piece by piece.
        for time in &times[early..] {
            series.hear(&[*time], known);
        }
        let found = series.settle(MetricName::new("m").unwrap(), known);
        assert_eq!((found.readings, found.missed), expected, "{times:?} {spans:?}");
    }

    fn every(from: i64, until: i64, step: i64) -> Vec<i64> {
        (from..until).step_by(step as usize).collect()
    }

    #[test]
    fn what_is_told_is_missed_from_the_beginning_to_the_end() {
        let whole = [span(0, 600, Pace::Told)];
        check(&every(0, 600, 60), &whole, Some(60), (10, 0));
        check(&every(300, 600, 60), &whole, Some(60), (5, 4));
        check(&every(0, 300, 60), &whole, Some(60), (5, 5));
        check(&[], &whole, Some(60), (0, 9));
        check(&every(0, 600, 120), &whole, Some(60), (5, 5));
        check(&every(0, 600, 60), &[span(0, 600, Pace::Learned)], Some(10), (10, 0));
    }

    #[test]
    fn who_spoke_before_the_window_is_missed_in_it() {
        let whole = [span(0, 600, Pace::Learned)];
        check(&every(-600, -60, 60), &whole, None, (0, 10));
        check(&[every(-600, 0, 60), every(300, 600, 60)].concat(), &whole, None, (5, 5));
    }

    #[test]
    fn a_time_in_which_nobody_waits_is_no_hole() {
        let spans = [span(0, 600, Pace::Told), span(1_800, 2_400, Pace::Told)];
        check(&[every(0, 600, 60), every(1_800, 2_400, 60)].concat(), &spans, Some(60), (20, 0));
        check(&[every(0, 600, 60), every(2_100, 2_400, 60)].concat(), &spans, Some(60), (15, 4));
        check(&[every(0, 600, 60), vec![1_000, 1_001], every(1_800, 2_400, 60)].concat(), &spans, Some(60), (22, 0));
        check(&every(0, 2_400, 60), &[], Some(60), (40, 0));
        check(&every(0, 300, 60), &spans, Some(60), (5, 5 + 9));
    }

    #[test]
    fn before_it_was_known_its_own_rhythm_counts() {
        let spans = [span(0, 9_000, Pace::Learned), span(9_000, 9_600, Pace::Told)];
        check(&[every(0, 9_000, 900), every(9_000, 9_600, 60)].concat(), &spans, Some(60), (20, 0));
        check(&[every(0, 4_500, 900), every(9_000, 9_600, 60)].concat(), &spans, Some(60), (15, 5));
    }
}
