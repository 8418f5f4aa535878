//! A machine with several sensors and a healthy beginning: one of them leaves the range in which it wandered.
//!
//! In the first values of each sensor its mean, its noise and its *wandering* are learnt: the range between the lowest and the highest mean
//! of a block. A temperature that creeps while the machine warms up has a wide range and must go far to be noticed; a flow that holds
//! steady has a narrow one. Afterwards a smoothed value is compared with that. Noise alone, as in Hotelling's T² (1947), calls creeping a
//! fault; that is why it does no better than chance on many runs of the Skoltech Anomaly Benchmark (Katser and Kozitsin, 2020), where
//! this is measured.

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::detector::{About, Detector, Evidence, Field, Finding, Sample, Turn};
use super::parts::{Mean, usable};

/// How many values of a sensor are taken for healthy.
const HEALTHY: u32 = 400;
/// How many values make a block.
const BLOCK: u32 = 50;
/// Over how many values is smoothed.
const SMOOTH: u32 = 20;
/// How many times its range a sensor may be away from its mean.
const FAR: f64 = 3.1;

/// What is known of one sensor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Range {
    heard: u32,
    mean: f64,
    squares: f64,
    block: f64,
    lowest: f64,
    highest: f64,
    smooth: Mean,
}

impl Default for Range {
    fn default() -> Self {
        Self { heard: 0, mean: 0.0, squares: 0.0, block: 0.0, lowest: 0.0, highest: 0.0, smooth: Mean::new(SMOOTH) }
    }
}

impl Range {
    /// How many of its ranges the sensor is away from its healthy mean; 0 while that is learnt. A value that is not usable changes nothing.
    pub fn observe(&mut self, value: f64) -> f64 {
        if usable(value) {
            self.smooth.learn(value);
            if self.heard < HEALTHY {
                self.learn(value);
            }
        }
        if self.heard < HEALTHY { 0.0 } else { (self.smoothed() - self.mean).abs() / self.width() }
    }

    fn learn(&mut self, value: f64) {
        self.heard += 1;
        let away = value - self.mean;
        self.mean += away / f64::from(self.heard);
        self.squares += away * (value - self.mean);
        self.block += (value - self.block) / f64::from((self.heard - 1) % BLOCK + 1);
        if self.heard.is_multiple_of(BLOCK) {
            let first = self.heard == BLOCK;
            self.lowest = if first { self.block } else { self.lowest.min(self.block) };
            self.highest = if first { self.block } else { self.highest.max(self.block) };
        }
    }

    fn smoothed(&self) -> f64 {
        self.smooth.value().unwrap_or(0.0)
    }

    /// The range of the blocks, and what is left of the noise after smoothing.
    fn width(&self) -> f64 {
        let noise = self.squares / f64::from(HEALTHY) / f64::from(2 * SMOOTH);
        let range = self.highest - self.lowest;
        // A sensor that showed one single value so far is believed to a billionth.
        (noise + range * range).sqrt().max(1e-9 * self.mean.abs()).max(1e-12)
    }
}

/// Watches machines: the groups of a field.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Multivariate {
    members: Vec<Sensor>,
    /// How many sensors of each group are away.
    away: Vec<u32>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Sensor {
    range: Range,
    group: usize,
    away: bool,
}

impl Detector for Multivariate {
    const NAME: &'static str = "multivariate";
    const KINDS: &'static [&'static str] = &["left_its_range"];
    const COMPANIONS: &'static [&'static str] = &[];

    fn new(field: &Field) -> Self {
        let sensor = |group| Sensor { range: Range::default(), group, away: false };
        let groups = field.members.iter().map(|member| member.group + 1).max().unwrap_or(0);
        Self { members: field.members.iter().map(|member| sensor(member.group)).collect(), away: vec![0; groups] }
    }

    fn observe(&mut self, sample: &Sample<'_>, found: &mut Vec<Finding>) {
        let Some(sensor) = self.members.get_mut(sample.member) else { return };
        let away = sensor.range.observe(sample.value) > FAR;
        if away == sensor.away {
            return;
        }
        sensor.away = away;
        let count = &mut self.away[sensor.group];
        let turn = match (away, *count) {
            (true, 0) => Turn::Raised,
            (false, 1) => Turn::Cleared,
            _ => {
                *count = if away { *count + 1 } else { *count - 1 };
                return;
            }
        };
        *count = u32::from(away);
        let (mean, reach) = (sensor.range.mean, FAR * sensor.range.width());
        let evidence =
            Evidence { of: "smoothed value", seen: sensor.range.smoothed(), low: mean - reach, high: mean + reach };
        found.push(Finding {
            about: About::Group(sensor.group),
            kind: "left_its_range",
            turn,
            time: sample.time,
            evidence,
        });
    }

    fn beat(&mut self, _: Timestamp, _: &mut Vec<Finding>) {}
}
