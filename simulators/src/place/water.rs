//! The water network: one metered district per quarter, with its inlet meters, pressure loggers, probes, tank and pumps.

use geo::{ConvexHull, Coord, MultiPoint, Point};
use model::{Geometry, RelationKind};

use super::draft::{Draft, Label, scaled};
use crate::chance::{between, pick, unit};
use crate::city::Trade;
use crate::plane::walk;
use crate::sensor::Kind;

const GATEWAYS: usize = 8;
const FEWEST_STREETS: usize = 9;
const PRESSURE_LOGGERS: usize = 16;
const INLETS: usize = 4;
const PROBES: usize = 3;

pub(super) fn place(draft: &mut Draft, scale: f64) {
    let mut groups = Vec::new();
    let names: Vec<String> = draft.ground.quarters.iter().map(|(name, _)| name.clone()).collect();
    for name in names {
        let streets: Vec<usize> = (0..draft.ground.streets.len())
            .filter(|k| draft.ground.streets[*k].lit && draft.ground.streets[*k].quarter == name)
            .collect();
        if streets.len() >= FEWEST_STREETS {
            groups.extend(district(draft, &name, &streets, scale).into_iter().map(|sensor| vec![sensor]));
        }
    }
    draft.gateways(Trade::Water, "aqua", GATEWAYS, groups);
}

fn district(draft: &mut Draft, name: &str, streets: &[usize], scale: f64) -> Vec<usize> {
    let number = draft.districts.len() + 1;
    let key = draft.key(&format!("district {name}"));
    let corners: MultiPoint = streets.iter().flat_map(|k| draft.ground.streets[*k].path.points()).collect();
    let middle = corners.iter().fold(Coord { x: 0.0, y: 0.0 }, |sum, p| Coord { x: sum.x + p.x(), y: sum.y + p.y() });
    let count = corners.len().max(1) as f64;
    let middle = Coord { x: middle.x / count, y: middle.y / count };
    let asset = draft.asset(
        Label {
            id: format!("dma-{number:02}"),
            name: format!("Distretto idrico {number}, {name}"),
            domain: "water",
            class: "district",
        },
        middle,
    );
    let hull: Vec<_> =
        corners.convex_hull().exterior().points().map(|p: Point| draft.ground.plane.to_position(p.0)).collect();
    if hull.len() >= 3 {
        draft.assets[asset].geometry = Some(Geometry::Polygon(hull));
    }
    draft.assets[asset].area = Some(name.to_owned());
    let index = draft.districts.len();
    draft.districts.push(asset);

    let mean = streets.iter().map(|k| draft.ground.streets[*k].length).sum::<f64>() / 420.0;
    let mut site = Site { key, streets: streets.to_vec(), taken: 0 };
    let mut sensors = Vec::new();
    let head = between(key, 1, 4.2, 5.4);
    for k in 0..scaled(PRESSURE_LOGGERS, scale) {
        let (at, street) = site.next(draft);
        let id = format!("pressure-{number:02}-{:02}", k + 1);
        let logger = draft.asset(
            Label { id, name: format!("Pressione {}, {street}", k + 1), domain: "water", class: "pressure-sensor" },
            at,
        );
        draft.relate(logger, RelationKind::LocatedIn, asset);
        draft.note(logger, "pipe_diameter_mm", [100, 150, 200, 250][pick(key, 40 + k as u64, 4)]);
        let head = head + between(key, 70 + k as u64, -0.5, 0.5);
        sensors.push(draft.sensor(
            logger,
            &format!("wl-{number:02}-p{:02}", k + 1),
            "pressure",
            Kind::Pressure { district: index, head },
        ));
    }
    let inlets = scaled(INLETS, scale);
    for k in 0..inlets {
        let (at, street) = site.next(draft);
        let id = format!("flow-{number:02}-{:02}", k + 1);
        let meter = draft.asset(
            Label { id, name: format!("Portata {}, {street}", k + 1), domain: "water", class: "flow-meter" },
            at,
        );
        draft.relate(meter, RelationKind::LocatedIn, asset);
        draft.relate(meter, RelationKind::Feeds, asset);
        let kind = Kind::Flow { district: index, mean: mean / inlets as f64 };
        sensors.push(draft.sensor(meter, &format!("wl-{number:02}-f{:02}", k + 1), "flow", kind));
    }
    for k in 0..scaled(PROBES, scale) {
        let (at, street) = site.next(draft);
        let id = format!("quality-{number:02}-{:02}", k + 1);
        let probe = draft.asset(
            Label { id, name: format!("Qualità acqua {}, {street}", k + 1), domain: "water", class: "quality-probe" },
            at,
        );
        draft.relate(probe, RelationKind::LocatedIn, asset);
        sensors.push(draft.sensor(
            probe,
            &format!("wl-{number:02}-q{:02}", k + 1),
            "chlorine",
            Kind::Quality { district: index },
        ));
    }
    if unit(key, 3) < 0.5 || number == 1 {
        sensors.extend(supply(draft, asset, number, &mut site));
    }
    sensors
}

/// A tank that feeds the district and the pumps that fill it.
fn supply(draft: &mut Draft, district: usize, number: usize, site: &mut Site) -> Vec<usize> {
    let (at, street) = site.next(draft);
    let depth = between(site.key, 4, 4.0, 6.5);
    let tank = draft.asset(
        Label { id: format!("tank-{number:02}"), name: format!("Serbatoio, {street}"), domain: "water", class: "tank" },
        at,
    );
    draft.relate(tank, RelationKind::Feeds, district);
    draft.note(tank, "depth_m", format!("{depth:.1}"));
    let mut sensors = vec![draft.sensor(tank, &format!("wl-{number:02}-tank"), "level", Kind::Tank { depth })];
    for k in 0..3 {
        let pump = draft.asset(
            Label {
                id: format!("pump-{number:02}-{}", k + 1),
                name: format!("Pompa {}, {street}", k + 1),
                domain: "water",
                class: "pump",
            },
            Coord { x: at.x + 6.0, y: at.y + 4.0 * f64::from(k) - 4.0 },
        );
        draft.relate(pump, RelationKind::Feeds, tank);
        let kilowatt = between(site.key, 10 + k as u64, 15.0, 45.0).round();
        draft.note(pump, "rated_kw", kilowatt);
        sensors.push(draft.sensor(pump, &format!("wl-{number:02}-pump{}", k + 1), "power", Kind::Pump { kilowatt }));
    }
    sensors
}

/// Gives places along the streets of a district, spread evenly.
struct Site {
    key: u64,
    streets: Vec<usize>,
    taken: usize,
}

impl Site {
    fn next(&mut self, draft: &Draft) -> (Coord, String) {
        let start = pick(self.key, 20, self.streets.len());
        // A step that shares no factor with most lengths walks through the whole district before it repeats.
        let street = &draft.ground.streets[self.streets[(start + self.taken * 5) % self.streets.len()]];
        self.taken += 1;
        let along = street.length * between(self.key, 100 + self.taken as u64, 0.1, 0.9);
        (walk(&street.path, along, -1.5), street.name.clone())
    }
}
