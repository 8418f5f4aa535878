//! Remaining useful life: when a lamp will be too dark, a pump shake too much. A forecast with its honest uncertainty, from every reading.

mod decay;
mod trend;
mod vibration;

use model::Timestamp;
use serde::{Deserialize, Serialize};

pub use decay::Decay;
pub use vibration::Vibration;

/// When something is expected to reach its limit: with 10, 50 and 90 % probability it has by then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Forecast {
    /// The reading up to which everything was known.
    pub asof: Timestamp,
    /// One in ten ends sooner.
    pub p10: Timestamp,
    /// As likely sooner as later.
    pub p50: Timestamp,
    /// One in ten lasts longer.
    pub p90: Timestamp,
}

/// Nobody plans further ahead than this, in days.
const FARTHEST: f64 = 36_500.0;
/// The standard normal distribution's 90th percentile.
const TENTH: f64 = 1.281_551_565_545;
/// No forecast is told to be surer than this, as a standard deviation of the logarithm of what remains: loads and weather are not known ahead.
const UNSURE: f64 = 0.2;

impl Forecast {
    /// Of days from `asof`; what is no number of days counts as very many, and the three never cross.
    fn after(asof: Timestamp, p10: f64, p50: f64, p90: f64) -> Self {
        let days = |days: f64| if days.is_nan() { FARTHEST } else { days.clamp(0.0, FARTHEST) };
        let at = |days: f64| asof.plus(model::Duration::from_secs((days * 86_400.0) as u64));
        let (p10, p90) = (days(p10), days(p90));
        let p50 = days(p50).clamp(p10.min(p90), p90.max(p10));
        Self { asof, p10: at(p10.min(p50)), p50: at(p50), p90: at(p90.max(p50)) }
    }

    /// Of what remains in the middle, and the standard deviation of its logarithm.
    fn lognormal(asof: Timestamp, middle: f64, deviation: f64) -> Self {
        let deviation = if deviation.is_finite() { deviation.hypot(UNSURE) } else { 3.0 };
        let factor = (TENTH * deviation.min(3.0)).exp();
        Self::after(asof, middle / factor, middle, middle * factor)
    }
}

/// How something of one kind ages.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Life {
    /// A light source that grows darker.
    Decay(Decay),
    /// A machine that shakes more and more.
    Vibration(Vibration),
}

impl Life {
    /// For a metric of the product, with the limit at which life is over; `None` where no law of ageing is known.
    pub fn of(metric: &str, limit: f64) -> Option<Self> {
        match metric {
            "luminous_output" => Decay::new(limit).map(Self::Decay),
            "vibration_rms" => Vibration::new(limit).map(Self::Vibration),
            _ => None,
        }
    }

    /// Takes in one reading. `None` while nothing can be said; what is no number teaches nothing.
    pub fn observe(&mut self, time: Timestamp, value: f64) -> Option<Forecast> {
        match self {
            Self::Decay(decay) => decay.observe(time, value),
            Self::Vibration(vibration) => vibration.observe(time, value),
        }
    }
}
