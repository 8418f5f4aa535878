//! A thing of the city, as it is written.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::{
    Asset, AssetClass, AssetId, DeviceId, Domain, Geometry, Lifecycle, MetricName, Position, Relation, RelationKind,
    TenantId,
};
use serde::{Deserialize, Serialize};

use super::number::Number;
use super::{Unread, to_text};

/// Longitude, latitude.
type Place = (Number, Number);

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum GeometryShape {
    Point(Place),
    Line(Vec<Place>),
    Polygon(Vec<Place>),
}

#[derive(Serialize, Deserialize)]
struct RelationShape<'a> {
    kind: Cow<'a, str>,
    to: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
struct AssetShape<'a> {
    name: Cow<'a, str>,
    domain: Cow<'a, str>,
    class: Cow<'a, str>,
    geometry: Option<GeometryShape>,
    area: Option<Cow<'a, str>>,
    devices: Vec<Cow<'a, str>>,
    #[serde(borrow)]
    relations: Vec<RelationShape<'a>>,
    main_metric: Option<Cow<'a, str>>,
    lifecycle: Cow<'a, str>,
    properties: Cow<'a, BTreeMap<String, String>>,
}

fn place(position: &Position) -> Place {
    (Number(position.lon()), Number(position.lat()))
}

fn read_place((lon, lat): Place) -> Result<Position, Unread> {
    Ok(Position::new(lon.0, lat.0)?)
}

impl From<&Geometry> for GeometryShape {
    fn from(geometry: &Geometry) -> Self {
        match geometry {
            Geometry::Point(at) => Self::Point(place(at)),
            Geometry::Line(path) => Self::Line(path.iter().map(place).collect()),
            Geometry::Polygon(ring) => Self::Polygon(ring.iter().map(place).collect()),
        }
    }
}

impl TryFrom<GeometryShape> for Geometry {
    type Error = Unread;

    fn try_from(shape: GeometryShape) -> Result<Self, Unread> {
        let places = |places: Vec<Place>| places.into_iter().map(read_place).collect::<Result<Vec<_>, _>>();
        Ok(match shape {
            GeometryShape::Point(at) => Self::Point(read_place(at)?),
            GeometryShape::Line(path) => Self::Line(places(path)?),
            GeometryShape::Polygon(ring) => Self::Polygon(places(ring)?),
        })
    }
}

fn relation(relation: &Relation) -> RelationShape<'_> {
    RelationShape { kind: Cow::Borrowed(relation.kind.as_str()), to: Cow::Borrowed(relation.to.as_str()) }
}

fn read_relation(shape: RelationShape<'_>) -> Result<Relation, Unread> {
    let kind = RelationKind::from_word(&shape.kind).ok_or_else(|| format!("no relation is called {:?}", shape.kind))?;
    Ok(Relation { kind, to: AssetId::new(shape.to)? })
}

/// Everything about an asset but its tenant and id.
pub(in crate::registry) fn asset_body(asset: &Asset) -> String {
    to_text(&AssetShape {
        name: Cow::Borrowed(&asset.name),
        domain: Cow::Borrowed(asset.domain.as_str()),
        class: Cow::Borrowed(asset.class.as_str()),
        geometry: asset.geometry.as_ref().map(Into::into),
        area: asset.area.as_deref().map(Cow::Borrowed),
        devices: asset.devices.iter().map(|device| Cow::Borrowed(device.as_str())).collect(),
        relations: asset.relations.iter().map(relation).collect(),
        main_metric: asset.main_metric.as_ref().map(|metric| Cow::Borrowed(metric.as_str())),
        lifecycle: Cow::Borrowed(asset.lifecycle.as_str()),
        properties: Cow::Borrowed(&asset.properties),
    })
}

/// Reads what [`asset_body`] wrote.
pub(in crate::registry) fn read_asset(tenant: &TenantId, id: &str, format: i64, body: &str) -> Result<Asset, Unread> {
    match format {
        1 => {
            let shape: AssetShape<'_> = serde_json::from_str(body)?;
            let stage = &shape.lifecycle;
            Ok(Asset {
                tenant: tenant.clone(),
                id: AssetId::new(id)?,
                lifecycle: Lifecycle::from_word(stage)
                    .ok_or_else(|| format!("no stage of life is called {stage:?}"))?,
                name: shape.name.into_owned(),
                domain: Domain::new(shape.domain)?,
                class: AssetClass::new(shape.class)?,
                geometry: shape.geometry.map(Geometry::try_from).transpose()?,
                area: shape.area.map(Cow::into_owned),
                devices: shape.devices.into_iter().map(DeviceId::new).collect::<Result<_, _>>()?,
                relations: shape.relations.into_iter().map(read_relation).collect::<Result<_, _>>()?,
                main_metric: shape.main_metric.map(MetricName::new).transpose()?,
                properties: shape.properties.into_owned(),
            })
        }
        newer => Err(Unread::Newer(newer)),
    }
}
