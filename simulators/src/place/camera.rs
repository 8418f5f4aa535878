//! Cameras at the junctions of the drawn streets, the busiest first.

use geo::line_intersection::{LineIntersection, line_intersection};
use geo::{BoundingRect, Coord, Intersects};

use super::draft::{Draft, Label, scaled};
use crate::chance::unit;
use crate::city::Trade;
use crate::ground::{Rank, Street};
use crate::plane::metres;
use crate::sensor::Kind;

const CAMERAS: usize = 300;
const RECORDERS: usize = 6;
/// Two cameras never watch the same corner.
const NEAREST_M: f64 = 90.0;

struct Junction {
    at: Coord,
    streets: (usize, usize),
    rank: (Rank, Rank),
    luck: f64,
}

pub(super) fn place(draft: &mut Draft, scale: f64) {
    let mut chosen: Vec<Junction> = Vec::new();
    for junction in junctions(draft) {
        if chosen.len() == scaled(CAMERAS, scale) {
            break;
        }
        if chosen.iter().all(|other| metres(other.at, junction.at) > NEAREST_M) {
            chosen.push(junction);
        }
    }
    chosen.sort_by(|a, b| b.at.y.total_cmp(&a.at.y));
    let mut groups = Vec::new();
    for (n, junction) in chosen.iter().enumerate() {
        let n = n + 1;
        let streets = &draft.ground.streets;
        let name =
            format!("Telecamera {n}, {} / {}", streets[junction.streets.0].name, streets[junction.streets.1].name);
        let far = metres(junction.at, Coord { x: 0.0, y: 0.0 });
        let busy = match junction.rank {
            (Rank::Primary, Rank::Primary) => 1.0,
            (Rank::Primary, _) => 0.8,
            _ => 0.55,
        } * (0.3 + 0.7 * (-far / 9_000.0).exp());
        let at = Coord { x: junction.at.x + 4.0, y: junction.at.y + 3.0 };
        let asset = draft.asset(Label { id: format!("camera-{n:04}"), name, domain: "camera", class: "camera" }, at);
        draft.note(asset, "resolution", "1920x1080");
        groups.push(vec![draft.sensor(asset, &format!("cam-{n:04}"), "fps", Kind::Camera { busy })]);
    }
    draft.gateways(Trade::Camera, "nvr", RECORDERS, groups);
}

/// Where streets of different names cross, best corners first.
fn junctions(draft: &Draft) -> Vec<Junction> {
    let streets = &draft.ground.streets;
    let boxes: Vec<_> = streets.iter().map(|street| street.path.bounding_rect()).collect();
    let mut found = Vec::new();
    for a in 0..streets.len() {
        for b in a + 1..streets.len() {
            let rank = (streets[a].rank.min(streets[b].rank), streets[a].rank.max(streets[b].rank));
            let (Some(left), Some(right)) = (&boxes[a], &boxes[b]) else { continue };
            if rank.0 == Rank::Residential
                || !streets[a].lit
                || !streets[b].lit
                || !left.intersects(right)
                || streets[a].name == streets[b].name
            {
                continue;
            }
            if let Some(at) = crossing(&streets[a], &streets[b]) {
                let luck = unit(draft.key("junction"), (a * streets.len() + b) as u64);
                let streets = if streets[a].rank <= streets[b].rank { (a, b) } else { (b, a) };
                found.push(Junction { at, streets, rank, luck });
            }
        }
    }
    found.sort_by(|a, b| a.rank.cmp(&b.rank).then(a.luck.total_cmp(&b.luck)));
    found
}

fn crossing(a: &Street, b: &Street) -> Option<Coord> {
    a.path.lines().find_map(|one| {
        b.path.lines().find_map(|two| match line_intersection(one, two) {
            Some(LineIntersection::SinglePoint { intersection, .. }) => Some(intersection),
            _ => None,
        })
    })
}
