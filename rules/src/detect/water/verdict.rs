//! From three voices (pressure, flow, slow pressure) to one alarm of the network.

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::balance::Standing;
use crate::detect::{About, Evidence, Finding, Turn};

/// What one kind of evidence says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Voice {
    /// How much of its limit is reached.
    pub(super) share: f64,
    evidence: Evidence,
}

impl Voice {
    /// The pressures depart `share` times `limit` from what the flows explain.
    pub(super) fn of_pressure(share: f64, limit: f64) -> Self {
        Self { share, evidence: Evidence { of: "departure", seen: share * limit, low: f64::NAN, high: limit } }
    }

    /// The sum of the flows stands where `standing` says.
    pub(super) fn of_flow(standing: Option<Standing>, limit: f64) -> Self {
        let Some(standing) = standing else { return Self::of_pressure(0.0, limit) };
        let reach = limit * standing.stray;
        let (low, high) = (standing.expected - reach, standing.expected + reach);
        Self { share: standing.jump / limit, evidence: Evidence { of: "flow", seen: standing.seen, low, high } }
    }
}

/// What each voice says of, in the order of the voices.
const KINDS: [&str; 3] = ["burst", "burst", "leak"];
/// The voice of pressures over six hours.
const FAST: usize = 0;

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct State {
    open: bool,
    told: bool,
    above: u8,
    calm: u32,
}

/// What is open, and what was said of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Verdict {
    states: [State; 3],
    per_day: u32,
    /// Judged moments since something was said, since nothing was open, and until learning anew is over.
    since_told: u32,
    open_for: u32,
    amnesty: u32,
}

impl Verdict {
    pub(super) fn new(per_day: usize) -> Self {
        let per_day = u32::try_from(per_day).unwrap_or(96);
        Self { states: [State::default(); 3], per_day, since_told: u32::MAX / 2, open_for: 0, amnesty: 0 }
    }

    pub(super) fn is_open(&self) -> bool {
        self.amnesty == 0 && self.states.iter().any(|state| state.open)
    }

    /// Takes in what the voices say of one moment; `true` when the pressures have just calmed down.
    pub(super) fn hear(&mut self, voices: &[Voice; 3], about: About, now: Timestamp, found: &mut Vec<Finding>) -> bool {
        self.since_told = self.since_told.saturating_add(1);
        self.amnesty = self.amnesty.saturating_sub(1);
        let mut calmed = false;
        for (h, voice) in voices.iter().enumerate() {
            let state = &mut self.states[h];
            state.above = if voice.share > 1.0 { (state.above + 1).min(2) } else { 0 };
            if !state.open {
                if state.above < 2 || self.amnesty > 0 {
                    continue;
                }
                *state = State { open: true, ..State::default() };
                // Half a day is one trouble: a repair changes things again.
                if self.since_told >= self.per_day / 2 {
                    state.told = true;
                    self.since_told = 0;
                    let (kind, evidence) = (KINDS[h], voice.evidence);
                    found.push(Finding { about, kind, turn: Turn::Raised, time: now, evidence });
                }
                continue;
            }
            state.calm = if voice.share < 0.7 { state.calm + 1 } else { 0 };
            if state.calm >= self.per_day / 5 {
                calmed |= h == FAST;
                close(state, h, voice, about, now, found);
            }
        }
        self.open_for = if self.is_open() { self.open_for + 1 } else { 0 };
        if self.open_for > 16 * self.per_day {
            // Nobody repairs it, or it is how the network is now: tell that it is over and learn for a week.
            self.amnesty = 7 * self.per_day;
            for (h, voice) in voices.iter().enumerate() {
                if self.states[h].open {
                    close(&mut self.states[h], h, voice, about, now, found);
                }
            }
        }
        calmed
    }

    /// Whether everything is learnt for now, however strange.
    pub(super) fn forgives(&self) -> bool {
        self.amnesty > 0
    }
}

fn close(state: &mut State, h: usize, voice: &Voice, about: About, now: Timestamp, found: &mut Vec<Finding>) {
    if state.told {
        found.push(Finding { about, kind: KINDS[h], turn: Turn::Cleared, time: now, evidence: voice.evidence });
    }
    *state = State::default();
}
