//! The assets of the city as GeoJSON, the form in which a municipality imports its registry.
//!
//! A `FeatureCollection` (RFC 7946). Each feature has the geometry of the asset (`Point`, `LineString`, `Polygon`, or `null`) and the properties
//!
//! ```json
//! {"id": "lamp-00012", "name": "Lampione 12, Viale San Martino", "domain": "streetlight", "class": "lamp", "area": "Provinciale",
//!  "devices": ["70b3d5e7c6ef3720"], "relations": [{"kind": "powered-by", "to": "circuit-0003"}], "main_metric": "power",
//!  "lifecycle": "in-service", "properties": {"watts": "75"}}
//! ```
//!
//! `area` and `main_metric` may be null; the values in `properties` are texts; `kind` is one of the words of `model::RelationKind`.

use geojson::{Feature, FeatureCollection, GeoJson, GeometryValue, JsonObject, Position as GeoPosition};
use model::{Asset, Geometry, Position};
use serde_json::{Value, json};

/// Assets as a GeoJSON `FeatureCollection`, in the order given.
pub fn to_geojson(assets: &[Asset]) -> String {
    let features = assets.iter().map(feature).collect();
    GeoJson::FeatureCollection(FeatureCollection { bbox: None, features, foreign_members: None }).to_string()
}

fn feature(asset: &Asset) -> Feature {
    let relations: Vec<Value> = asset
        .relations
        .iter()
        .map(|relation| json!({"kind": relation.kind.as_str(), "to": relation.to.as_str()}))
        .collect();
    let devices: Vec<&str> = asset.devices.iter().map(model::DeviceId::as_str).collect();
    let mut properties = JsonObject::new();
    let mut put = |key: &str, value: Value| properties.insert(key.to_owned(), value);
    put("id", json!(asset.id.as_str()));
    put("name", json!(asset.name));
    put("domain", json!(asset.domain.as_str()));
    put("class", json!(asset.class.as_str()));
    put("area", json!(asset.area));
    put("devices", json!(devices));
    put("relations", Value::Array(relations));
    put("main_metric", json!(asset.main_metric.as_ref().map(model::MetricName::as_str)));
    put("lifecycle", json!(asset.lifecycle.as_str()));
    put("properties", json!(asset.properties));
    Feature {
        bbox: None,
        geometry: asset.geometry.as_ref().map(shape),
        id: None,
        properties: Some(properties),
        foreign_members: None,
    }
}

fn shape(geometry: &Geometry) -> geojson::Geometry {
    let at = |position: &Position| GeoPosition::from(vec![position.lon(), position.lat()]);
    geojson::Geometry::new(match geometry {
        Geometry::Point(position) => GeometryValue::Point { coordinates: at(position) },
        Geometry::Line(path) => GeometryValue::LineString { coordinates: path.iter().map(at).collect() },
        Geometry::Polygon(ring) => {
            let mut closed: Vec<GeoPosition> = ring.iter().map(at).collect();
            if ring.first() != ring.last() {
                closed.extend(ring.first().map(at));
            }
            GeometryValue::Polygon { coordinates: vec![closed] }
        }
    })
}
