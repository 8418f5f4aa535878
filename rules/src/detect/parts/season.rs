//! What is usual at this hour of this kind of day.

use serde::{Deserialize, Serialize};

use super::calendar::{DayKind, Local};
use super::number::usable;

const HOURS: usize = 24;
/// Deviations beyond so many spreads teach no more than this many.
const CLIP: f64 = 3.0;

/// What is expected: a center and a standard deviation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Band {
    /// In the middle.
    pub center: f64,
    /// How far values usually stray.
    pub spread: f64,
}

/// Exponentially weighted mean and variance for each hour of three kinds of day: 72 slots, 864 bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Season {
    slots: Box<[Slot]>,
    memory: u16,
    resolution: f32,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Slot {
    mean: f32,
    variance: f32,
    heard: u16,
}

impl Season {
    /// Each slot remembers about `memory` values (with readings every 15 minutes, 20 are five such days). The spread is never below
    /// `resolution`.
    pub fn new(memory: u16, resolution: f64) -> Self {
        Self {
            slots: vec![Slot::default(); 3 * HOURS].into(),
            memory: memory.max(2),
            resolution: resolution.abs().min(1e30) as f32,
        }
    }

    /// What is usual at `local`, between the middle of this hour and of the nearest other one; of another kind of day when this kind
    /// was never heard at this hour, and `None` when no kind was.
    pub fn expect(&self, local: Local) -> Option<Band> {
        let here = self.slot(local.hour as usize, local.day)?;
        let toward = if local.hour.fract() < 0.5 { HOURS - 1 } else { 1 };
        let there = self.slot(local.hour as usize + toward, local.day).unwrap_or(here);
        let share = (local.hour.fract() - 0.5).abs();
        let mix = |here: f32, there: f32| f64::from(here) * (1.0 - share) + f64::from(there) * share;
        let variance = mix(here.variance, there.variance);
        Some(Band { center: mix(here.mean, there.mean), spread: variance.sqrt().max(f64::from(self.resolution)) })
    }

    /// Learns what `value` was at `local`.
    pub fn learn(&mut self, local: Local, value: f64) {
        // Slots are of single precision.
        if !usable(value) || value.abs() > 1e15 {
            return;
        }
        let (resolution, memory) = (f64::from(self.resolution), self.memory);
        let slot = &mut self.slots[place(local.hour as usize, local.day)];
        slot.heard = slot.heard.saturating_add(1).min(memory);
        let gain = 1.0 / f64::from(slot.heard);
        let spread = f64::from(slot.variance).sqrt().max(resolution).max(1e-6 * f64::from(slot.mean.abs()));
        let reach = if slot.heard < 4 || spread == 0.0 { f64::INFINITY } else { CLIP * spread };
        let away = (value - f64::from(slot.mean)).clamp(-reach, reach);
        slot.mean = (f64::from(slot.mean) + gain * away) as f32;
        slot.variance = ((1.0 - gain) * (f64::from(slot.variance) + gain * away * away)) as f32;
    }

    /// Whether this hour of this kind of day was heard at least `times` times.
    pub fn knows(&self, local: Local, times: u16) -> bool {
        self.slots[place(local.hour as usize, local.day)].heard >= times.min(self.memory)
    }

    fn slot(&self, hour: usize, day: DayKind) -> Option<Slot> {
        let kinds = match day {
            DayKind::Workday => [DayKind::Workday, DayKind::Saturday, DayKind::Holiday],
            DayKind::Saturday => [DayKind::Saturday, DayKind::Holiday, DayKind::Workday],
            DayKind::Holiday => [DayKind::Holiday, DayKind::Saturday, DayKind::Workday],
        };
        kinds.into_iter().map(|kind| self.slots[place(hour, kind)]).find(|slot| slot.heard > 0)
    }
}

fn place(hour: usize, day: DayKind) -> usize {
    day as usize * HOURS + hour % HOURS
}
