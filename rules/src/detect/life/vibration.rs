//! Rotating machines: long nothing, then a defect whose vibration grows exponentially until the limit of ISO 20816.
//!
//! While nothing is to be seen, what remains is what machines of the class still had when they were as old (Weibull's distribution, given
//! that this age was reached; Weibull, *J. Appl. Mech.* 18, 1951) and the time that a defect usually takes. From the first sign on, the
//! growth itself is followed (exponential degradation: Gebraeel et al., *IIE Transactions* 37, 2005).

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::Forecast;
use super::TENTH;
use super::trend::{Trend, Wander};
use crate::detect::parts::usable;

/// The first readings tell what is usual for the machine.
const FIRST: u32 = 20;
/// Weibull's shape and scale (days) of the time until a defect begins to show, of a pump of unknown kind.
const SHAPE: f64 = 3.0;
const SCALE: f64 = 330.0;
/// How long a defect then takes to the limit, in days, and the standard deviation of the logarithm of that.
const DEFECT: f64 = 120.0;
const DEFECTS_DIFFER: f64 = 0.35;
/// How fast a defect usually grows a day, and how much that differs, as a part of it.
const GROWTH: f64 = 0.03;
const GROWTHS_DIFFER: f64 = 0.3;
/// The slowest growth that is reckoned with.
const SLOWEST: f64 = 0.008;
/// How much the defect and its growth may change by themselves, as variance a day.
const WANDER: Wander = Wander { level: 4e-4, slope: 9e-8 };
/// What the filter says it does not know is this much too little.
const MODEST: f64 = 1.3;
/// Readings that are averaged until growth is seen, and how often in a row their mean must be high.
const AVERAGED: usize = 9;
const HIGH_IN_A_ROW: u8 = 5;

/// The vibration of one machine, as velocity in mm/s RMS.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Vibration {
    limit: f64,
    heard: u32,
    usual: f64,
    stray: f64,
    newest: [f64; AVERAGED],
    high: u8,
    growth: Option<Trend>,
    first: Option<i64>,
    last: i64,
}

impl Vibration {
    /// Life is over at `limit` mm/s.
    pub fn new(limit: f64) -> Option<Self> {
        (limit > 0.0 && limit < 1e6).then_some(Self {
            limit,
            heard: 0,
            usual: 0.0,
            stray: 0.025 * limit,
            newest: [0.0; AVERAGED],
            high: 0,
            growth: None,
            first: None,
            last: 0,
        })
    }

    /// Takes in the vibration in mm/s.
    pub fn observe(&mut self, time: Timestamp, velocity: f64) -> Option<Forecast> {
        let now = time.as_nanos();
        if !usable(velocity) || velocity < 0.0 || (self.first.is_some() && now < self.last) {
            return None;
        }
        let velocity = velocity.min(1e6);
        let first = *self.first.get_or_insert(now);
        let days = if self.heard == 0 { 0.0 } else { now.saturating_sub(self.last) as f64 / 8.64e13 };
        self.last = now;
        self.newest[self.heard as usize % AVERAGED] = velocity;
        self.heard = self.heard.saturating_add(1);
        if self.growth.is_none() {
            self.look(velocity);
        }
        let age = now.saturating_sub(first) as f64 / 8.64e13;
        Some(match &mut self.growth {
            Some(growth) => grow(growth, days, velocity, self.usual, self.stray, self.limit, time),
            None => wait(age, time),
        })
    }

    /// Learns what is usual, and looks whether it no longer is.
    fn look(&mut self, velocity: f64) {
        if self.heard <= FIRST {
            self.usual += (velocity - self.usual) / f64::from(self.heard);
            return;
        }
        let mean = self.newest.iter().sum::<f64>() / AVERAGED as f64 - self.usual;
        if mean > self.stray {
            self.high += 1;
        } else {
            self.high = 0;
            let away = velocity - self.usual;
            self.usual += away.clamp(-2.0 * self.stray, 2.0 * self.stray) * 0.02;
            self.stray += (1.2533 * away.abs().min(3.0 * self.stray) - self.stray) * 0.02;
            self.stray = self.stray.max(1e-4 * self.limit);
        }
        if self.high >= HIGH_IN_A_ROW {
            let differ = GROWTHS_DIFFER * GROWTH;
            self.growth = Some(Trend { level: mean.ln(), slope: GROWTH, unsure: [0.15, 0.0, differ * differ] });
        }
    }
}

/// What remains while nothing is to be seen at `age` days.
fn wait(age: f64, now: Timestamp) -> Forecast {
    let gone = (age / SCALE).powf(SHAPE);
    let begins = |probability: f64| SCALE * (gone - (1.0 - probability).ln()).powf(1.0 / SHAPE) - age;
    let differ = (TENTH * DEFECTS_DIFFER).exp();
    Forecast::after(now, begins(0.1) + DEFECT / differ, begins(0.5) + DEFECT, begins(0.9) + DEFECT * differ)
}

/// What remains of a defect that grows: its vibration is the exponential of the trend's level.
fn grow(growth: &mut Trend, days: f64, velocity: f64, usual: f64, stray: f64, limit: f64, now: Timestamp) -> Forecast {
    growth.advance(days.min(365.0), WANDER);
    // The vibration of the defect alone never leaves what a machine can do, so the exponential stays finite.
    let (low, high) = ((1e-3 * limit).ln(), (10.0 * limit).ln());
    growth.level = growth.level.clamp(low, high);
    let defect = growth.level.exp();
    let noise = stray * stray + 0.0025 * defect * defect;
    growth.correct(velocity - usual - defect, defect, noise, 3.0);
    growth.level = growth.level.clamp(low, high);
    growth.slope = growth.slope.clamp(SLOWEST, 1.0);
    let slope = growth.slope;
    let remaining = (((limit - usual).max(0.07 * limit).ln() - growth.level) / slope).max(0.3);
    let [level, both, rate] = growth.unsure;
    let variance =
        level / (slope * remaining).powi(2) + rate / (slope * slope) + 2.0 * both / (slope * slope * remaining);
    Forecast::lognormal(now, remaining, MODEST * variance.max(0.0).sqrt())
}
