//! Street lights every 25 to 35 m along the drawn streets, in circuits of 30 to 60 lamps that hang on cabinets.

use std::collections::HashMap;

use geo::Coord;
use model::{Geometry, RelationKind};

use super::draft::{Draft, Label, scaled};
use crate::chance::{between, unit};
use crate::city::Trade;
use crate::ground::{Rank, Street};
use crate::plane::{metres, walk};
use crate::sensor::Kind;

const LAMPS: usize = 7_300;
const LAMPS_PER_CIRCUIT: usize = 50;
/// An area with fewer lamps than this shares circuits with its neighbour, so that no circuit has fewer than 30.
const FEWEST_IN_AREA: usize = 60;
const CIRCUITS_PER_CABINET: usize = 3;
const LORAWAN_GATEWAYS: usize = 27;

/// A pole before it has a circuit.
struct Pole {
    street: usize,
    number: usize,
    at: Coord,
    watts: f64,
}

pub(super) fn place(draft: &mut Draft, scale: f64) {
    let poles = plant(draft, scaled(LAMPS, scale));
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for area in by_area(draft, poles) {
        let circuits = area.len().div_ceil(LAMPS_PER_CIRCUIT);
        let mut rest = area;
        let mut cut = Vec::new();
        for left in (1..=circuits).rev() {
            let tail = rest.split_off(rest.len().div_ceil(left));
            cut.push(rest);
            rest = tail;
        }
        while !cut.is_empty() {
            let tail = cut.split_off(cut.len().min(CIRCUITS_PER_CABINET));
            groups.push(wire(draft, cut, groups.len() + 1));
            cut = tail;
        }
    }
    let per_gateway: Vec<Vec<Vec<usize>>> = in_bundles(groups, LORAWAN_GATEWAYS);
    for (n, bundle) in per_gateway.into_iter().enumerate() {
        let single = bundle.into_iter().flatten().map(|sensor| vec![sensor]).collect();
        draft.gateways(Trade::Streetlight, &format!("lora-{:02}", n + 1), 1, single);
    }
}

fn in_bundles<T>(mut items: Vec<T>, count: usize) -> Vec<Vec<T>> {
    let mut bundles = Vec::new();
    for left in (1..=count.min(items.len())).rev() {
        let tail = items.split_off(items.len().div_ceil(left));
        bundles.push(std::mem::replace(&mut items, tail));
    }
    bundles
}

/// Poles along the streets, busiest and most central streets first, until there are enough.
fn plant(draft: &Draft, wanted: usize) -> Vec<Pole> {
    let streets = &draft.ground.streets;
    let origin = Coord { x: 0.0, y: 0.0 };
    let cost = |street: &Street| {
        let bonus = match street.rank {
            Rank::Primary => 9_000.0,
            Rank::Secondary => 2_500.0,
            Rank::Residential => 0.0,
        };
        metres(street.middle(), origin) - bonus
    };
    let mut order: Vec<usize> = (0..streets.len()).filter(|k| streets[*k].lit).collect();
    order.sort_by(|a, b| cost(&streets[*a]).total_cmp(&cost(&streets[*b])).then(a.cmp(b)));
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    let mut poles = Vec::with_capacity(wanted);
    // Further rounds stand on the other side of the street; only a city larger than usual needs them.
    for round in 0..4_u32 {
        for index in &order {
            let street = &streets[*index];
            let key = draft.key(&format!("street {} {index}", street.name));
            let (low, high, watts) = match street.rank {
                Rank::Primary => (25.0, 29.0, 103.0),
                Rank::Secondary => (27.0, 32.0, 75.0),
                Rank::Residential => (29.0, 35.0, 49.0),
            };
            let spacing = between(key, 1, low, high);
            let side = if (unit(key, 2) < 0.5) ^ (round % 2 == 1) { 3.0 } else { -3.0 };
            let aside = if round < 2 { side } else { side * 1.4 };
            let mut along = between(key, 3 + u64::from(round), 4.0, spacing / 2.0);
            while along < street.length - 2.0 {
                if poles.len() == wanted {
                    return poles;
                }
                let number = numbers.entry(street.name.as_str()).or_default();
                *number += 1;
                poles.push(Pole { street: *index, number: *number, at: walk(&street.path, along, aside), watts });
                along += spacing;
            }
        }
    }
    poles
}

/// The poles by area, each area's in walking order from street to nearest street.
fn by_area(draft: &Draft, poles: Vec<Pole>) -> Vec<Vec<Pole>> {
    let mut areas: Vec<(String, Vec<Vec<Pole>>)> = Vec::new();
    for pole in poles {
        let name = draft.ground.quarter_at(pole.at);
        let at = areas.iter().position(|(area, _)| area == name).unwrap_or_else(|| {
            areas.push((name.to_owned(), Vec::new()));
            areas.len() - 1
        });
        let runs = &mut areas[at].1;
        match runs.last_mut() {
            Some(run) if run.last().is_some_and(|last| last.street == pole.street) => run.push(pole),
            _ => runs.push(vec![pole]),
        }
    }
    areas.sort_by(|a, b| a.0.cmp(&b.0));
    let mut walks: Vec<Vec<Pole>> = areas.into_iter().map(|(_, runs)| in_walking_order(runs)).collect();
    while walks.len() > 1 {
        let Some(small) = walks.iter().position(|walk| walk.len() < FEWEST_IN_AREA) else { break };
        let orphan = walks.remove(small);
        let at = orphan[0].at;
        let nearest = walks
            .iter_mut()
            .min_by(|a, b| metres(nearest_to(a, at), at).total_cmp(&metres(nearest_to(b, at), at)))
            .expect("more than one area was left");
        nearest.extend(orphan);
    }
    walks
}

fn nearest_to(walk: &[Pole], at: Coord) -> Coord {
    walk.iter().map(|pole| pole.at).min_by(|a, b| metres(*a, at).total_cmp(&metres(*b, at))).unwrap_or(at)
}

fn in_walking_order(mut runs: Vec<Vec<Pole>>) -> Vec<Pole> {
    let mut walked: Vec<Pole> = Vec::new();
    while !runs.is_empty() {
        let next = walked.last().map_or(0, |pole| {
            let far = |run: &Vec<Pole>| {
                run.first()
                    .map_or(f64::MAX, |p| metres(p.at, pole.at))
                    .min(run.last().map_or(f64::MAX, |p| metres(p.at, pole.at)))
            };
            (0..runs.len()).min_by(|a, b| far(&runs[*a]).total_cmp(&far(&runs[*b]))).unwrap_or(0)
        });
        let mut run = runs.remove(next);
        if let (Some(end), Some(first), Some(last)) = (walked.last(), run.first(), run.last())
            && metres(last.at, end.at) < metres(first.at, end.at)
        {
            run.reverse();
        }
        walked.extend(run);
    }
    walked
}

/// One cabinet with its circuits and their lamps; returns its sensors.
fn wire(draft: &mut Draft, circuits: Vec<Vec<Pole>>, number: usize) -> Vec<usize> {
    let mut sensors = Vec::new();
    let first = &circuits[0][0];
    let street = draft.ground.streets[first.street].name.clone();
    let corner = Coord { x: first.at.x + 2.0, y: first.at.y + 1.0 };
    let cabinet = draft.asset(
        Label {
            id: format!("cabinet-{number:03}"),
            name: format!("Quadro Q{number:03}, {street}"),
            domain: "streetlight",
            class: "cabinet",
        },
        corner,
    );
    let mut loads = Vec::new();
    for (k, poles) in circuits.into_iter().enumerate() {
        let index = draft.circuits.len();
        let middle = &poles[poles.len() / 2];
        let along = draft.ground.streets[middle.street].name.clone();
        let circuit = draft.asset(
            Label {
                id: format!("circuit-{:04}", index + 1),
                name: format!("Circuito {} del quadro Q{number:03}, {along}", k + 1),
                domain: "streetlight",
                class: "circuit",
            },
            middle.at,
        );
        let plane = draft.ground.plane;
        let cable = poles.iter().step_by(4).chain(poles.last()).map(|pole| plane.to_position(pole.at)).collect();
        draft.assets[circuit].geometry = Some(Geometry::Line(cable));
        draft.relate(circuit, RelationKind::PoweredBy, cabinet);
        draft.note(circuit, "lamps", poles.len());
        draft.circuits.push(circuit);
        loads.push((index, poles.iter().map(|pole| pole.watts).sum()));
        let last = poles.len() as f64;
        for (place, pole) in poles.into_iter().enumerate() {
            sensors.push(lamp(draft, &pole, circuit, index, (place + 1) as f64 / last));
        }
    }
    draft.note(cabinet, "circuits", loads.len());
    let device = dev_eui(draft.sensors.len());
    sensors.push(draft.sensor(cabinet, &device, "power", Kind::Cabinet { circuits: loads }));
    sensors
}

fn lamp(draft: &mut Draft, pole: &Pole, circuit_asset: usize, circuit: usize, along: f64) -> usize {
    let street = draft.ground.streets[pole.street].name.clone();
    let count = draft.sensors.len();
    let asset = draft.asset(
        Label {
            id: format!("lamp-{:05}", count + 1),
            name: format!("Lampione {}, {street}", pole.number),
            domain: "streetlight",
            class: "lamp",
        },
        pole.at,
    );
    draft.relate(asset, RelationKind::PoweredBy, circuit_asset);
    draft.note(asset, "watts", pole.watts);
    draft.note(asset, "pole_height_m", if pole.watts > 100.0 { 9 } else { 7 });
    draft.sensor(asset, &dev_eui(count), "power", Kind::Lamp { circuit, watts: pole.watts, along })
}

/// A LoRaWAN device EUI, lower case: the 32 low bits walk through all numbers once (the factor is odd).
fn dev_eui(count: usize) -> String {
    format!("70b3d5e7{:08x}", (count as u32).wrapping_mul(0x9e37_79b1))
}
