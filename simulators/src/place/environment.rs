//! Air stations, weather stations and noise meters, spread over the quarters.

use geo::Coord;

use super::draft::{Draft, Label, scaled};
use crate::chance::{between, pick};
use crate::city::Trade;
use crate::ground::Rank;
use crate::plane::{metres, walk};
use crate::sensor::Kind;

const AIR: usize = 30;
const WEATHER: usize = 20;
const NOISE: usize = 100;
const GATEWAYS: usize = 4;

pub(super) fn place(draft: &mut Draft, scale: f64) {
    let mut groups = Vec::new();
    for n in 0..scaled(AIR, scale) {
        groups.push(vec![station(draft, "air", "Centralina aria", "air-station", "no2", n)]);
    }
    for n in 0..scaled(WEATHER, scale) {
        groups.push(vec![station(draft, "weather", "Stazione meteo", "weather-station", "temperature", n)]);
    }
    for n in 0..scaled(NOISE, scale) {
        groups.push(vec![station(draft, "noise", "Fonometro", "noise-meter", "laeq", n)]);
    }
    draft.gateways(Trade::Environment, "env", GATEWAYS, groups);
}

/// Each quarter gets its turn; within it a street by chance.
fn station(draft: &mut Draft, prefix: &str, word: &str, class: &str, main: &str, n: usize) -> usize {
    let key = draft.key(&format!("{prefix} {n}"));
    let quarter = draft.ground.quarters[n % draft.ground.quarters.len()].0.clone();
    let in_quarter: Vec<usize> = (0..draft.ground.streets.len())
        .filter(|k| draft.ground.streets[*k].quarter == quarter && draft.ground.streets[*k].lit)
        .collect();
    let all: Vec<usize> = if in_quarter.is_empty() { (0..draft.ground.streets.len()).collect() } else { in_quarter };
    let street = draft.ground.streets[all[pick(key, 0, all.len())]].clone();
    let at = walk(&street.path, street.length * between(key, 1, 0.15, 0.85), 6.0);
    let name = format!("{word} {}, {}", n + 1, street.name);
    let asset = draft.asset(Label { id: format!("{prefix}-{:03}", n + 1), name, domain: "environment", class }, at);
    let rank = match street.rank {
        Rank::Primary => 1.0,
        Rank::Secondary => 0.7,
        Rank::Residential => 0.4,
    };
    let busy = rank * (0.35 + 0.65 * (-metres(at, Coord { x: 0.0, y: 0.0 }) / 8_000.0).exp());
    let kind = match prefix {
        "air" => Kind::Air { busy },
        "weather" => Kind::Weather,
        _ => Kind::Noise { busy },
    };
    draft.sensor(asset, &format!("me-{prefix}-{:03}", n + 1), main, kind)
}
