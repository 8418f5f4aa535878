//! The meters themselves: stuck, or beside what their neighbours and the flows say.

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::relation::Relation;
use crate::detect::parts::Run;
use crate::detect::parts::Window;
use crate::detect::{About, Evidence, Finding, Turn};

/// How many usual strays a pressure must be beside the others until its meter is accused.
pub(super) const ODD: f64 = 5.0;
/// The least usual stray, in standard deviations of one reading.
const LEAST_STRAY: f64 = 0.3;
/// The second oddest may be this share as odd: more, and it is the network. The first is for quiet times, the second while the network is in trouble.
const ALONE: [f64; 2] = [0.6, 0.35];

/// What is known of each meter; pressures first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Meters {
    runs: Vec<Run>,
    stuck: Vec<bool>,
    pressures: Vec<Pressure>,
    doubts: u8,
    per_day: usize,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Pressure {
    /// What the flows do not explain.
    residual: Window,
    /// What neither flows nor neighbours explain, in standard deviations.
    odd: Window,
    stray: f64,
    masked: Option<bool>,
    calm: u32,
    odd_since: Option<i64>,
}

impl Meters {
    pub(super) fn new(pressures: usize, flows: usize, window: usize, per_day: usize) -> Self {
        let pressure = Pressure {
            residual: Window::new(window),
            odd: Window::new(window),
            stray: 0.5,
            masked: None,
            calm: 0,
            odd_since: None,
        };
        Self {
            runs: vec![Run::new(0.0); pressures + flows],
            stuck: vec![false; pressures + flows],
            pressures: vec![pressure; pressures],
            doubts: 0,
            per_day,
        }
    }

    /// Takes in one reading of the meter at `place`.
    pub(super) fn hear(&mut self, place: usize, member: usize, time: Timestamp, value: f64, found: &mut Vec<Finding>) {
        let run = &mut self.runs[place];
        run.observe(time, value);
        // A closed valve reads zero for days and is no fault.
        let closed = value == 0.0 && place >= self.pressures.len();
        let stuck = !closed && if self.stuck[place] { run.length() > 1 } else { run.is_stuck(7, 2.5) };
        if stuck != self.stuck[place] {
            self.stuck[place] = stuck;
            let turn = if stuck { Turn::Raised } else { Turn::Cleared };
            let evidence = Evidence { of: "same_readings", seen: f64::from(run.length()), low: 1.0, high: 6.0 };
            found.push(Finding { about: About::Member(member), kind: "sensor_stuck", turn, time, evidence });
        }
    }

    pub(super) fn is_stuck(&self, place: usize) -> bool {
        self.stuck[place]
    }

    pub(super) fn is_masked(&self, i: usize) -> bool {
        self.pressures[i].masked.is_some()
    }

    /// Whether a meter is about to be accused.
    pub(super) fn is_in_doubt(&self) -> bool {
        self.doubts > 0
    }

    /// The middle of what the flows did not explain lately; `None` of a meter that is not believed.
    pub(super) fn residual(&self, i: usize) -> Option<f64> {
        self.pressures[i].residual.median().filter(|_| !self.is_masked(i))
    }

    /// How odd a meter has been lately, in its usual strays.
    pub(super) fn oddness(&self, i: usize) -> f64 {
        let meter = &self.pressures[i];
        meter.odd.median().map_or(0.0, |odd| odd.abs() / meter.stray.max(LEAST_STRAY))
    }

    /// Holds each pressure against the complete vector `z`.
    pub(super) fn compare(&mut self, relation: &Relation, z: &[f64], sums: &[(f64, u32)], learn: bool, young: bool) {
        let pace = 96.0 / self.per_day as f64 * if young { 0.02 } else { 0.001 };
        for (i, meter) in self.pressures.iter_mut().enumerate() {
            let (sum, count) = sums[i];
            if count == 0 || self.stuck[i] {
                meter.residual.push(None);
                meter.odd.push(None);
            } else if meter.masked.is_some() {
                let own = relation.scaled(i, sum / f64::from(count)) - z[i];
                meter.residual.push(None);
                meter.odd.push(Some(own / relation.own_noise(i)));
            } else {
                meter.residual.push(Some(relation.beyond_flow(i, z)));
                meter.odd.push(Some(relation.oddness(i, z)));
                if let Some(odd) = meter.odd.median().filter(|_| learn) {
                    // Follows the upper quartile of the distances; a drift of weeks must not become what is usual.
                    let step = if odd.abs() > meter.stray { 0.75 } else { -0.25 };
                    meter.stray = (meter.stray * f64::exp(pace * step)).max(0.1);
                }
            }
        }
    }

    /// Accuses the one meter that is far odder than all others; from then on it is not believed. `true` when one was.
    pub(super) fn accuse(
        &mut self,
        relation: &Relation,
        members: &[usize],
        troubled: bool,
        slot: i64,
        now: Timestamp,
        found: &mut Vec<Finding>,
    ) -> bool {
        let (mut first, mut second) = ((0, 0.0), 0.0);
        for i in 0..self.pressures.len() {
            if self.is_masked(i) {
                continue;
            }
            let odd = self.oddness(i);
            let meter = &mut self.pressures[i];
            if odd > 0.5 * ODD {
                meter.odd_since.get_or_insert(slot);
            } else if odd < 0.25 * ODD {
                meter.odd_since = None;
            }
            if odd > first.1 {
                second = first.1;
                first = (i, odd);
            } else if odd > second {
                second = odd;
            }
        }
        let (i, odd) = first;
        let limit = if troubled { 2.0 * ODD } else { ODD };
        if odd <= limit || second > ALONE[usize::from(troubled)] * odd {
            self.doubts = 0;
            return false;
        }
        self.doubts += 1;
        if self.doubts < 2 {
            return false;
        }
        self.doubts = 0;
        let meter = &self.pressures[i];
        let drifted = meter.odd_since.is_some_and(|since| slot - since > self.per_day as i64);
        let width = relation.own_noise(i) * meter.stray.max(LEAST_STRAY) * ODD;
        let away = meter.odd.median().unwrap_or(0.0) * relation.own_noise(i);
        let unit = |z: f64| relation.unscaled(i, z) - relation.unscaled(i, 0.0);
        let evidence = Evidence { of: "residual", seen: unit(away), low: unit(-width), high: unit(width) };
        let (about, kind) = (About::Member(members[i]), kind(drifted));
        found.push(Finding { about, kind, turn: Turn::Raised, time: now, evidence });
        for meter in &mut self.pressures {
            meter.residual.clear();
            meter.odd.clear();
        }
        let meter = &mut self.pressures[i];
        meter.masked = Some(drifted);
        meter.calm = 0;
        true
    }

    /// Believes again whoever has agreed with the others for six hours.
    pub(super) fn absolve(&mut self, members: &[usize], now: Timestamp, found: &mut Vec<Finding>) {
        for (i, meter) in self.pressures.iter_mut().enumerate() {
            let Some(drifted) = meter.masked else { continue };
            let Some(odd) = meter.odd.median() else { continue };
            meter.calm = if odd.abs() < 1.5 { meter.calm + 1 } else { 0 };
            if meter.calm as usize > self.per_day / 4 {
                meter.masked = None;
                meter.odd_since = None;
                meter.residual.clear();
                let evidence = Evidence { of: "standard_deviations", seen: odd, low: -1.5, high: 1.5 };
                let (about, kind) = (About::Member(members[i]), kind(drifted));
                found.push(Finding { about, kind, turn: Turn::Cleared, time: now, evidence });
            }
        }
    }
}

fn kind(drifted: bool) -> &'static str {
    if drifted { "sensor_drift" } else { "sensor_offset" }
}
