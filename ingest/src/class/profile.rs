//! How the readings of a class are judged: names, units, plausible ranges, clocks.

use std::collections::HashMap;

use model::{Duration, MetricName, Timestamp, Unit};

use crate::unit::Conversion;

/// What a class says about the readings of its devices.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Profile {
    /// Its metrics by every name that senders give them, their own included.
    pub(super) by_name: HashMap<Box<str>, usize>,
    /// Its metrics.
    pub(super) metrics: Vec<Metric>,
    /// How far the clock is believed; without it the configuration's rule for everybody holds.
    pub clock: Option<Clock>,
    /// How often a device is expected to speak.
    pub interval: Option<Duration>,
    /// How long after its measurement a reading may come and still tell of the present; none: as long as it likes.
    pub late: Option<Duration>,
}

impl Profile {
    /// What is said about the metric that a sender calls by this name.
    pub fn metric(&self, sent: &str) -> Option<&Metric> {
        self.by_name.get(sent).and_then(|at| self.metrics.get(*at))
    }

    /// How often a metric of the class is expected to come: as often as the device speaks, unless it says otherwise.
    pub fn interval_of(&self, metric: &Metric) -> Option<Duration> {
        match metric.interval {
            Some(Every::Regular(every)) => Some(every),
            Some(Every::Irregular) => None,
            None => self.interval,
        }
    }

    /// Every metric.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }
}

/// How often a metric comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Every {
    /// So often.
    Regular(Duration),
    /// When something happens.
    Irregular,
}

/// One metric of a class.
#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    /// The name under which it is kept.
    pub name: MetricName,
    /// The unit in which it is kept; none: as it is sent.
    pub unit: Option<Unit>,
    /// The unit that senders mean who name none.
    pub sent: Option<Unit>,
    /// The lowest and the highest number that can be true, in the unit in which it is kept.
    pub range: Option<(f64, f64)>,
    /// How long a number may stay exactly the same before the sensor is suspected to hang; none: for ever.
    pub frozen: Option<Duration>,
    /// How often it comes, where that is not as often as the device speaks.
    pub interval: Option<Every>,
}

/// How a sender's unit relates to the one in which a metric is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Spoken {
    /// The class names no unit, or the sender names none and the class does not say what is meant: value and unit stay as sent.
    AsSent,
    /// Numbers are converted, and the unit is that of the class.
    Converted(Conversion),
    /// It measures something else, or nobody knows it: value and unit stay as sent, and something speaks against them.
    Strange,
}

impl Metric {
    /// How this unit of a sender relates to the one in which the metric is kept. An empty text is none.
    pub fn spoken(&self, sent: &str) -> Spoken {
        let Some(unit) = self.unit.as_ref().and_then(Unit::as_str) else { return Spoken::AsSent };
        let sent = if sent.is_empty() { self.sent.as_ref().and_then(Unit::as_str) } else { Some(sent) };
        match sent {
            None => Spoken::AsSent,
            Some(sent) => Conversion::between(sent, unit).map_or(Spoken::Strange, Spoken::Converted),
        }
    }

    /// Whether a number lies outside of what can be true.
    pub fn is_implausible(&self, number: f64) -> bool {
        self.range.is_some_and(|(lowest, highest)| !(lowest..=highest).contains(&number))
    }
}

/// How far the clock of a device is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// What happens to a time that is further off.
    pub skewed: Skewed,
    /// How far a time may be ahead of its arrival.
    pub ahead: Option<Duration>,
    /// How far it may be behind; none: as far as it likes, since late readings belong into history.
    pub behind: Option<Duration>,
}

/// What happens to a time that is further off than is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skewed {
    /// The reading is refused.
    Refuse,
    /// The time of arrival counts instead, and the reading is uncertain.
    Arrival,
    /// It stays. One from the future is kept as history: it must not stand for the present until the clock has caught up with it.
    Accept,
}

impl Clock {
    /// Whether a time is further off than is believed; `usual` is the tolerance of everybody.
    pub fn is_skewed(&self, time: Timestamp, received: Timestamp, usual: Duration) -> bool {
        self.is_ahead(time, received, usual) || self.behind.is_some_and(|behind| time < received.minus(behind))
    }

    /// Whether it is further ahead than is believed.
    pub fn is_ahead(&self, time: Timestamp, received: Timestamp, usual: Duration) -> bool {
        time > received.plus(self.ahead.unwrap_or(usual))
    }
}
