//! Water networks: bursts, leaks and meters that are wrong, from the pressures and the flows at the sources.

mod balance;
mod losses;
mod matrix;
mod meters;
mod network;
mod relation;
mod verdict;

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::detector::{Detector, Field, Finding, Sample};
use network::Network;

pub use losses::{Losses, linear_losses, losses};

/// More pressures than this are judged in parts, each with all flows, so that work and state of a series stay small.
const TOGETHER: usize = 16;
/// More flows than this say no more about a network's losses.
const MOST_FLOWS: usize = 6;
/// The lengths of the moments in which a network may be judged: a quarter of an hour, or as long as its meters need.
const MOMENTS: [u64; 4] = [900, 1_200, 1_800, 3_600];

/// Watches the water networks of a city; a group is a network or a district with all its sources.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Water {
    networks: Vec<Network>,
    /// For each member of the field, in which networks it is, and at which place.
    places: Vec<Vec<(usize, usize)>>,
}

impl Detector for Water {
    const NAME: &'static str = "water";
    const KINDS: &'static [&'static str] = &["burst", "leak", "sensor_stuck", "sensor_offset", "sensor_drift"];
    const COMPANIONS: &'static [&'static str] = &[];

    fn new(field: &Field) -> Self {
        let mut networks = Vec::new();
        for group in 0..field.groups.len() {
            let of = |metric: &str| -> Vec<usize> {
                let members = field.members.iter().enumerate();
                members.filter(|(_, m)| m.group == group && m.metric == metric).map(|(at, _)| at).collect()
            };
            let (pressures, mut flows) = (of("pressure"), of("flow"));
            flows.truncate(MOST_FLOWS);
            if pressures.is_empty() && flows.is_empty() {
                continue;
            }
            let members = pressures.iter().chain(&flows);
            let period = members.map(|member| field.members[*member].period.as_secs()).max().unwrap_or(900);
            let moment = MOMENTS.into_iter().find(|moment| period <= *moment).unwrap_or(3_600);
            let parts = pressures.len().div_ceil(TOGETHER).max(1);
            for part in 0..parts {
                let own: Vec<usize> = pressures.iter().skip(part).step_by(parts).copied().collect();
                let slot = i64::try_from(moment * 1_000_000_000).unwrap_or(900_000_000_000);
                networks.push(Network::new(group, &own, &flows, slot, period == moment));
            }
        }
        let mut places = vec![Vec::new(); field.members.len()];
        for (at, network) in networks.iter().enumerate() {
            for (place, member) in network.members().iter().enumerate() {
                places[*member].push((at, place));
            }
        }
        Self { networks, places }
    }

    fn observe(&mut self, sample: &Sample<'_>, found: &mut Vec<Finding>) {
        for (network, place) in self.places.get(sample.member).into_iter().flatten() {
            self.networks[*network].observe(*place, sample.time, sample.value, found);
        }
    }

    fn beat(&mut self, now: Timestamp, found: &mut Vec<Finding>) {
        for network in &mut self.networks {
            network.beat(now, found);
        }
    }
}
