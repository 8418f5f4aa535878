//! Assets as GeoJSON: one feature an asset.
//!
//! Properties of a feature: `id` (needed); `name`, `domain`, `class`, `area`, `devices` (list of names), `relations` (list of `{kind, to}`), `main_metric`,
//! `lifecycle`, `properties` (texts). A property that is missing leaves what is known as it is; null takes it away. The geometry is a point, a line, a
//! polygon or null.

use std::collections::BTreeMap;

use geojson::{GeometryValue, Position as Place};
use model::{Asset, AssetClass, AssetId, DeviceId, Domain, Geometry, MetricName, Position, Relation};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::draft::{Draft, relation, stage};
use super::drafts::Drafts;
use super::mistake::Mistakes;
use super::wkt;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Properties {
    id: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    domain: Option<String>,
    #[serde(default)]
    class: Option<String>,
    #[serde(default, deserialize_with = "said")]
    area: Option<Option<String>>,
    #[serde(default)]
    devices: Option<Vec<String>>,
    #[serde(default)]
    relations: Option<Vec<Related>>,
    #[serde(default, deserialize_with = "said")]
    main_metric: Option<Option<String>>,
    #[serde(default)]
    lifecycle: Option<String>,
    #[serde(default)]
    properties: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Related {
    kind: String,
    to: String,
}

/// Tells null from not being there.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

/// What a collection of features says.
pub(super) fn read(text: &str) -> Result<Vec<Draft>, Mistakes> {
    let collection: Value = serde_json::from_str(text)
        .map_err(|error| Mistakes::one(error.line() as u64, format!("is no JSON: {error}")))?;
    if collection.get("type").and_then(Value::as_str) != Some("FeatureCollection") {
        return Err(Mistakes::one(
            1,
            "is no GeoJSON feature collection; it must begin with {\"type\": \"FeatureCollection\", \"features\": [...]}",
        ));
    }
    let features = match collection {
        Value::Object(mut members) => members.remove("features"),
        _ => None,
    };
    let Some(Value::Array(features)) = features else {
        return Err(Mistakes::one(1, "has no list of features"));
    };
    let lines = lines(text);
    let mut drafts = Drafts::default();
    for (number, feature) in features.into_iter().enumerate() {
        let line = lines.get(number).copied().unwrap_or(1);
        drafts.take(line, draft(line, feature));
    }
    drafts.finish()
}

/// The line on which each feature begins: the objects that stand in the list `features` of the outermost object. The text is known to be JSON.
fn lines(text: &str) -> Vec<u64> {
    let (mut lines, mut line, mut depth, mut in_features) = (Vec::new(), 1, 0_usize, false);
    let (mut key, mut in_text, mut escaped) = (String::new(), false, false);
    for byte in text.bytes() {
        line += u64::from(byte == b'\n');
        if in_text {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_text = false,
                other if depth == 1 => key.push(char::from(other)),
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => {
                in_text = true;
                if depth == 1 {
                    key.clear();
                }
            }
            b'{' | b'[' => {
                if depth == 1 {
                    in_features = byte == b'[' && key == "features";
                }
                if depth == 2 && in_features && byte == b'{' {
                    lines.push(line);
                }
                depth += 1;
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    lines
}

fn draft(line: u64, feature: Value) -> Result<Draft, String> {
    let feature: geojson::Feature =
        serde_json::from_value(feature).map_err(|error| format!("is no feature: {error}"))?;
    let properties = Value::Object(feature.properties.unwrap_or_default());
    let p: Properties = serde_json::from_value(properties).map_err(|error| format!("properties: {error}"))?;
    let mut draft = Draft::new(line, AssetId::new(&p.id).map_err(|why| why.to_string())?);
    draft.name = nonempty(p.name);
    draft.domain = p.domain.map(Domain::new).transpose().map_err(|why| why.to_string())?;
    draft.class = p.class.map(AssetClass::new).transpose().map_err(|why| why.to_string())?;
    draft.geometry = Some(feature.geometry.map(|geometry| shape(&geometry.value)).transpose()?);
    draft.area = p.area.map(nonempty);
    draft.devices = p.devices.map(devices).transpose()?;
    draft.relations = p.relations.map(relations).transpose()?;
    let main = p.main_metric.map(|name| name.map(MetricName::new).transpose()).transpose();
    draft.main_metric = main.map_err(|why| why.to_string())?;
    draft.lifecycle = p.lifecycle.map(|word| stage(&word)).transpose()?;
    if let Some(properties) = p.properties {
        draft.properties.all = true;
        draft.properties.named = properties.into_iter().map(|(key, value)| (key, Some(value))).collect();
    }
    Ok(draft)
}

/// An empty text says nothing.
fn nonempty(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn devices(names: Vec<String>) -> Result<Vec<DeviceId>, String> {
    names.iter().map(|name| DeviceId::new(name).map_err(|why| why.to_string())).collect()
}

fn relations(all: Vec<Related>) -> Result<Vec<Relation>, String> {
    all.iter().map(|one| relation(&one.kind, &one.to)).collect()
}

fn shape(value: &GeometryValue) -> Result<Geometry, String> {
    let path = |points: &[Place]| points.iter().map(position).collect::<Result<Vec<_>, _>>();
    match value {
        GeometryValue::Point { coordinates } => Ok(Geometry::Point(position(coordinates)?)),
        GeometryValue::LineString { coordinates } => wkt::line(path(coordinates)?),
        GeometryValue::Polygon { coordinates } => match coordinates.as_slice() {
            [] => wkt::polygon(Vec::new()),
            [ring] => wkt::polygon(path(ring)?),
            // Without its holes it would be another place, and nobody would see it.
            [_, ..] => Err(wkt::HOLES.to_owned()),
        },
        other => {
            Err(format!("a geometry of type {} is not understood; use Point, LineString or Polygon", other.type_name()))
        }
    }
}

fn position(numbers: &Place) -> Result<Position, String> {
    match numbers.as_slice() {
        [lon, lat, ..] => Position::new(*lon, *lat).map_err(|why| why.to_string()),
        _ => Err("a position needs longitude and latitude".to_owned()),
    }
}

/// Assets as a feature collection, one feature a line so that two exports can be compared.
pub(super) fn write(assets: &[Asset]) -> String {
    let features: Vec<String> = assets.iter().map(|asset| feature(asset).to_string()).collect();
    format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}\n", features.join(",\n"))
}

fn feature(asset: &Asset) -> Value {
    let relations: Vec<Value> =
        asset.relations.iter().map(|one| json!({"kind": one.kind.as_str(), "to": one.to.as_str()})).collect();
    let devices: Vec<&str> = asset.devices.iter().map(DeviceId::as_str).collect();
    json!({
        "type": "Feature",
        "geometry": asset.geometry.as_ref().map(coordinates),
        "properties": {
            "id": asset.id.as_str(),
            "name": asset.name,
            "domain": asset.domain.as_str(),
            "class": asset.class.as_str(),
            "area": asset.area,
            "devices": devices,
            "relations": relations,
            "main_metric": asset.main_metric.as_ref().map(MetricName::as_str),
            "lifecycle": asset.lifecycle.as_str(),
            "properties": asset.properties,
        },
    })
}

fn coordinates(geometry: &Geometry) -> Value {
    let at = |position: &Position| json!([position.lon(), position.lat()]);
    match geometry {
        Geometry::Point(position) => json!({"type": "Point", "coordinates": at(position)}),
        Geometry::Line(path) => json!({"type": "LineString", "coordinates": path.iter().map(at).collect::<Vec<_>>()}),
        Geometry::Polygon(ring) => {
            let closed: Vec<Value> = ring.iter().chain(ring.first()).map(at).collect();
            json!({"type": "Polygon", "coordinates": [closed]})
        }
    }
}
