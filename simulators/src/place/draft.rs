//! The city while it is being built: takes things one by one and numbers them.

use std::collections::BTreeMap;

use geo::Coord;
use model::{
    Asset, AssetClass, AssetId, DeviceId, Domain, Geometry, Lifecycle, MetricName, Relation, RelationKind, TenantId,
};

use crate::chance::key_of;
use crate::city::{City, Gateway, Trade};
use crate::ground::Ground;
use crate::sensor::{Kind, Sensor};
use crate::series::Sky;
use crate::{Dialect, Dialects};

/// What a new asset is, apart from its place.
pub(crate) struct Label<'a> {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) domain: &'a str,
    pub(crate) class: &'a str,
}

/// A city under construction.
pub(crate) struct Draft {
    tenant: TenantId,
    pub(crate) seed: u64,
    pub(crate) ground: Ground,
    pub(crate) assets: Vec<Asset>,
    pub(crate) sensors: Vec<Sensor>,
    pub(crate) circuits: Vec<usize>,
    pub(crate) districts: Vec<usize>,
    pub(crate) structures: Vec<usize>,
    gateways: Vec<Gateway>,
}

impl Draft {
    pub(crate) fn new(tenant: &TenantId, seed: u64, ground: Ground) -> Self {
        Self {
            tenant: tenant.clone(),
            seed,
            ground,
            assets: Vec::new(),
            sensors: Vec::new(),
            circuits: Vec::new(),
            districts: Vec::new(),
            structures: Vec::new(),
            gateways: Vec::new(),
        }
    }

    /// A key for something named `text` in this city.
    pub(crate) fn key(&self, text: &str) -> u64 {
        key_of(self.seed, text)
    }

    /// Puts an asset at a point; its area is the nearest quarter. Returns its index.
    pub(crate) fn asset(&mut self, label: Label<'_>, at: Coord) -> usize {
        let area = self.ground.quarter_at(at).to_owned();
        self.assets.push(Asset {
            tenant: self.tenant.clone(),
            id: AssetId::new(&label.id).expect("ids of the city are short ASCII"),
            name: label.name,
            domain: Domain::new(label.domain).expect("domains of the city are slugs"),
            class: AssetClass::new(label.class).expect("classes of the city are slugs"),
            geometry: Some(Geometry::Point(self.ground.plane.to_position(at))),
            area: Some(area),
            devices: Vec::new(),
            relations: Vec::new(),
            main_metric: None,
            lifecycle: Lifecycle::InService,
            properties: BTreeMap::new(),
        });
        self.assets.len() - 1
    }

    /// Says that an asset depends on another.
    pub(crate) fn relate(&mut self, asset: usize, kind: RelationKind, to: usize) {
        let to = self.assets[to].id.clone();
        self.assets[asset].relations.push(Relation { kind, to });
    }

    /// Notes something else about an asset.
    pub(crate) fn note(&mut self, asset: usize, key: &str, value: impl ToString) {
        self.assets[asset].properties.insert(key.to_owned(), value.to_string());
    }

    /// Gives an asset a device that sends; `main` is the metric that stands for it on the map. Returns the index of the sensor.
    pub(crate) fn sensor(&mut self, asset: usize, device: &str, main: &str, kind: Kind) -> usize {
        let device = DeviceId::new(device).expect("device names of the city are short ASCII");
        self.assets[asset].devices.push(device.clone());
        let main = MetricName::new(main).expect("metrics of the city are short ASCII");
        self.assets[asset].main_metric = Some(main.clone());
        let key = key_of(self.seed, device.as_str());
        let dialect = Dialect::SpecolaJson;
        self.sensors.push(Sensor { asset, known_as: device.clone(), device, dialect, main, key, kind });
        self.sensors.len() - 1
    }

    /// Lets groups of sensors speak through `count` gateways, neighbours together.
    pub(crate) fn gateways(&mut self, trade: Trade, prefix: &str, count: usize, mut groups: Vec<Vec<usize>>) {
        let mut left = count.min(groups.len());
        let mut number = 1;
        while left > 0 {
            let rest = groups.split_off(groups.len().div_ceil(left));
            self.gateways.push(Gateway { id: format!("{prefix}-{number:02}"), trade, groups });
            groups = rest;
            number += 1;
            left -= 1;
        }
    }

    pub(crate) fn finish(self, sky: Sky) -> City {
        let city = City {
            tenant: self.tenant,
            seed: self.seed,
            ground: self.ground,
            assets: self.assets,
            sensors: self.sensors,
            circuits: self.circuits,
            districts: self.districts,
            structures: self.structures,
            gateways: self.gateways,
            sky,
        };
        city.speaking(&Dialects::default())
    }
}

/// How many of `usual` things there are at a scale; at least one.
pub(crate) fn scaled(usual: usize, scale: f64) -> usize {
    ((usual as f64 * scale).round() as usize).max(1)
}
