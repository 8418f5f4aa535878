//! Any single series, about which nothing is known: it does what it never did before.
//!
//! Four simple views of the series are each compared with their own record ([`Record`]): how far a value is from what is usual at this
//! hour, the same over some two dozen values, how far it is from its long mean, and from its shorter one, the last two upwards and
//! downwards apart. A view that beats its record by a wide enough factor is a surprise. There is no unit, no noise level and no threshold
//! in the series' own words: the series' own past is the measure. After a surprise there is rest, because what follows is mostly the same
//! event.
//!
//! Measured on the Numenta Anomaly Benchmark (Lavin and Ahmad, ICMLA 2015); the factors are those at which one parameter set served its
//! files best, and they hold when files are set aside.

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::detector::{About, Detector, Evidence, Field, Finding, Sample, Turn};
use super::parts::{Mean, Record, usable};

/// The logarithms of the factors by which the views must beat their records.
const HOUR: f64 = 0.055;
const WHILE: f64 = 0.108;
const LONG: f64 = 0.17;
const SHORT: f64 = 0.156;
/// Over how many values a record is forgotten.
const MEMORY: f64 = 10_000.0;
/// How many values an hour of the day remembers.
const USUAL: u32 = 50;
/// How many values there is rest after a surprise.
const REST: u32 = 100;
/// From which part of a surprise on there is rest.
const NEARLY: f64 = 0.9;
const HOURS: usize = 24;
const HOUR_NANOS: i64 = 3_600_000_000_000;

/// What is known of one series: 0.8 KiB.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Habit {
    hours: Vec<Mean>,
    off: Mean,
    long: Mean,
    short: Mean,
    from_hour: Record,
    from_hour_while: Record,
    from_long: [Record; 2],
    from_short: [Record; 2],
    rest: u32,
}

impl Default for Habit {
    fn default() -> Self {
        let record = || Record::new(MEMORY);
        Self {
            hours: vec![Mean::new(USUAL); HOURS],
            off: Mean::new(25),
            long: Mean::new(3000),
            short: Mean::new(100),
            from_hour: record(),
            from_hour_while: record(),
            from_long: [record(), record()],
            from_short: [record(), record()],
            rest: 0,
        }
    }
}

impl Habit {
    /// How surprising `value` is: 0 not at all, 1 and more a surprise. One that is not usable is none, and teaches nothing.
    pub fn observe(&mut self, time: Timestamp, value: f64) -> f64 {
        if !usable(value) {
            return 0.0;
        }
        // The hour in UTC: which hour is called what makes no difference here.
        let hour = &mut self.hours[time.as_nanos().div_euclid(HOUR_NANOS).rem_euclid(HOURS as i64) as usize];
        let off = value - hour.value().unwrap_or(value);
        hour.learn(value);
        self.off.learn(off);
        let long = value - self.long.value().unwrap_or(value);
        let short = value - self.short.value().unwrap_or(value);
        self.long.learn(value);
        self.short.learn(value);
        let surprise = (self.from_hour.observe(off) / HOUR)
            .max(self.from_hour_while.observe(self.off.value().unwrap_or(0.0)) / WHILE)
            .max(either_way(&mut self.from_long, long) / LONG)
            .max(either_way(&mut self.from_short, short) / SHORT);
        if self.rest > 0 {
            self.rest -= 1;
            return 0.0;
        }
        if surprise <= NEARLY {
            return 0.0;
        }
        self.rest = REST - 1;
        surprise
    }

    /// What the last values were like: the mean of some hundred of them.
    fn lately(&self) -> f64 {
        self.short.value().unwrap_or(0.0)
    }
}

fn either_way(records: &mut [Record; 2], deviation: f64) -> f64 {
    let [up, down] = records;
    up.observe(deviation.max(0.0)).max(down.observe((-deviation).max(0.0)))
}

/// Watches each series of a field by itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Univariate {
    members: Vec<Watched>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Watched {
    habit: Habit,
    /// How many values until an alert is over; 0 when there is none.
    stands: u32,
}

impl Detector for Univariate {
    const NAME: &'static str = "univariate";
    const KINDS: &'static [&'static str] = &["surprise"];
    const COMPANIONS: &'static [&'static str] = &[];

    fn new(field: &Field) -> Self {
        Self { members: vec![Watched::default(); field.members.len()] }
    }

    fn observe(&mut self, sample: &Sample<'_>, found: &mut Vec<Finding>) {
        let Some(watched) = self.members.get_mut(sample.member) else { return };
        let lately = watched.habit.lately();
        let surprise = watched.habit.observe(sample.time, sample.value);
        let turn = if surprise >= 1.0 {
            watched.stands = REST;
            Turn::Raised
        } else if watched.stands > 0 {
            watched.stands -= 1;
            if watched.stands > 0 {
                return;
            }
            Turn::Cleared
        } else {
            return;
        };
        let evidence = Evidence { of: "value", seen: sample.value, low: lately, high: lately };
        found.push(Finding {
            about: About::Member(sample.member),
            kind: "surprise",
            turn,
            time: sample.time,
            evidence,
        });
    }

    fn beat(&mut self, _: Timestamp, _: &mut Vec<Finding>) {}
}
