//! The script: from the start of a run faults come and go in a fixed rhythm, each time at another place.

use model::{AssetId, Duration, Timestamp, Window};

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

/// The shortest span of time.
const INSTANT: Duration = Duration::from_nanos(1);

/// A place where something can go wrong.
#[derive(Debug)]
struct Place {
    effect: Effect,
    asset: AssetId,
    name: String,
}

/// One line of the script at work: the `n`th fault of its kind since the start.
struct Line {
    kind: FaultKind,
    n: u64,
    from: Timestamp,
    until: Timestamp,
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
    places: Vec<(FaultKind, Vec<Place>)>,
}

impl Scenario {
    /// The script of a run that begins at `start`.
    pub fn new(city: &City, start: Timestamp) -> Self {
        let places = FaultKind::ALL.into_iter().map(|kind| (kind, places_of(city, kind))).collect();
        Self { start, key: key_of(city.seed, "scenario"), places }
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
        Window::new(time, time.plus(INSTANT)).map(|window| self.planned(window)).unwrap_or_default()
    }

    /// What the sensors feel at `time`.
    pub(crate) fn trouble(&self, time: Timestamp) -> Trouble {
        let mut trouble = Trouble::none();
        let seconds = time.as_seconds_f64();
        for line in Window::new(time, time.plus(INSTANT)).into_iter().flat_map(|window| self.lines(window)) {
            let Some(Place { effect, .. }) = self.place(&line) else { continue };
            let (from, until) = (line.from.as_seconds_f64(), line.until.as_seconds_f64());
            let strength = match effect {
                Effect::Dark { .. } | Effect::Frozen { .. } | Effect::Silent { .. } => 1.0,
                _ => ((seconds - from) / RAMP_S).min((until - seconds) / RAMP_S).clamp(0.0, 1.0),
            };
            trouble.add(*effect, strength, from);
        }
        trouble
    }

    /// Every fault that touches the window, with what it acts on.
    pub(crate) fn planned(&self, window: Window) -> Vec<PlannedFault> {
        let planned = self.lines(window).filter_map(|line| {
            let Place { effect, asset, name } = self.place(&line)?;
            let fault =
                Fault { kind: line.kind, asset: asset.clone(), name: name.clone(), from: line.from, until: line.until };
            Some(PlannedFault { fault, effect: *effect })
        });
        planned.collect()
    }

    /// The lines of the script that touch the window.
    fn lines(&self, window: Window) -> impl Iterator<Item = Line> {
        let start = self.start;
        // The longest fault may reach one cycle further.
        let first = (window.from.since(start).as_secs() / CYCLE_S).saturating_sub(1);
        let last = window.until.since(start).as_secs() / CYCLE_S;
        (first..=last).flat_map(move |cycle| {
            SCRIPT.into_iter().enumerate().filter_map(move |(number, (kind, offset, length))| {
                let from = start.plus(Duration::from_secs(cycle * CYCLE_S + offset));
                let until = from.plus(Duration::from_secs(length));
                (from < window.until && until > window.from).then(|| Line {
                    kind,
                    n: occurrence(cycle, number),
                    from,
                    until,
                })
            })
        })
    }

    /// The `n`th fault of a kind walks through the city in golden steps, so that neighbours in time are far from each other.
    fn place(&self, line: &Line) -> Option<&Place> {
        let (_, places) = self.places.iter().find(|(of, _)| *of == line.kind)?;
        if places.is_empty() {
            return None;
        }
        let count = places.len() as u64;
        let stride = ((count as f64 * 0.382) as u64).max(1);
        let index = (pick(self.key, line.kind as u64, places.len()) as u64 + line.n.wrapping_mul(stride)) % count;
        places.get(usize::try_from(index).ok()?)
    }
}

/// How many faults of the kind on this line of the script came before it since the start.
fn occurrence(cycle: u64, line: usize) -> u64 {
    let kind = SCRIPT[line].0;
    let of_kind = |lines: &[(FaultKind, u64, u64)]| lines.iter().filter(|(other, _, _)| *other == kind).count() as u64;
    cycle * of_kind(&SCRIPT) + of_kind(&SCRIPT[..line])
}

fn places_of(city: &City, kind: FaultKind) -> Vec<Place> {
    let place = |effect: Effect, asset: usize| {
        let asset = &city.assets[asset];
        Place { effect, asset: asset.id.clone(), name: asset.name.clone() }
    };
    let groups = |assets: &[usize], effect: fn(usize) -> Effect| -> Vec<Place> {
        assets.iter().enumerate().map(|(k, asset)| place(effect(k), *asset)).collect()
    };
    let sensors = |wanted: fn(&Kind) -> bool, effect: fn(usize) -> Effect| -> Vec<Place> {
        let all = city.sensors.iter().enumerate().filter(|(_, sensor)| wanted(&sensor.kind));
        all.map(|(k, sensor)| place(effect(k), sensor.asset)).collect()
    };
    match kind {
        FaultKind::DarkCircuit => groups(&city.circuits, |circuit| Effect::Dark { circuit }),
        FaultKind::BurstPipe => groups(&city.districts, |district| Effect::Burst { district }),
        FaultKind::ChlorineLoss => groups(&city.districts, |district| Effect::Chlorine { district }),
        FaultKind::BridgeExcursion => {
            let all =
                city.structures.iter().enumerate().filter(|(_, asset)| city.assets[**asset].class.as_str() == "bridge");
            all.map(|(structure, asset)| place(Effect::Excursion { structure }, *asset)).collect()
        }
        FaultKind::FrozenCamera => {
            sensors(|kind| matches!(kind, Kind::Camera { .. }), |sensor| Effect::Frozen { sensor })
        }
        FaultKind::SilentStation => {
            sensors(|kind| matches!(kind, Kind::Air { .. }), |sensor| Effect::Silent { sensor })
        }
        FaultKind::Smog => sensors(|kind| matches!(kind, Kind::Air { .. }), |sensor| Effect::Smog { sensor }),
    }
}
