//! How a picture usually looks at each hour of the day.

use serde::{Deserialize, Serialize};

/// Slots of a day.
const SLOTS: usize = 24;
/// What is followed: movement, brightness, sharpness; all as natural logarithms.
pub(super) const FIGURES: usize = 3;
/// Movement between frames.
pub(super) const MOVEMENT: usize = 0;
/// Mean brightness.
pub(super) const BRIGHTNESS: usize = 1;
/// Sharpness of edges.
pub(super) const SHARPNESS: usize = 2;
/// A slot that has heard so many readings follows no faster than their mean: some two months.
const SLOWEST: f32 = 400.0;
/// Readings in a slot after which it is known.
const KNOWN: u16 = 10;
/// The least deviations that are believed: a quiet week is no promise.
const LEAST: [f32; FIGURES] = [0.08, 0.01, 0.03];

/// The usual picture, by the hour.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Day {
    usual: [[f32; SLOTS]; FIGURES],
    deviation: [[f32; SLOTS]; FIGURES],
    heard: [u16; SLOTS],
}

impl Default for Day {
    fn default() -> Self {
        Self { usual: [[0.0; SLOTS]; FIGURES], deviation: [[0.15; SLOTS]; FIGURES], heard: [0; SLOTS] }
    }
}

/// A moment of the day: the two slots whose middles are around it, and the weight of the later one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Hour {
    slots: [usize; 2],
    later: f32,
}

impl Hour {
    /// Of a moment in nanoseconds since 1970.
    pub(super) fn of(nanos: i64) -> Self {
        const SLOT: i64 = 86_400_000_000_000 / SLOTS as i64;
        // A slot is known best in its middle.
        let shifted = nanos.rem_euclid(SLOT * SLOTS as i64) + SLOT * SLOTS as i64 - SLOT / 2;
        let first = (shifted / SLOT) as usize % SLOTS;
        Self { slots: [first, (first + 1) % SLOTS], later: (shifted % SLOT) as f32 / SLOT as f32 }
    }

    fn weights(self) -> [f32; 2] {
        [1.0 - self.later, self.later]
    }

    fn mix(self, slots: &[f32; SLOTS]) -> f32 {
        slots[self.slots[0]] * (1.0 - self.later) + slots[self.slots[1]] * self.later
    }
}

impl Day {
    /// What a figure usually is at this hour.
    pub(super) fn usual(&self, figure: usize, hour: Hour) -> f32 {
        hour.mix(&self.usual[figure])
    }

    /// By how much it usually differs from that and from its neighbours.
    pub(super) fn deviation(&self, figure: usize, hour: Hour) -> f32 {
        hour.mix(&self.deviation[figure]).max(LEAST[figure])
    }

    /// Whether this hour is known.
    pub(super) fn knows(&self, hour: Hour) -> bool {
        hour.slots.iter().all(|&slot| self.heard[slot] >= KNOWN)
    }

    /// Whether it is the darker half of the camera's day.
    pub(super) fn is_night(&self, hour: Hour) -> bool {
        let slots = &self.usual[BRIGHTNESS];
        let (least, most) = slots.iter().fold((f32::MAX, f32::MIN), |(l, m), &s| (l.min(s), m.max(s)));
        self.usual(BRIGHTNESS, hour) < (least + most) / 2.0
    }

    /// Learns a healthy picture; `own` is what its neighbours do not share, once that is known, and `pace` how much it may count.
    pub(super) fn learn(&mut self, hour: Hour, figures: [f32; FIGURES], own: Option<[f32; FIGURES]>, pace: f32) {
        for (slot, weight) in hour.slots.into_iter().zip(hour.weights()) {
            let new = self.heard[slot] == 0;
            let heard = self.heard[slot];
            let gain = pace * weight / (f32::from(heard) + 1.0).min(SLOWEST);
            let gain_of_deviation = pace * weight / (f32::from(heard.saturating_sub(KNOWN)) + 4.0).min(SLOWEST);
            for figure in 0..FIGURES {
                let usual = &mut self.usual[figure][slot];
                if new {
                    *usual = figures[figure];
                } else {
                    *usual += gain * (figures[figure] - *usual).clamp(-0.5, 0.5);
                }
                if let Some(own) = own {
                    let deviation = &mut self.deviation[figure][slot];
                    // The mean of absolute deviations of a normal noise is 0.8 of its standard deviation.
                    *deviation += gain_of_deviation * (own[figure].abs().min(0.5) * 1.253 - *deviation);
                }
            }
            if weight >= 0.5 || new {
                self.heard[slot] = self.heard[slot].saturating_add(1);
            }
        }
    }
}
