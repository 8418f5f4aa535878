//! What goes into the network, against what it usually takes at this time of such a day.
//!
//! The sum of the flows at the sources is the consumption and the losses (IWA, *Losses from Water Supply Systems*, 2000). Which way a
//! tank's meter counts is learnt: its flow out rises when the pressures fall. Which kind of day it is, is read from its shape, so a
//! holiday on a Monday is a Sunday, and a day on which clocks were moved is an hour off.

use serde::{Deserialize, Serialize};

use crate::detect::parts::Window;

/// The kinds of day that may be: as the calendar says, the other kind, and an hour sooner or later.
const GUESSES: usize = 4;

/// Where the sum of the flows stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Standing {
    /// How far above its level of the last days, in usual strays.
    pub(super) jump: f64,
    /// The sum now.
    pub(super) seen: f64,
    /// What was expected.
    pub(super) expected: f64,
    /// One usual stray.
    pub(super) stray: f64,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Meter {
    sum: f64,
    squares: f64,
    with_pressure: f64,
    last: Option<f64>,
}

impl Meter {
    /// 1 when the meter counts into the network, -1 when out of it.
    fn sign(&self, weight: f64) -> f64 {
        let usual = (self.squares / weight).sqrt();
        if self.sum.abs() > 0.3 * usual * weight { self.sum.signum() } else { -self.with_pressure.signum() }
    }
}

/// The balance of one network.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Balance {
    meters: Vec<Meter>,
    weight: f64,
    pressure: Option<f64>,
    per_day: usize,
    /// Workdays, then weekends; the sum of the flows in each part of the day.
    profile: Vec<f32>,
    known: Vec<bool>,
    guesses: [Window; GUESSES],
    shifted: u32,
    level: f64,
    stray: f64,
}

/// Below this share of the mean flow nothing is called unusual: what meters of 1 % can tell.
const LEAST_STRAY: f64 = 0.008;

impl Balance {
    pub(super) fn new(flows: usize, per_day: usize, window: usize) -> Self {
        Self {
            meters: vec![Meter::default(); flows],
            weight: 0.0,
            pressure: None,
            per_day,
            profile: vec![0.0; 2 * per_day],
            known: vec![false; 2 * per_day],
            guesses: std::array::from_fn(|_| Window::new(window)),
            shifted: 0,
            level: 0.0,
            stray: 0.05,
        }
    }

    /// Takes in the flows of one part of a day. `trust` is how much may be learnt from it, from 0 to 1; `days` is how long the network is known.
    pub(super) fn observe(
        &mut self,
        slot: i64,
        days: f64,
        flows: &[Option<f64>],
        pressure: Option<f64>,
        trust: f64,
    ) -> Option<Standing> {
        let change = pressure.zip(self.pressure).map(|(now, before)| now - before);
        self.pressure = pressure.or(self.pressure);
        self.weight = self.weight * 0.9995 + 1.0;
        let mut total = Some(0.0);
        for (meter, flow) in self.meters.iter_mut().zip(flows) {
            meter.sum *= 0.9995;
            meter.squares *= 0.9995;
            meter.with_pressure *= 0.9998;
            if let Some(flow) = flow {
                meter.sum += flow;
                meter.squares += flow * flow;
                if let (Some(last), Some(change)) = (meter.last, change) {
                    meter.with_pressure += (flow - last) * change;
                }
            }
            meter.last = *flow;
            total = total.zip(*flow).map(|(sum, flow)| sum + meter.sign(self.weight) * flow);
        }
        let total = total?;
        let per_day = self.per_day as i64;
        let part = slot.rem_euclid(per_day) as usize;
        // 1 January 1970 was a Thursday.
        let weekday = (slot.div_euclid(per_day) + 3).rem_euclid(7);
        let kind = usize::from(weekday >= 5);
        let standing = self.compare(kind, part, days, total, trust);
        let best = standing.as_ref().map_or(0, |(guess, _)| *guess);
        self.follow_clocks(best);
        if best == 0 {
            self.learn_shape(kind * self.per_day + part, days, total, trust);
        }
        standing.map(|(_, standing)| standing)
    }

    fn mean(&self) -> f64 {
        let (sum, count) = self
            .profile
            .iter()
            .zip(&self.known)
            .filter(|(_, known)| **known)
            .fold((0.0, 0.0), |(sum, count), (value, _)| (sum + f64::from(*value), count + 1.0));
        (sum / f64::max(count, 1.0)).abs().max(1e-6)
    }

    fn expect(&self, kind: usize, part: usize, guess: usize) -> Option<f64> {
        let hour = self.per_day / 24;
        let (kind, part) = match guess {
            0 => (kind, part),
            1 => (1 - kind, part),
            2 => (kind, part + hour),
            _ => (kind, part + self.per_day - hour),
        };
        let place = kind * self.per_day + part % self.per_day;
        self.known[place].then(|| f64::from(self.profile[place]))
    }

    fn compare(&mut self, kind: usize, part: usize, days: f64, total: f64, trust: f64) -> Option<(usize, Standing)> {
        if days < 7.0 {
            return None;
        }
        let mean = self.mean();
        let mut best = (0, f64::MAX, 0.0);
        for guess in 0..GUESSES {
            let expected = self.expect(kind, part, guess);
            self.guesses[guess].push(expected.map(|expected| (total - expected) / mean));
            let Some(middle) = self.guesses[guess].median() else { continue };
            let spread = self.guesses[guess].spread(middle)?;
            // Another day than the calendar's must fit at least twice as well, and a moved clock three times.
            let spread = spread * [1.0, 2.0, 3.0, 3.0][guess];
            if spread < best.1 {
                best = (guess, spread, middle);
            }
        }
        let (guess, spread, share) = best;
        if spread == f64::MAX {
            return None;
        }
        if days < 9.0 {
            self.level += (share - self.level) * 0.02;
        }
        let stray = self.stray.max(LEAST_STRAY);
        let standing = Standing {
            jump: (share - self.level) / stray,
            seen: total,
            expected: total - (share - self.level) * mean,
            stray: stray * mean,
        };
        if days > 9.0 {
            self.learn_level(share, stray, days, trust);
        }
        Some((guess, standing))
    }

    /// The level follows slowly, and what went away (a repair) quickly; the usual stray is the upper quartile of the distances.
    fn learn_level(&mut self, share: f64, stray: f64, days: f64, trust: f64) {
        let per_day = self.per_day as f64;
        let fell = share < self.level - 2.0 * stray;
        if !fell {
            let haste = if days < 13.0 { 2.0 } else { trust };
            let step = if (share - self.level).abs() > self.stray { 0.75 } else { -0.25 };
            self.stray = (self.stray * (0.96 / per_day * haste * step).exp()).max(LEAST_STRAY);
        }
        let gain = (0.46 / per_day * if fell { 5.0 } else { 1.0 } * trust).min(1.0);
        self.level += (share - self.level).clamp(-3.0 * stray, 3.0 * stray) * gain;
    }

    fn learn_shape(&mut self, place: usize, days: f64, total: f64, trust: f64) {
        // A weekend comes once a week and would otherwise remember the first months for ever.
        let gain = if place < self.per_day { 0.15 } else { 0.35 };
        if !self.known[place] {
            self.known[place] = true;
            self.profile[place] = total as f32;
            return;
        }
        let level = if days < 8.0 { 0.0 } else { self.level * self.mean() };
        let old = f64::from(self.profile[place]);
        self.profile[place] = (old + trust * gain * (total - old - level)) as f32;
    }

    /// When an hour sooner or later has fitted for a whole day, clocks were moved, and the shape moves with them.
    fn follow_clocks(&mut self, best: usize) {
        let hour = self.per_day / 24;
        self.shifted = if best >= 2 { self.shifted + 1 } else { 0 };
        if self.shifted as usize >= self.per_day {
            self.shifted = 0;
            for (profile, known) in self.profile.chunks_mut(self.per_day).zip(self.known.chunks_mut(self.per_day)) {
                if best == 2 {
                    profile.rotate_left(hour);
                    known.rotate_left(hour);
                } else {
                    profile.rotate_right(hour);
                    known.rotate_right(hour);
                }
            }
            self.guesses.iter_mut().for_each(Window::clear);
        }
    }
}
