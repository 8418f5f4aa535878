//! Light sources: their output decays exponentially, as IES TM-21-11 extrapolates what LM-80 measures.

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::Forecast;
use super::trend::{Trend, Wander};
use crate::detect::parts::usable;

/// What a lamp of unknown kind loses of its output a day, in natural logarithms, and how much kinds differ: 70 % after 4 to 25 years.
const USUAL_LOSS: f64 = 0.0008 / 7.0;
const LOSSES_DIFFER: f64 = 0.0002 / 7.0;
/// What one measurement of output strays, as a part of it.
const NOISE: f64 = 0.0105;
/// How much the loss may change: a hot summer, a failing driver. Variance a day.
const WANDER: Wander = Wander { level: 0.0, slope: (1e-5 / 7.0) * (1e-5 / 7.0) / 7.0 };
/// What the filter says it does not know is this much too little: a change of slope is rarer and larger than a normal distribution allows.
const MODEST: f64 = 3.0;
/// The slowest loss that is reckoned with: half in 130 years.
const SLOWEST: f64 = 1e-4 / 7.0;

/// The output of one light source, in percent of the initial one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Decay {
    /// The logarithm of the limit.
    limit: f64,
    trend: Trend,
    last: Option<i64>,
}

impl Decay {
    /// Life is over at `limit` percent of the initial output.
    pub fn new(limit: f64) -> Option<Self> {
        (limit > 0.0 && limit < 100.0).then(|| Self {
            limit: (limit / 100.0).ln(),
            trend: Trend { level: 0.0, slope: -USUAL_LOSS, unsure: [4e-4, 0.0, LOSSES_DIFFER * LOSSES_DIFFER] },
            last: None,
        })
    }

    /// Takes in the output in percent.
    pub fn observe(&mut self, time: Timestamp, percent: f64) -> Option<Forecast> {
        let now = time.as_nanos();
        // Below a hundredth it is switched off, and not dark with age.
        if !usable(percent) || percent < 1.0 || self.last.is_some_and(|last| now < last) {
            return None;
        }
        let days = self.last.map_or(0.0, |last| now.saturating_sub(last) as f64 / 8.64e13);
        self.last = Some(now);
        self.trend.advance(days.min(3_650.0), WANDER);
        self.trend.correct((percent / 100.0).ln() - self.trend.level, 1.0, NOISE * NOISE, 4.0);
        let loss = (-self.trend.slope).max(SLOWEST);
        let left = (self.trend.level - self.limit).max(0.0007);
        let remaining = left / loss;
        let slope = self.trend.unsure[2] + WANDER.slope * remaining / 3.0;
        let deviation = (slope / (loss * loss) + self.trend.unsure[0] / (left * left)).sqrt();
        Some(Forecast::lognormal(time, remaining, MODEST * deviation))
    }
}
