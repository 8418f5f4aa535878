//! One circuit: what most of its lamps do together is one finding, not one for each lamp.

use model::Duration;
use serde::{Deserialize, Serialize};

use super::burn_hours::BurnHours;
use super::lamp::{Lamp, Look};
use crate::detect::parts::Standing;

/// Fewer lamps are no circuit.
const FEWEST: usize = 3;
/// The share of a circuit that must do the same to be the circuit.
const MOST: f32 = 0.6;
/// The share below which it is over.
const FEW: f32 = 0.25;

/// The state of one circuit.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Circuit {
    pub(super) members: Vec<u32>,
    pub(super) standing: Standing,
    pub(super) hours: BurnHours,
    /// Whether something about its lamps changed since it was last looked at.
    pub(super) stirred: bool,
    /// Whether most of its lamps are silent just now.
    pub(super) hushed: bool,
}

/// How many lamps of a circuit do what.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Tally {
    /// Lamps that were ever heard.
    known: usize,
    /// Those that are not missing.
    heard: usize,
    late: usize,
    silent: usize,
    dark: usize,
    burning: usize,
}

impl Circuit {
    /// Counts its lamps.
    pub(super) fn tally(&self, lamps: &[Lamp], now: i64) -> Tally {
        let mut tally = Tally::default();
        for lamp in self.members.iter().filter_map(|&member| lamps.get(member as usize)) {
            if lamp.link.last().is_none() {
                continue;
            }
            tally.known += 1;
            tally.late += usize::from(lamp.link.missing() >= 1);
            if lamp.link.missing() >= 2 {
                tally.silent += 1;
                continue;
            }
            tally.heard += 1;
            tally.dark += usize::from(lamp.dark.lasts(2, now, Duration::from_secs(20 * 60)));
            tally.burning += usize::from(lamp.burns_by_day(now) == Look::Yes);
        }
        tally
    }
}

impl Tally {
    /// The share of lamps that are dark although told to shine.
    pub(super) fn dark_share(&self) -> f32 {
        share(self.dark, self.heard)
    }

    /// The share of lamps that say nothing any more.
    pub(super) fn silent_share(&self) -> f32 {
        share(self.silent, self.known)
    }

    /// The share of lamps that burn by day.
    pub(super) fn burning_share(&self) -> f32 {
        share(self.burning, self.heard)
    }

    /// Whether most lamps are late at least: then no single link is to blame.
    pub(super) fn is_hushed(&self) -> bool {
        share(self.late, self.known) >= MOST
    }
}

/// Whether a share of a circuit is the circuit.
pub(super) fn whole(share: f32) -> Look {
    if share >= MOST {
        Look::Yes
    } else if share <= FEW {
        Look::No
    } else {
        Look::Perhaps
    }
}

fn share(some: usize, all: usize) -> f32 {
    if all < FEWEST { 0.0 } else { some as f32 / all as f32 }
}

/// The middle of the residuals that the lamps of a circuit show at `time` under the same command; zero when too few are known.
pub(super) fn common(
    circuit: &Circuit,
    lamps: &[Lamp],
    time: i64,
    dim: u8,
    window: Duration,
    scratch: &mut Vec<f32>,
) -> f32 {
    scratch.clear();
    let members = circuit.members.iter().filter_map(|&member| lamps.get(member as usize));
    scratch.extend(members.filter_map(|lamp| lamp.residual_at(time, dim, window)));
    if scratch.len() <= FEWEST {
        return 0.0;
    }
    let middle = scratch.len() / 2;
    *scratch.select_nth_unstable_by(middle, f32::total_cmp).1
}

/// The middle of the full powers of a circuit's lamps, in watts.
pub(super) fn typical_power(circuit: &Circuit, lamps: &[Lamp], scratch: &mut Vec<f32>) -> Option<f32> {
    scratch.clear();
    let members = circuit.members.iter().filter_map(|&member| lamps.get(member as usize));
    scratch.extend(members.filter_map(Lamp::full_power));
    if scratch.len() < FEWEST {
        return None;
    }
    let middle = scratch.len() / 2;
    Some(*scratch.select_nth_unstable_by(middle, f32::total_cmp).1)
}
