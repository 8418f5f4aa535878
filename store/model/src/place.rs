//! Where things stand: longitude and latitude in degrees, WGS 84.

/// A point on the ground.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Position {
    lon: f64,
    lat: f64,
}

/// Numbers that are no place on Earth.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("longitude {lon} and latitude {lat} are no place on Earth (-180..180, -90..90)")]
pub struct InvalidPosition {
    lon: f64,
    lat: f64,
}

impl Position {
    /// A position from degrees.
    pub fn new(lon: f64, lat: f64) -> Result<Self, InvalidPosition> {
        if (-180.0..=180.0).contains(&lon) && (-90.0..=90.0).contains(&lat) {
            Ok(Self { lon, lat })
        } else {
            Err(InvalidPosition { lon, lat })
        }
    }

    /// Degrees east.
    pub const fn lon(self) -> f64 {
        self.lon
    }

    /// Degrees north.
    pub const fn lat(self) -> f64 {
        self.lat
    }
}

/// The shape of a thing on the ground.
#[derive(Debug, Clone, PartialEq)]
pub enum Geometry {
    /// A lamp, a valve, a camera.
    Point(Position),
    /// A pipe, a circuit along a street. At least two positions.
    Line(Vec<Position>),
    /// A district; the outer ring, closed or not. At least three positions.
    Polygon(Vec<Position>),
}

impl Geometry {
    /// Where to put the symbol: the point itself, the middle vertex of a line, the mean of a polygon's vertices.
    pub fn anchor(&self) -> Option<Position> {
        match self {
            Self::Point(at) => Some(*at),
            Self::Line(path) => path.get(path.len() / 2).copied(),
            Self::Polygon(ring) if ring.is_empty() => None,
            Self::Polygon(ring) => {
                let n = ring.len() as f64;
                let (lon, lat) = ring.iter().fold((0.0, 0.0), |(x, y), p| (x + p.lon, y + p.lat));
                Some(Position { lon: lon / n, lat: lat / n })
            }
        }
    }

    /// Every vertex.
    pub fn positions(&self) -> &[Position] {
        match self {
            Self::Point(at) => std::slice::from_ref(at),
            Self::Line(path) => path,
            Self::Polygon(ring) => ring,
        }
    }
}

/// A rectangle of longitudes and latitudes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Westernmost longitude.
    pub west: f64,
    /// Southernmost latitude.
    pub south: f64,
    /// Easternmost longitude.
    pub east: f64,
    /// Northernmost latitude.
    pub north: f64,
}

impl Bounds {
    /// The smallest rectangle round all of `positions`; `None` when there are none.
    pub fn around(positions: impl IntoIterator<Item = Position>) -> Option<Self> {
        positions.into_iter().fold(None, |bounds: Option<Self>, p| {
            let b = bounds.unwrap_or(Self { west: p.lon, south: p.lat, east: p.lon, north: p.lat });
            Some(Self {
                west: b.west.min(p.lon),
                south: b.south.min(p.lat),
                east: b.east.max(p.lon),
                north: b.north.max(p.lat),
            })
        })
    }

    /// Whether `at` lies inside or on the edge.
    pub fn contains(&self, at: Position) -> bool {
        (self.west..=self.east).contains(&at.lon) && (self.south..=self.north).contains(&at.lat)
    }
}
