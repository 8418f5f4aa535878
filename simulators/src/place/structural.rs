//! Viaducts, bridges and schools, with accelerometers, tilt meters and crack meters on them.

use geo::Coord;
use model::RelationKind;

use super::draft::{Draft, Label, scaled};
use crate::chance::{between, pick};
use crate::city::Trade;
use crate::ground::Rank;
use crate::plane::{metres, walk};
use crate::sensor::Kind;

const GATEWAYS: usize = 10;
const VIADUCT_ROADS: [&str; 2] = ["Tangenziale di Messina", "Strada Statale 114"];
const BRIDGES: [&str; 16] = [
    "Viadotto Ritiro",
    "Viadotto Giostra",
    "Viadotto San Leone",
    "Viadotto Boccetta",
    "Viadotto Trapani",
    "Viadotto Gravitelli",
    "Viadotto Camaro",
    "Viadotto Bordonaro",
    "Viadotto San Filippo",
    "Viadotto Zafferia",
    "Viadotto Larderia",
    "Ponte Tremestieri",
    "Ponte Mili",
    "Ponte Galati",
    "Ponte Santo Stefano",
    "Ponte Giampilieri",
];
const SCHOOLS: [&str; 28] = [
    "Scuola primaria Cannizzaro",
    "Scuola primaria Crispi",
    "Scuola primaria Pascoli",
    "Scuola primaria Mazzini",
    "Scuola primaria Galatti",
    "Scuola primaria Tommaseo",
    "Scuola primaria Gentiluomo",
    "Scuola primaria Boer",
    "Scuola media Verona Trento",
    "Scuola media Gallo",
    "Scuola media Juvara",
    "Scuola media Mazzini",
    "Scuola media Enzo Drago",
    "Scuola media Vittorini",
    "Scuola media Martino",
    "Scuola media Leopardi",
    "Istituto comprensivo Paradiso",
    "Istituto comprensivo Evemero",
    "Istituto comprensivo Albino Luciani",
    "Istituto comprensivo Santa Margherita",
    "Liceo La Farina",
    "Liceo Maurolico",
    "Liceo Seguenza",
    "Liceo Archimede",
    "Liceo Bisazza",
    "Istituto tecnico Jaci",
    "Istituto tecnico Verona Trento",
    "Istituto tecnico Copernico",
];

pub(super) fn place(draft: &mut Draft, scale: f64) {
    let mut groups = Vec::new();
    let bridges = scaled(BRIDGES.len(), scale);
    for n in 0..bridges {
        groups.push(bridge(draft, n, bridges));
    }
    for n in 0..scaled(SCHOOLS.len(), scale) {
        groups.push(school(draft, n));
    }
    draft.gateways(Trade::Structural, "edge", GATEWAYS, groups);
}

/// The name for number `n` of a list that may be asked for more than it holds.
fn numbered(names: &[&str], n: usize) -> String {
    let name = names[n % names.len()];
    if n < names.len() { name.to_owned() } else { format!("{name} {}", n / names.len() + 1) }
}

/// A bridge along its road: two thirds on the ring road, the rest on the coast road; fourteen sensors.
fn bridge(draft: &mut Draft, n: usize, count: usize) -> Vec<usize> {
    let on_ring = (count * 2).div_ceil(3);
    let (road, place, of) =
        if n < on_ring { (VIADUCT_ROADS[0], n, on_ring) } else { (VIADUCT_ROADS[1], n - on_ring, count - on_ring) };
    let street = draft
        .ground
        .streets
        .iter()
        .filter(|street| street.name == road)
        .max_by(|a, b| a.length.total_cmp(&b.length))
        .expect("the plan of Messina has its ring road and the coast road, as a test checks")
        .clone();
    // The ring road is drawn from south to north, names run from north to south.
    let north_first = street.path.0.first().map(|p| p.y) > street.path.0.last().map(|p| p.y);
    let ratio = (place as f64 + 0.5) / of as f64;
    let along = street.length * if north_first { ratio } else { 1.0 - ratio };
    let key = draft.key(&format!("bridge {n}"));
    let span = between(key, 0, 90.0, 260.0);
    let id = format!("bridge-{:02}", n + 1);
    let asset = draft.asset(
        Label { id, name: numbered(&BRIDGES, n), domain: "structural", class: "bridge" },
        walk(&street.path, along, 0.0),
    );
    draft.note(asset, "span_m", span.round());
    let structure = draft.structures.len();
    draft.structures.push(asset);
    let frequency = 190.0 / span + between(key, 1, 0.5, 1.1);
    let mut sensors = Vec::new();
    for k in 0..14 {
        let at = walk(&street.path, along + span * (f64::from(k) / 13.0 - 0.5), if k % 2 == 0 { 5.0 } else { -5.0 });
        let (class, kind) = match k {
            0..8 => ("accelerometer", Kind::Accelerometer { structure, frequency }),
            8..12 => ("tilt-meter", Kind::Tilt { structure }),
            _ => ("crack-meter", Kind::Crack { structure }),
        };
        sensors.push(instrument(draft, asset, class, kind, at));
    }
    sensors
}

/// A school beside a street, with five sensors at its corners.
fn school(draft: &mut Draft, n: usize) -> Vec<usize> {
    let key = draft.key(&format!("school {n}"));
    let near: Vec<usize> = (0..draft.ground.streets.len())
        .filter(|k| {
            let street = &draft.ground.streets[*k];
            street.lit
                && street.rank != Rank::Primary
                && street.length > 250.0
                && metres(street.middle(), Coord { x: 0.0, y: 0.0 }) < 9_000.0
        })
        .collect();
    let street = draft.ground.streets[near[pick(key, 0, near.len())]].clone();
    let along = street.length * between(key, 1, 0.25, 0.75);
    let at = walk(&street.path, along, 28.0);
    let id = format!("school-{:02}", n + 1);
    let asset = draft.asset(Label { id, name: numbered(&SCHOOLS, n), domain: "structural", class: "school" }, at);
    draft.note(asset, "storeys", 2 + pick(key, 2, 3));
    let structure = draft.structures.len();
    draft.structures.push(asset);
    let frequency = between(key, 3, 3.4, 6.2);
    let corners = [(-14.0, -8.0), (14.0, -8.0), (14.0, 8.0), (-14.0, 8.0), (0.0, 0.0)];
    let mut sensors = Vec::new();
    for (k, (x, y)) in corners.into_iter().enumerate() {
        let (class, kind) = match k {
            0 | 2 => ("accelerometer", Kind::Accelerometer { structure, frequency }),
            1 | 3 => ("tilt-meter", Kind::Tilt { structure }),
            _ => ("crack-meter", Kind::Crack { structure }),
        };
        sensors.push(instrument(draft, asset, class, kind, Coord { x: at.x + x, y: at.y + y }));
    }
    sensors
}

fn instrument(draft: &mut Draft, on: usize, class: &str, kind: Kind, at: Coord) -> usize {
    let (prefix, word, main) = match kind {
        Kind::Accelerometer { .. } => ("accel", "Accelerometro", "frequency"),
        Kind::Tilt { .. } => ("tilt", "Inclinometro", "tilt"),
        _ => ("crack", "Fessurimetro", "crack_width"),
    };
    let home = draft.assets[on].id.clone();
    let number = draft
        .assets
        .iter()
        .filter(|a| a.class.as_str() == class && a.related(RelationKind::LocatedIn).any(|to| *to == home))
        .count()
        + 1;
    let name = format!("{word} {number}, {}", draft.assets[on].name);
    let id = format!("{home}-{prefix}-{number:02}");
    let asset = draft.asset(Label { id, name, domain: "structural", class }, at);
    draft.relate(asset, RelationKind::LocatedIn, on);
    draft.sensor(asset, &format!("shm-{home}-{prefix}{number:02}"), main, kind)
}
