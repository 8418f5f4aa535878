//! The script: from the start of a run faults come and go in a fixed rhythm, each time at another place.

use model::{Duration, Timestamp, Window};

use super::fault::{Fault, FaultKind};
use super::trouble::{Effect, Trouble};
use crate::City;
use crate::chance::{key_of, pick};
use crate::sensor::Kind;

/// After this long the script begins again elsewhere.
const CYCLE_S: u64 = 420;

/// What, how many seconds after the start of a cycle, and for how long. The first is seen within 40 s, three within two minutes;
/// each rights itself after one and a half to four minutes.
const SCRIPT: [(FaultKind, u64, u64); 9] = [
    (FaultKind::DarkCircuit, 20, 180),
    (FaultKind::BurstPipe, 50, 200),
    (FaultKind::FrozenCamera, 80, 160),
    (FaultKind::BridgeExcursion, 125, 150),
    (FaultKind::SilentStation, 165, 235),
    (FaultKind::ChlorineLoss, 215, 150),
    (FaultKind::Smog, 260, 120),
    (FaultKind::FrozenCamera, 305, 130),
    (FaultKind::DarkCircuit, 345, 150),
];
/// Faults other than a tripped breaker build up and die down over this long.
const RAMP_S: f64 = 8.0;

/// A place where something can go wrong.
#[derive(Debug, Clone)]
struct Target {
    effect: Effect,
    asset: usize,
}

/// A fault together with what it acts on.
#[derive(Debug, Clone)]
pub(crate) struct PlannedFault {
    pub(crate) fault: Fault,
    pub(crate) effect: Effect,
}

/// Scripted faults of one run. Pure: the same city and start give the same faults at the same moments.
#[derive(Debug)]
pub struct Scenario {
    start: Timestamp,
    key: u64,
    targets: Vec<(FaultKind, Vec<(Target, model::AssetId, String)>)>,
}

impl Scenario {
    /// The script of a run that begins at `start`.
    pub fn new(city: &City, start: Timestamp) -> Self {
        let targets = FaultKind::ALL.into_iter().map(|kind| {
            let named = targets_of(city, kind).into_iter().map(|target| {
                let asset = &city.assets[target.asset];
                let (id, name) = (asset.id.clone(), asset.name.clone());
                (target, id, name)
            });
            (kind, named.collect())
        });
        Self { start, key: key_of(city.seed, "scenario"), targets: targets.collect() }
    }

    /// When the run began.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// Every fault that touches the window, in the order of their beginnings.
    pub fn faults(&self, window: Window) -> Vec<Fault> {
        self.planned(window).into_iter().map(|planned| planned.fault).collect()
    }

    /// The faults that are there at `time`.
    pub fn active(&self, time: Timestamp) -> Vec<Fault> {
        self.planned_at(time).into_iter().map(|planned| planned.fault).collect()
    }

    fn planned_at(&self, time: Timestamp) -> Vec<PlannedFault> {
        let until = time.plus(Duration::from_nanos(1));
        Window::new(time, until).map(|window| self.planned(window)).unwrap_or_default()
    }

    /// What the sensors feel at `time`.
    pub(crate) fn trouble(&self, time: Timestamp) -> Trouble {
        let mut trouble = Trouble::none();
        let seconds = time.as_seconds_f64();
        for PlannedFault { fault, effect } in self.planned_at(time) {
            let (from, until) = (fault.from.as_seconds_f64(), fault.until.as_seconds_f64());
            let strength = match effect {
                Effect::Dark { .. } | Effect::Frozen { .. } | Effect::Silent { .. } => 1.0,
                _ => ((seconds - from) / RAMP_S).min((until - seconds) / RAMP_S).clamp(0.0, 1.0),
            };
            trouble.add(effect, strength, from);
        }
        trouble
    }

    pub(crate) fn planned(&self, window: Window) -> Vec<PlannedFault> {
        if window.until <= self.start {
            return Vec::new();
        }
        // The longest fault may reach one cycle further.
        let first = (window.from.since(self.start).as_secs() / CYCLE_S).saturating_sub(1);
        let last = window.until.since(self.start).as_secs() / CYCLE_S;
        let mut found = Vec::new();
        for cycle in first..=last {
            for (line, (kind, offset, length)) in SCRIPT.into_iter().enumerate() {
                let from = self.start.plus(Duration::from_secs(cycle * CYCLE_S + offset));
                let until = from.plus(Duration::from_secs(length));
                if from < window.until && until > window.from {
                    found.extend(self.place(kind, occurrence(cycle, line), from, until));
                }
            }
        }
        found
    }

    /// The `n`th fault of a kind walks through the city in golden steps, so that neighbours in time are far from each other.
    fn place(&self, kind: FaultKind, n: u64, from: Timestamp, until: Timestamp) -> Option<PlannedFault> {
        let (_, targets) = self.targets.iter().find(|(of, _)| *of == kind)?;
        let count = targets.len();
        if count == 0 {
            return None;
        }
        let stride = ((count as f64 * 0.382) as u64).max(1);
        let index = (pick(self.key, kind as u64, count) as u64 + n.wrapping_mul(stride)) % count as u64;
        let (target, asset, name) = targets.get(usize::try_from(index).ok()?)?;
        let fault = Fault { kind, asset: asset.clone(), name: name.clone(), from, until };
        Some(PlannedFault { fault, effect: target.effect })
    }
}

/// How many faults of the kind on this line of the script came before it since the start.
fn occurrence(cycle: u64, line: usize) -> u64 {
    let kind = SCRIPT[line].0;
    let of_kind = |lines: &[(FaultKind, u64, u64)]| lines.iter().filter(|(other, _, _)| *other == kind).count() as u64;
    cycle * of_kind(&SCRIPT) + of_kind(&SCRIPT[..line])
}

fn targets_of(city: &City, kind: FaultKind) -> Vec<Target> {
    let groups = |assets: &[usize], effect: fn(usize) -> Effect| {
        assets.iter().enumerate().map(|(k, asset)| Target { effect: effect(k), asset: *asset }).collect::<Vec<_>>()
    };
    let sensors = |wanted: fn(&Kind) -> bool, effect: fn(usize) -> Effect| {
        let all = city.sensors.iter().enumerate().filter(|(_, sensor)| wanted(&sensor.kind));
        all.map(|(k, sensor)| Target { effect: effect(k), asset: sensor.asset }).collect::<Vec<_>>()
    };
    match kind {
        FaultKind::DarkCircuit => groups(&city.circuits, |circuit| Effect::Dark { circuit }),
        FaultKind::BurstPipe => groups(&city.districts, |district| Effect::Burst { district }),
        FaultKind::ChlorineLoss => groups(&city.districts, |district| Effect::Chlorine { district }),
        FaultKind::BridgeExcursion => {
            let mut all = groups(&city.structures, |structure| Effect::Excursion { structure });
            all.retain(|target| city.assets[target.asset].class.as_str() == "bridge");
            all
        }
        FaultKind::FrozenCamera => sensors(|kind| matches!(kind, Kind::Camera { .. }), |sensor| Effect::Frozen { sensor }),
        FaultKind::SilentStation => sensors(|kind| matches!(kind, Kind::Air { .. }), |sensor| Effect::Silent { sensor }),
        FaultKind::Smog => sensors(|kind| matches!(kind, Kind::Air { .. }), |sensor| Effect::Smog { sensor }),
    }
}
