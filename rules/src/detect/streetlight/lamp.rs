//! One lamp: what it does against what it was told.

use model::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

use super::level::{Expected, Levels};
use crate::detect::parts::{LossyLink, Standing};

/// Less than this share of what is expected is dark.
const DARK: f32 = 0.15;
/// More than this share of full power is light.
const LIGHT: f32 = 0.3;
/// How much light there is by day at least, in lux, for a burning lamp to be waste. A storm is darker.
const DAY_LUX: f32 = 100.0;
/// No lamp takes more, in watts; a meter that says so is taken at this.
const MOST_POWER: f64 = 1e6;
/// How long a lamp may burn by day: crews test lines for an hour or so.
const BURNS_AFTER: Duration = Duration::from_secs(115 * 60);
/// The least loss that is taken for a part of the lamp, as a share of its power.
const PART_LOST: f32 = 0.06;
/// The least excess over a dimmed level that is taken for deafness.
const DEAF: f32 = 0.10;
/// A decline in which less than this is lost is not worth a visit.
const DECLINE: f32 = 0.015;
/// The weight of a new reading in the slow mean: some two nights.
const SLOW: f32 = 1.0 / 40.0;
/// How fast the usual size of that mean is learned: some two months, or a decline would teach it to be patient.
const WANDERS: f32 = SLOW / 32.0;
/// How fast returns from the dark are forgotten.
const FORGET_FLIPS: Duration = Duration::from_secs(36 * 3600);
/// Readings in the light after which a lamp counts as whole again.
const WELL: u8 = 8;
/// Lit readings above the level after which a stronger lamp hangs there.
const ANOTHER_LAMP: u8 = 44;

/// One measurement of a lamp.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(super) struct Measured {
    pub(super) time: i64,
    /// In watts, never negative.
    pub(super) power: f32,
    /// What it was told, in steps of five percent; `None` when nobody knows.
    pub(super) dim: Option<u8>,
    /// How light it is around; `None` when nobody knows.
    pub(super) lux: Option<f32>,
}

impl Measured {
    /// From what came, with the command guessed by daylight when it did not come along.
    pub(super) fn new(time: Timestamp, power: f64, dim: f64, lux: f64) -> Option<Self> {
        if !power.is_finite() {
            return None;
        }
        let dim = if dim.is_finite() {
            Some(((dim.clamp(0.0, 100.0) / 5.0).round() * 5.0) as u8)
        } else if lux < 5.0 {
            Some(100)
        } else if lux > 500.0 {
            Some(0)
        } else {
            None
        };
        Some(Self {
            time: time.as_nanos(),
            power: power.clamp(0.0, MOST_POWER) as f32,
            dim,
            lux: lux.is_finite().then_some(lux.clamp(0.0, 1e6) as f32),
        })
    }
}

/// Readings in a row that look alike, and since when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Run {
    count: u8,
    since: i64,
}

impl Run {
    fn add(&mut self, time: i64) {
        if self.count == 0 {
            self.since = time;
        }
        self.count = self.count.saturating_add(1);
    }

    /// Whether it has at least so many readings and lasted at least so long by `now`.
    pub(super) fn lasts(&self, count: u8, now: i64, long: Duration) -> bool {
        self.count >= count && Timestamp::from_nanos(now).since(Timestamp::from_nanos(self.since)) >= long
    }

    pub(super) fn is_over(&self) -> bool {
        self.count == 0
    }
}

/// The state of one lamp.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Lamp {
    pub(super) link: LossyLink,
    pub(super) pending: Option<Measured>,
    pub(super) standing: Standing,
    levels: Levels,
    /// The newest residual of a lit reading, for its neighbours: time, command, natural logarithm.
    residual: Option<(i64, u8, f32)>,
    last_dim: Option<u8>,
    pub(super) newest: f32,
    pub(super) dark: Run,
    pub(super) burning: Run,
    low: Run,
    high: Run,
    stronger: Run,
    recovered: Run,
    well: Run,
    /// Returns from the dark, forgotten exponentially, and when that was last brought up to date.
    flips: f32,
    flips_at: i64,
    /// The slow mean of what is missing, and the usual size of that mean.
    drift: f32,
    restless: f32,
}

/// What a lamp looks like after a reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Yes,
    No,
    /// Neither: what stands stays, and nothing new is raised.
    Perhaps,
}

impl Lamp {
    /// Compares a reading with what is expected, before anybody looks at the neighbours.
    pub(super) fn compare(&mut self, measured: Measured) {
        self.newest = measured.power;
        if let Some((dim, expected)) = self.lit(&measured) {
            let residual = measured.power.max(1e-3).ln() - expected.log_power;
            if residual > DARK.ln() {
                self.residual = Some((measured.time, dim, residual));
            }
        }
    }

    /// The residual that neighbours may compare with at `time` and under the same command.
    pub(super) fn residual_at(&self, time: i64, dim: u8, window: Duration) -> Option<f32> {
        let (at, own, residual) = self.residual?;
        (own == dim && Timestamp::from_nanos(time).since(Timestamp::from_nanos(at)) <= window).then_some(residual)
    }

    /// What it should take at full power, in watts.
    pub(super) fn full_power(&self) -> Option<f32> {
        self.levels.full_power()
    }

    /// Whether this is light, told or not; `None` while nothing is known of it.
    pub(super) fn shines(&self, measured: &Measured) -> Option<bool> {
        self.full_power().map(|full| measured.power > LIGHT * full)
    }

    /// What is missing by the slow mean, as a share of power (negative when missing).
    pub(super) fn drift(&self) -> f32 {
        self.drift
    }

    fn lit(&self, measured: &Measured) -> Option<(u8, Expected)> {
        let dim = measured.dim.filter(|&dim| dim > 0)?;
        Some((dim, self.levels.expected(dim)?))
    }

    /// Takes in a reading whose neighbours showed `common` beside what was expected of them; `typical` is the full power of the
    /// lamps around, for a lamp that was never seen alight.
    pub(super) fn take(&mut self, measured: Measured, common: f32, typical: Option<f32>) {
        let settled = self.last_dim == measured.dim;
        self.last_dim = measured.dim;
        let Some(dim) = measured.dim else { return };
        if dim == 0 {
            self.by_day(&measured, settled, typical);
            return;
        }
        // What burnt by day goes on burning at night; what only began to is forgotten, or dusk and dawn would add up to a day.
        if !self.burning.lasts(3, measured.time, BURNS_AFTER) {
            self.burning = Run::default();
        }
        let log_power = measured.power.max(1e-3).ln();
        let Some(expected) = self.levels.expected(dim) else {
            if typical.is_some_and(|typical| measured.power < DARK / 2.0 * typical) {
                self.dark.add(measured.time);
            } else if measured.power > 0.5 {
                self.levels.begin(dim, log_power);
            }
            return;
        };
        let residual = log_power - expected.log_power;
        if residual < DARK.ln() {
            // In the half hour in which the command changes, the reading may be older than the command.
            if settled {
                self.well = Run::default();
                self.dark.add(measured.time);
            }
            return;
        }
        self.forget_flips(measured.time);
        if !self.dark.is_over() {
            self.flips += 1.0;
            self.dark = Run::default();
        }
        self.well.add(measured.time);
        if settled {
            self.weigh(dim, expected, residual, residual - common, measured.time);
        }
    }

    /// Looks at a lit reading: `own` is what the neighbours do not share.
    fn weigh(&mut self, dim: u8, expected: Expected, residual: f32, own: f32, time: i64) {
        let noise = self.levels.noise();
        let log_lost = (1.0 - PART_LOST).ln();
        count(&mut self.low, -own, (-log_lost).max(6.0 * noise), time);
        let run = if dim < 95 { &mut self.high } else { &mut self.stronger };
        count(run, own, (1.0 + DEAF).ln().max(6.0 * noise), time);
        if self.stronger.count >= ANOTHER_LAMP {
            self.levels.forget();
            (self.drift, self.restless) = (0.0, 0.0);
            self.stronger = Run::default();
            return;
        }
        // A sudden loss is a part of the lamp, and must not look like a decline when it has been repaired.
        if expected.exact && self.low.is_over() {
            self.drift += SLOW * (own.clamp(-0.15, 0.15) - self.drift);
            // The slow mean would take a week to believe in a repair that single readings show.
            count(&mut self.recovered, own, -DECLINE / 2.0, time);
            if self.recovered.count >= 6 && self.drift < -DECLINE {
                self.drift = 0.0;
            }
            if !self.standing.any() {
                self.restless += WANDERS * (self.drift.abs().min(DECLINE) - self.restless);
            }
        }
        let usual = own.abs() < (5.0 * noise).max(0.05);
        if usual && !self.standing.any() {
            self.levels.learn(dim, expected, residual, own, self.drift);
        }
    }

    fn by_day(&mut self, measured: &Measured, settled: bool, typical: Option<f32>) {
        let full = self.levels.full_power().or(typical);
        let light = full.is_some_and(|full| measured.power > LIGHT * full);
        let bright = measured.lux.is_none_or(|lux| lux >= DAY_LUX);
        if !light {
            self.burning = Run::default();
        } else if bright && settled {
            self.burning.add(measured.time);
        }
    }

    fn forget_flips(&mut self, time: i64) {
        let passed = Timestamp::from_nanos(time).since(Timestamp::from_nanos(self.flips_at));
        self.flips *= (-passed.as_secs_f32() / FORGET_FLIPS.as_secs_f32()).exp();
        self.flips_at = time;
    }

    /// Dark although told to shine. Sooner believed of a lamp that was dark before.
    pub(super) fn is_out(&self, now: i64) -> Look {
        let before = self.flips > 0.3;
        let (count, long) = if before { (2, 25) } else { (3, 45) };
        if self.dark.lasts(count, now, Duration::from_secs(long * 60)) {
            Look::Yes
        } else {
            look(false, self.well.count >= WELL)
        }
    }

    /// Again and again dark for a while.
    pub(super) fn is_cycling(&self) -> Look {
        look(self.flips > 2.2, self.flips < 0.5)
    }

    /// A part of it is dark.
    pub(super) fn lost_a_part(&self, now: i64) -> Look {
        look(self.low.lasts(3, now, Duration::from_secs(45 * 60)), self.low.is_over() && self.well.count >= WELL)
    }

    /// Does not follow the command to be dimmer.
    pub(super) fn is_deaf(&self, now: i64) -> Look {
        look(self.high.lasts(3, now, Duration::from_secs(45 * 60)), self.high.is_over())
    }

    /// Declines, in the slow mean.
    pub(super) fn declines(&self) -> Look {
        let noise = self.levels.noise() * (SLOW / (2.0 - SLOW)).sqrt();
        let bound = DECLINE.max(6.0 * noise).max(6.0 * self.restless);
        look(self.drift < -bound, self.drift > -bound / 2.0)
    }

    /// Burns by day.
    pub(super) fn burns_by_day(&self, now: i64) -> Look {
        look(self.burning.lasts(3, now, BURNS_AFTER), self.burning.is_over())
    }
}

fn look(yes: bool, no: bool) -> Look {
    match (yes, no) {
        (true, _) => Look::Yes,
        (false, true) => Look::No,
        (false, false) => Look::Perhaps,
    }
}

/// Continues a run while `size` is at least `bound`, and ends it only when it is clearly below.
fn count(run: &mut Run, size: f32, bound: f32, time: i64) {
    if size >= bound {
        run.add(time);
    } else if size < bound.min(bound / 2.0) || bound <= 0.0 {
        *run = Run::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lamp_takes_less_than_a_kibibyte() {
        // Four levels of twelve bytes and a few rests are kept beside it.
        assert!(size_of::<Lamp>() + 4 * 12 + 9 * 16 <= 1024, "{}", size_of::<Lamp>());
    }
}
