//! The ground the city stands on: the streets, quarters and outline that `dashboards/basemap/make.py` also draws on the map.

use geo::{Coord, Euclidean, Length, LineString, Polygon};
use serde::Deserialize;

use crate::plane::{Plane, metres};

/// Written by `dashboards/basemap/make.py`; made again together with the map, so that lights stand on the lines that are drawn.
const MESSINA: &str = include_str!("../data/messina.json");

#[derive(Deserialize)]
struct Plan {
    centre: [f64; 2],
    bounds: [f64; 4],
    outline: Vec<[f64; 2]>,
    quarters: Vec<PlanQuarter>,
    streets: Vec<PlanStreet>,
}

#[derive(Deserialize)]
struct PlanQuarter {
    name: String,
    at: [f64; 2],
}

#[derive(Deserialize)]
struct PlanStreet {
    name: String,
    kind: String,
    lit: bool,
    quarter: String,
    line: Vec<[f64; 2]>,
}

/// How much a street carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    Primary,
    Secondary,
    Residential,
}

/// One street of the plan, in metres.
#[derive(Debug, Clone)]
pub(crate) struct Street {
    pub(crate) name: String,
    pub(crate) rank: Rank,
    pub(crate) lit: bool,
    pub(crate) quarter: String,
    pub(crate) path: LineString,
    pub(crate) length: f64,
}

impl Street {
    /// The point half way.
    pub(crate) fn middle(&self) -> Coord {
        crate::plane::walk(&self.path, self.length / 2.0, 0.0)
    }
}

/// The plan of a city.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    pub(crate) plane: Plane,
    pub(crate) centre: [f64; 2],
    pub(crate) bounds: [f64; 4],
    /// The municipality up to the drawn coast, in degrees.
    pub(crate) outline: Polygon,
    pub(crate) quarters: Vec<(String, Coord)>,
    pub(crate) streets: Vec<Street>,
}

impl Ground {
    /// Messina, as drawn on the offline map.
    pub(crate) fn messina() -> Self {
        let plan: Plan =
            serde_json::from_str(MESSINA).expect("the embedded plan is written by make.py and read by a test");
        let plane = Plane::new(plan.centre);
        let streets = plan.streets.into_iter().map(|street| {
            let path: LineString = street.line.iter().map(|at| plane.to_metres(*at)).collect();
            let rank = match street.kind.as_str() {
                "primary" => Rank::Primary,
                "secondary" => Rank::Secondary,
                _ => Rank::Residential,
            };
            let length = Euclidean.length(&path);
            Street { name: street.name, rank, lit: street.lit, quarter: street.quarter, path, length }
        });
        Self {
            plane,
            centre: plan.centre,
            bounds: plan.bounds,
            outline: Polygon::new(
                plan.outline.into_iter().map(|[lon, lat]| Coord { x: lon, y: lat }).collect(),
                Vec::new(),
            ),
            quarters: plan.quarters.into_iter().map(|q| (q.name, plane.to_metres(q.at))).collect(),
            streets: streets.collect(),
        }
    }

    /// The name of the quarter nearest to a point.
    pub(crate) fn quarter_at(&self, at: Coord) -> &str {
        self.quarters
            .iter()
            .min_by(|a, b| metres(a.1, at).total_cmp(&metres(b.1, at)))
            .map_or("", |(name, _)| name.as_str())
    }
}
