//! Places as text, as spreadsheets and geographic programs exchange them: `POINT (15.55 38.19)`, `LINESTRING (...)`, `POLYGON ((...))`.

use model::{Geometry, Position};

/// Why a polygon with holes is refused.
pub(super) const HOLES: &str = "a polygon with holes is not understood; write its outer ring only";

/// The text of a geometry.
pub(super) fn text(geometry: &Geometry) -> String {
    fn places<'a>(path: impl Iterator<Item = &'a Position>) -> String {
        path.map(|at| format!("{} {}", at.lon(), at.lat())).collect::<Vec<_>>().join(", ")
    }
    match geometry {
        Geometry::Point(at) => format!("POINT ({} {})", at.lon(), at.lat()),
        Geometry::Line(path) => format!("LINESTRING ({})", places(path.iter())),
        // The first corner is said twice, as others expect it.
        Geometry::Polygon(ring) => format!("POLYGON (({}))", places(ring.iter().chain(ring.first()))),
    }
}

/// The geometry of a text, or what to write instead.
pub(super) fn read(text: &str) -> Result<Geometry, String> {
    let wrong = || {
        format!(
            "{text:.60?} is no place; write POINT (15.55 38.19), LINESTRING (15.5 38.1, 15.6 38.2) or POLYGON ((...))"
        )
    };
    let (word, rest) = text.split_once('(').ok_or_else(wrong)?;
    let inner = rest.trim().strip_suffix(')').ok_or_else(wrong)?.trim();
    match word.trim().to_ascii_uppercase().as_str() {
        "POINT" => match places(inner)?[..] {
            [at] => Ok(Geometry::Point(at)),
            _ => Err(wrong()),
        },
        "LINESTRING" => line(places(inner)?),
        "POLYGON" => {
            let ring = inner.strip_prefix('(').and_then(|ring| ring.strip_suffix(')')).ok_or_else(wrong)?;
            // A hole would begin with another parenthesis.
            if ring.contains(['(', ')']) {
                return Err(HOLES.to_owned());
            }
            polygon(places(ring)?)
        }
        _ => Err(wrong()),
    }
}

/// A line, if it is long enough.
pub(super) fn line(path: Vec<Position>) -> Result<Geometry, String> {
    if path.len() < 2 { Err("a line needs two positions".to_owned()) } else { Ok(Geometry::Line(path)) }
}

/// A polygon, if it has enough corners. Files say the first corner twice; here the ring closes by itself.
pub(super) fn polygon(mut ring: Vec<Position>) -> Result<Geometry, String> {
    if ring.len() > 1 && ring.first() == ring.last() {
        ring.pop();
    }
    if ring.len() < 3 { Err("a polygon needs three positions".to_owned()) } else { Ok(Geometry::Polygon(ring)) }
}

fn places(text: &str) -> Result<Vec<Position>, String> {
    text.split(',')
        .map(|pair| {
            let numbers: Vec<&str> = pair.split_whitespace().collect();
            let [lon, lat] = numbers[..] else {
                return Err(format!("{pair:?} needs longitude and latitude, parted by a blank"));
            };
            position(lon, lat)
        })
        .collect()
}

/// A position of two texts.
pub(super) fn position(lon: &str, lat: &str) -> Result<Position, String> {
    let number = |text: &str| {
        let text = text.trim();
        text.parse::<f64>().map_err(|_| match text.contains(',') {
            true => format!("{text:?} is no number; write {} with a point", text.replace(',', ".")),
            false => format!("{text:?} is no number; write degrees such as 15.55"),
        })
    };
    Position::new(number(lon)?, number(lat)?).map_err(|why| why.to_string())
}
