//! A flat plan of the city: metres east and north of its centre, exact to centimetres over one municipality.

use geo::{Coord, Euclidean, InterpolatePoint, Length, Line, LineString, Point};
use model::Position;

/// Turns degrees into metres round a centre and back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plane {
    lon: f64,
    lat: f64,
    per_lon: f64,
    per_lat: f64,
}

impl Plane {
    /// The plan round a centre [longitude, latitude]. Metres per degree from the usual series of the WGS 84 ellipsoid.
    pub(crate) fn new(centre: [f64; 2]) -> Self {
        let [lon, lat] = centre;
        let phi = lat.to_radians();
        Self {
            lon,
            lat,
            per_lon: 111_412.84 * phi.cos() - 93.5 * (3.0 * phi).cos(),
            per_lat: 111_132.95 - 559.82 * (2.0 * phi).cos(),
        }
    }

    pub(crate) fn to_metres(self, at: [f64; 2]) -> Coord {
        Coord { x: (at[0] - self.lon) * self.per_lon, y: (at[1] - self.lat) * self.per_lat }
    }

    /// Degrees with six decimals (a tenth of a metre).
    pub(crate) fn to_position(self, at: Coord) -> Position {
        let round = |degrees: f64| (degrees * 1e6).round() / 1e6;
        Position::new(round(at.x / self.per_lon + self.lon), round(at.y / self.per_lat + self.lat))
            .expect("the plan lies within one municipality, far from poles and date line")
    }
}

/// A point `along` metres from the start of a line, moved `aside` metres to the left (negative: right).
pub(crate) fn walk(path: &LineString, along: f64, aside: f64) -> Coord {
    let mut left = along.max(0.0);
    for line in path.lines() {
        let length = Euclidean.length(&line);
        if left <= length && length > 0.0 {
            return step_aside(line, left / length, aside);
        }
        left -= length;
    }
    path.lines().last().map_or(Coord { x: 0.0, y: 0.0 }, |line| step_aside(line, 1.0, aside))
}

fn step_aside(line: Line, ratio: f64, aside: f64) -> Coord {
    let length = Euclidean.length(&line);
    let at = Euclidean.point_at_ratio_between(Point(line.start), Point(line.end), ratio);
    let (dx, dy) = ((line.end.x - line.start.x) / length, (line.end.y - line.start.y) / length);
    Coord { x: at.x() - dy * aside, y: at.y() + dx * aside }
}

/// Metres between two points of the plan.
pub(crate) fn metres(a: Coord, b: Coord) -> f64 {
    (a.x - b.x).hypot(a.y - b.y)
}
