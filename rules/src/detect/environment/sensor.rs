//! One sensor beside its neighbours.
//!
//! The residual is what it measures less what the neighbours' median says (for concentrations by their logarithms, because gain differs
//! from station to station). Everything is judged in the sensor's own usual strays, learnt by quantiles, which outliers do not move.

use model::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::detect::parts::{Arrivals, Run, Window};
use crate::detect::{About, Evidence, Finding, Turn};

/// What is told of a sensor.
pub(super) const KINDS: &[&str] =
    &["stuck", "dropout", "saturation", "noise_increase", "spikes", "calibration_step", "offset_drift", "gain_drift"];
const STUCK: usize = 0;
const DROPOUT: usize = 1;
const SATURATION: usize = 2;
const NOISE: usize = 3;
const SPIKES: usize = 4;
const STEP: usize = 5;
const OFFSET: usize = 6;
const GAIN: usize = 7;

/// Days until anything is said of residuals.
const SILENT: f64 = 21.0;
/// Days of quick learning.
const YOUNG: f64 = 10.0;
/// Readings that must fail to come.
const MISSING: f64 = 3.0;
/// The median of a day, in its usual strays.
const AWAY: f64 = 3.6;
/// The median distance of a day from its middle, in usual ones.
const NOISY: f64 = 2.8;
/// A spike, in standard deviations, and how many within 30 moments are too many.
const SPIKE: f64 = 4.5;
const SPIKES_TOO_MANY: u32 = 3;
/// How often the highest value of 36 moments must come again.
const CAPPED: usize = 5;
/// Moments of calm after which something is over.
const CALM: u8 = 12;
/// Days after which a sensor that stays elsewhere is taken as it is.
const ACCEPT: f64 = 45.0;

/// What is known of one moment.
pub(super) struct Moment {
    /// The sensor's place in the field.
    pub(super) member: usize,
    /// How long the cohort is known.
    pub(super) days: f64,
    /// The moment that decides.
    pub(super) now: Timestamp,
    /// What it measured, in its unit.
    pub(super) raw: Option<f64>,
    /// The same on the scale on which it is compared.
    pub(super) value: Option<f64>,
    /// What the neighbours say, on that scale.
    pub(super) others: Option<f64>,
}

/// The state of one sensor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Sensor {
    per_day: f64,
    arrivals: Arrivals,
    run: Run,
    /// How it differs from the others, and how much that strays; `None` before the first comparison.
    level: Option<f64>,
    stray: f64,
    compared: u32,
    residuals: Window,
    readings: Window,
    middle_stray: f64,
    spread_usual: f64,
    before: f64,
    spikes: u32,
    open: [bool; KINDS.len()],
    calm: [u8; KINDS.len()],
    away_since: Option<f64>,
}

impl Sensor {
    pub(super) fn new(per_day: f64, period: Duration) -> Self {
        let day = (per_day as usize).clamp(8, 24);
        Self {
            per_day,
            arrivals: Arrivals::new(period, 96),
            run: Run::new(0.0),
            level: None,
            stray: 0.0,
            compared: 0,
            residuals: Window::new(day),
            readings: Window::new(day * 3 / 2),
            middle_stray: 0.5,
            spread_usual: 0.67,
            before: 0.0,
            spikes: 0,
            open: [false; KINDS.len()],
            calm: [0; KINDS.len()],
            away_since: None,
        }
    }

    /// Whether it was never compared.
    pub(super) fn is_new(&self) -> bool {
        self.level.is_none()
    }

    /// Says how it differs from the others at first.
    pub(super) fn start(&mut self, level: Option<f64>) {
        self.level = level;
    }

    /// What it says the air is like, on the scale of the metric.
    pub(super) fn adjusted(&self, value: Option<f64>) -> Option<f64> {
        value.zip(self.level).map(|(value, level)| value - level)
    }

    /// Whether the others may be held against it.
    pub(super) fn is_believed(&self) -> bool {
        ![STUCK, NOISE, STEP, OFFSET, GAIN].iter().any(|kind| self.open[*kind])
    }

    /// How many readings are missing.
    pub(super) fn overdue(&self, now: Timestamp) -> f64 {
        self.arrivals.overdue(now)
    }

    /// Takes in one reading: it speaks, and may say the same again.
    pub(super) fn hear(&mut self, member: usize, time: Timestamp, value: f64, found: &mut Vec<Finding>) {
        self.arrivals.observe(time);
        self.run.observe(time, value);
        let length = f64::from(self.run.length());
        let about = About::Member(member);
        let evidence = Evidence { of: "missing_readings", seen: 0.0, low: 0.0, high: MISSING };
        self.turn(DROPOUT, false, about, time, evidence, found);
        let evidence = Evidence { of: "same_readings", seen: length, low: 1.0, high: 6.0 };
        let stuck = if self.open[STUCK] { length > 1.0 } else { self.run.is_stuck(7, 2.5) };
        self.turn(STUCK, stuck, about, time, evidence, found);
    }

    /// Time has passed: says when readings fail to come.
    pub(super) fn miss(&mut self, member: usize, now: Timestamp, found: &mut Vec<Finding>) {
        let overdue = self.overdue(now);
        if overdue >= MISSING && !self.open[DROPOUT] {
            let evidence = Evidence { of: "missing_readings", seen: overdue, low: 0.0, high: MISSING };
            self.turn(DROPOUT, true, About::Member(member), now, evidence, found);
        }
    }

    /// Compares one moment with the others.
    pub(super) fn judge(&mut self, moment: &Moment, found: &mut Vec<Finding>) {
        self.readings.push(moment.raw);
        let level = self.level.unwrap_or(0.0);
        let residual = moment.value.zip(moment.others).map(|(value, others)| value - others - level);
        self.spikes = (self.spikes << 1) & 0x3fff_ffff;
        let Some(residual) = residual else {
            self.residuals.push(None);
            return;
        };
        if self.stray == 0.0 {
            self.stray = residual.abs().max(0.02);
        }
        let z = (residual / self.stray.max(1e-3)).clamp(-50.0, 50.0);
        self.residuals.push(Some(z));
        let Some(middle) = self.residuals.median() else {
            self.learn(moment.days, residual, z, None);
            return;
        };
        let spread = self.residuals.spread(middle).unwrap_or(0.0);
        if (z - middle).abs() > SPIKE && self.before < 3.0 {
            self.spikes |= 1;
        }
        self.before = (z - middle).abs();
        self.learn(moment.days, residual, z, Some((middle, spread)));
        if moment.days >= SILENT {
            self.say(moment, middle, spread, found);
        }
    }

    /// How far the middle of a day is away, in usual strays.
    fn away(&self, middle: f64) -> f64 {
        middle.abs() / self.middle_stray.max(0.35)
    }

    fn learn(&mut self, days: f64, residual: f64, z: f64, day: Option<(f64, f64)>) {
        let away = day.map_or(0.0, |(middle, _)| self.away(middle));
        let suspect = away > 0.5 * AWAY || self.open.contains(&true);
        if suspect && days > YOUNG {
            return;
        }
        self.compared = self.compared.saturating_add(1);
        let hours = 24.0 / self.per_day;
        let gain = (1.0 / f64::from(self.compared)).max(1.0 - 0.5_f64.powf(1.0 / (120.0 * self.per_day)));
        let reach = 3.0 * self.stray.max(1e-3);
        *self.level.get_or_insert(0.0) += residual.clamp(-reach, reach) * gain;
        let pace = hours
            * match days {
                days if days < YOUNG => 0.02,
                days if days < SILENT => 0.004,
                _ => 0.0006,
            };
        let follow = |usual: &mut f64, above: bool, quantile: f64| {
            *usual *= f64::exp(pace * if above { quantile } else { quantile - 1.0 });
        };
        // Half of a normal distribution is within 0.6745 standard deviations.
        follow(&mut self.stray, z.abs() > 0.6745, 0.5);
        if let Some((middle, spread)) = day {
            let above = middle.abs() > self.middle_stray;
            follow(&mut self.middle_stray, above, 0.75);
            let above = spread > self.spread_usual;
            follow(&mut self.spread_usual, above, 0.5);
        }
        self.stray = self.stray.clamp(1e-3, 1e6);
    }

    fn say(&mut self, moment: &Moment, middle: f64, spread: f64, found: &mut Vec<Finding>) {
        let (about, now) = (About::Member(moment.member), moment.now);
        let away = self.away(middle);
        if away < 0.5 * AWAY {
            self.away_since = None;
        } else {
            self.away_since.get_or_insert(moment.days);
        }
        let since = moment.days - self.away_since.unwrap_or(moment.days);
        let width = AWAY * self.middle_stray.max(0.35) * self.stray;
        let evidence = Evidence { of: "residual", seen: middle * self.stray, low: -width, high: width };
        let standing = [STEP, OFFSET, GAIN].into_iter().find(|kind| self.open[*kind]);
        let kind = standing.unwrap_or(match () {
            () if since < 2.0 => STEP,
            () if middle > 0.0 => OFFSET,
            () => GAIN,
        });
        let limit = if self.open[kind] { 0.6 * AWAY } else { AWAY };
        let accepted = self.open[kind] && since > ACCEPT;
        if accepted {
            *self.level.get_or_insert(0.0) += middle * self.stray;
            self.residuals.clear();
            self.away_since = None;
        }
        self.turn(kind, !accepted && away > limit && middle.abs() > 1.2, about, now, evidence, found);
        let limit = if self.open[NOISE] { 1.5 } else { NOISY };
        let usual = self.spread_usual.max(0.3);
        let evidence = Evidence { of: "noise", seen: spread / usual, low: 0.0, high: NOISY };
        self.turn(NOISE, spread > limit * usual, about, now, evidence, found);
        let count = self.spikes.count_ones();
        let limit = if self.open[SPIKES] { SPIKES_TOO_MANY - 1 } else { SPIKES_TOO_MANY };
        let evidence = Evidence { of: "spikes", seen: f64::from(count), low: 0.0, high: f64::from(SPIKES_TOO_MANY) };
        self.turn(SPIKES, count >= limit, about, now, evidence, found);
        self.cap(about, now, found);
    }

    /// A sensor at the end of its scale says the same highest value again and again, below what the others say.
    fn cap(&mut self, about: About, now: Timestamp, found: &mut Vec<Finding>) {
        let highest = self.readings.values().fold(f64::MIN, f64::max);
        let times = self.readings.values().filter(|value| *value == highest).count();
        let limit = if self.open[SATURATION] { CAPPED - 2 } else { CAPPED };
        // The residuals of a day lie beside the readings of a day and a half: their ends are the same moments, or nearly.
        let skip = self.readings.values().count().saturating_sub(self.residuals.values().count());
        let (mut below, mut count) = (0, 0);
        for (reading, residual) in self.readings.values().skip(skip).zip(self.residuals.values()) {
            if reading == highest {
                count += 1;
                below += usize::from(residual < -0.8);
            }
        }
        let capped =
            times >= limit && self.run.length() < 7 && (self.open[SATURATION] || (count > 0 && below * 2 > count));
        let evidence = Evidence { of: "highest_again", seen: times as f64, low: 0.0, high: CAPPED as f64 };
        self.turn(SATURATION, capped, about, now, evidence, found);
    }

    fn turn(
        &mut self,
        kind: usize,
        wrong: bool,
        about: About,
        time: Timestamp,
        evidence: Evidence,
        found: &mut Vec<Finding>,
    ) {
        if wrong == self.open[kind] {
            self.calm[kind] = 0;
            return;
        }
        self.calm[kind] += 1;
        let at_once = wrong || kind == DROPOUT || kind == STUCK;
        if at_once || self.calm[kind] >= CALM {
            self.calm[kind] = 0;
            self.open[kind] = wrong;
            let turn = if wrong { Turn::Raised } else { Turn::Cleared };
            found.push(Finding { about, kind: KINDS[kind], turn, time, evidence });
        }
    }
}
