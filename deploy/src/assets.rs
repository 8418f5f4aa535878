//! Reads the assets of a city from GeoJSON: one feature an asset.
//!
//! Properties of a feature: `id`, `name`, `domain`, `class` (needed); `area`, `devices` (list of names), `relations` (list of `{kind, to}`),
//! `main_metric`, `lifecycle`, `properties` (texts). The geometry is a point, a line, a polygon or null.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;

use anyhow::{Context, anyhow, bail, ensure};
use geojson::{FeatureCollection, GeometryValue};
use model::{
    Asset, AssetClass, AssetId, DeviceId, Domain, Geometry, Lifecycle, MetricName, Position, Relation, RelationKind,
    TenantId,
};
use serde::Deserialize;

/// Largest file in bytes: a million assets.
const LARGEST: u64 = 512 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Properties {
    id: String,
    name: String,
    domain: String,
    class: String,
    #[serde(default)]
    area: Option<String>,
    #[serde(default)]
    devices: Vec<String>,
    #[serde(default)]
    relations: Vec<Related>,
    #[serde(default)]
    main_metric: Option<String>,
    #[serde(default)]
    lifecycle: Option<String>,
    #[serde(default)]
    properties: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Related {
    kind: String,
    to: String,
}

/// The assets in a file, all or an error that names the feature.
pub(crate) fn read(path: &Path, tenant: &TenantId) -> anyhow::Result<Vec<Asset>> {
    let size = std::fs::metadata(path).with_context(|| format!("cannot read {}", path.display()))?.len();
    ensure!(size <= LARGEST, "{} is larger than {LARGEST} bytes", path.display());
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    parse(&text, tenant).with_context(|| path.display().to_string())
}

fn parse(text: &str, tenant: &TenantId) -> anyhow::Result<Vec<Asset>> {
    let collection: FeatureCollection = text.parse().context("is not a GeoJSON feature collection")?;
    let mut assets = Vec::with_capacity(collection.features.len());
    let mut ids = HashSet::new();
    for (number, feature) in collection.features.into_iter().enumerate() {
        let asset = asset(feature, tenant).with_context(|| format!("feature {}", number + 1))?;
        ensure!(ids.insert(asset.id.clone()), "feature {}: the id {} is used twice", number + 1, asset.id);
        assets.push(asset);
    }
    Ok(assets)
}

fn asset(feature: geojson::Feature, tenant: &TenantId) -> anyhow::Result<Asset> {
    let properties = serde_json::Value::Object(feature.properties.unwrap_or_default());
    let p: Properties = serde_json::from_value(properties)?;
    let relations = p.relations.iter().map(relation).collect::<anyhow::Result<_>>()?;
    Ok(Asset {
        tenant: tenant.clone(),
        id: AssetId::new(&p.id)?,
        name: p.name,
        domain: Domain::new(&p.domain)?,
        class: AssetClass::new(&p.class)?,
        geometry: feature.geometry.map(|geometry| shape(&geometry.value)).transpose()?,
        area: p.area,
        devices: p.devices.iter().map(DeviceId::new).collect::<Result<_, _>>()?,
        relations,
        main_metric: p.main_metric.map(MetricName::new).transpose()?,
        lifecycle: match p.lifecycle {
            Some(word) => Lifecycle::from_word(&word).ok_or_else(|| anyhow!("{word:?} is not a stage of life"))?,
            None => Lifecycle::default(),
        },
        properties: p.properties,
    })
}

fn relation(related: &Related) -> anyhow::Result<Relation> {
    let kind = RelationKind::from_word(&related.kind).ok_or_else(|| {
        let known: Vec<&str> = RelationKind::ALL.iter().map(|kind| kind.as_str()).collect();
        anyhow!("{:?} is not a relation: {}", related.kind, known.join(", "))
    })?;
    Ok(Relation { kind, to: AssetId::new(&related.to)? })
}

fn shape(value: &GeometryValue) -> anyhow::Result<Geometry> {
    let path = |points: &[geojson::Position]| points.iter().map(position).collect::<anyhow::Result<Vec<_>>>();
    Ok(match value {
        GeometryValue::Point { coordinates } => Geometry::Point(position(coordinates)?),
        GeometryValue::LineString { coordinates } => {
            let line = path(coordinates)?;
            ensure!(line.len() >= 2, "a line needs two positions");
            Geometry::Line(line)
        }
        GeometryValue::Polygon { coordinates } => {
            let ring = path(coordinates.first().map_or(&[], Vec::as_slice))?;
            ensure!(ring.len() >= 3, "a polygon needs three positions");
            Geometry::Polygon(ring)
        }
        other => bail!("a geometry of type {} is not understood; use Point, LineString or Polygon", other.type_name()),
    })
}

fn position(numbers: &geojson::Position) -> anyhow::Result<Position> {
    match numbers.as_slice() {
        [lon, lat, ..] => Ok(Position::new(*lon, *lat)?),
        _ => bail!("a position needs longitude and latitude"),
    }
}
