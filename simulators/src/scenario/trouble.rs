//! The faults of one moment as the sensors feel them.

use crate::sensor::{Kind, Sensor};

/// On what a fault acts; indices are those of [`crate::City`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Dark { circuit: usize },
    Burst { district: usize },
    Frozen { sensor: usize },
    Excursion { structure: usize },
    Silent { sensor: usize },
    Chlorine { district: usize },
    Smog { sensor: usize },
}

impl Effect {
    /// Whether a sensor has something to say about it.
    pub(crate) fn reaches(self, index: usize, sensor: &Sensor) -> bool {
        match (self, &sensor.kind) {
            (Self::Dark { circuit }, Kind::Lamp { circuit: own, .. }) => circuit == *own,
            (Self::Dark { circuit }, Kind::Cabinet { circuits }) => circuits.iter().any(|(own, _)| *own == circuit),
            (Self::Burst { district }, Kind::Pressure { district: own, .. } | Kind::Flow { district: own, .. })
            | (Self::Chlorine { district }, Kind::Quality { district: own }) => district == *own,
            (
                Self::Excursion { structure },
                Kind::Accelerometer { structure: own, .. }
                | Kind::Tilt { structure: own }
                | Kind::Crack { structure: own },
            ) => structure == *own,
            (Self::Frozen { sensor } | Self::Silent { sensor } | Self::Smog { sensor }, _) => sensor == index,
            _ => false,
        }
    }
}

/// A fault at work: how strongly, from 0 to 1, and since when (seconds since 1970).
#[derive(Debug, Clone, Copy)]
struct Acting {
    effect: Effect,
    strength: f64,
    since: f64,
}

/// Everything that is wrong at one moment; usually a handful.
#[derive(Debug, Default)]
pub(crate) struct Trouble(Vec<Acting>);

impl Trouble {
    /// Nothing is wrong.
    pub(crate) fn none() -> Self {
        Self::default()
    }

    pub(crate) fn add(&mut self, effect: Effect, strength: f64, since: f64) {
        self.0.push(Acting { effect, strength, since });
    }

    pub(crate) fn is_dark(&self, circuit: usize) -> bool {
        self.strength(Effect::Dark { circuit }) > 0.0
    }

    pub(crate) fn burst(&self, district: usize) -> f64 {
        self.strength(Effect::Burst { district })
    }

    pub(crate) fn chlorine_lost(&self, district: usize) -> f64 {
        self.strength(Effect::Chlorine { district })
    }

    pub(crate) fn excursion(&self, structure: usize) -> f64 {
        self.strength(Effect::Excursion { structure })
    }

    pub(crate) fn smog(&self, sensor: usize) -> f64 {
        self.strength(Effect::Smog { sensor })
    }

    pub(crate) fn is_silent(&self, sensor: usize) -> bool {
        self.strength(Effect::Silent { sensor }) > 0.0
    }

    pub(crate) fn frozen_since(&self, sensor: usize) -> Option<f64> {
        self.0.iter().find(|acting| acting.effect == Effect::Frozen { sensor }).map(|acting| acting.since)
    }

    fn strength(&self, effect: Effect) -> f64 {
        self.0.iter().filter(|acting| acting.effect == effect).map(|acting| acting.strength).fold(0.0, f64::max)
    }
}
