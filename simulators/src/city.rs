//! The simulated city as a whole: its assets, its sensors and the gateways they speak through.

use geo::{Contains, Distance, Euclidean, Point};
use model::{Asset, Bounds, DeviceId, MetricName, Position, TenantId};

use crate::ground::Ground;
use crate::place::{self, Draft};
use crate::sensor::Sensor;
use crate::series::Sky;
use crate::{Dialect, Dialects, Error, Result};

/// The trade of a gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trade {
    Streetlight,
    Camera,
    Structural,
    Water,
    Environment,
}

/// What connects to the broker: some sensors, grouped by the message they share.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    pub(crate) id: String,
    pub(crate) trade: Trade,
    /// Indices of sensors; those of one group go into one message.
    pub(crate) groups: Vec<Vec<usize>>,
}

/// A city that does not exist. The same seed and scale give the same city, to the last name.
#[derive(Debug)]
pub struct City {
    pub(crate) tenant: TenantId,
    pub(crate) seed: u64,
    pub(crate) ground: Ground,
    pub(crate) assets: Vec<Asset>,
    pub(crate) sensors: Vec<Sensor>,
    /// Asset index of each circuit, district and structure, in the order the sensors' indices mean.
    pub(crate) circuits: Vec<usize>,
    pub(crate) districts: Vec<usize>,
    pub(crate) structures: Vec<usize>,
    pub(crate) gateways: Vec<Gateway>,
    pub(crate) sky: Sky,
}

impl City {
    /// Scales that the plan of the streets has room for.
    pub(crate) const SCALES: std::ops::RangeInclusive<f64> = 0.02..=4.0;

    /// Messina with about 9,000 assets of five domains at scale 1.
    ///
    /// # Errors
    /// When `scale` is not between 0.02 and 4.
    pub fn messina(tenant: &TenantId, seed: u64, scale: f64) -> Result<Self> {
        if !Self::SCALES.contains(&scale) {
            return Err(Error::Setting { key: "scale", value: scale.to_string(), allowed: "between 0.02 and 4" });
        }
        let ground = Ground::messina();
        let sky = Sky::new(seed, ground.centre);
        let mut draft = Draft::new(tenant, seed, ground);
        place::all(&mut draft, scale);
        Ok(draft.finish(sky))
    }

    /// The same city with other dialects: its devices and their main metrics get the names by which they will be known on the other side.
    #[must_use]
    pub fn speaking(mut self, dialects: &Dialects) -> Self {
        for gateway in &self.gateways {
            let dialect = dialects.of(gateway.trade);
            for index in gateway.groups.iter().flatten() {
                let sensor = &mut self.sensors[*index];
                let name = dialect.device(self.tenant.as_str(), &gateway.id, gateway.trade, sensor);
                let name = DeviceId::new(name).expect("names of the city stay short in every dialect");
                let asset = &mut self.assets[sensor.asset];
                for device in asset.devices.iter_mut().filter(|device| **device == sensor.known_as) {
                    device.clone_from(&name);
                }
                let main = dialect.metric(&sensor.kind, sensor.main.as_str());
                asset.main_metric =
                    Some(MetricName::new(main).expect("metrics of the city stay short in every dialect"));
                (sensor.known_as, sensor.dialect) = (name, dialect);
            }
        }
        self
    }

    /// All its things: lamps, circuits, cabinets, cameras, structures, districts and what stands on them.
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// Whose city it is.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The seed it grew from.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Where a map should look first.
    pub fn centre(&self) -> Position {
        let [lon, lat] = self.ground.centre;
        Position::new(lon, lat).expect("the embedded plan has its centre in Italy")
    }

    /// The rectangle round the municipality.
    pub fn bounds(&self) -> Bounds {
        let [west, south, east, north] = self.ground.bounds;
        Bounds { west, south, east, north }
    }

    /// Whether a position lies inside the municipality.
    pub fn contains(&self, at: Position) -> bool {
        self.ground.outline.contains(&Point::new(at.lon(), at.lat()))
    }

    /// How far a position is from the nearest drawn street, in metres.
    pub fn metres_to_street(&self, at: Position) -> f64 {
        let at = Point(self.ground.plane.to_metres([at.lon(), at.lat()]));
        self.ground.streets.iter().map(|street| Euclidean.distance(&at, &street.path)).fold(f64::INFINITY, f64::min)
    }

    /// What a gateway speaks.
    pub(crate) fn dialect_of(&self, gateway: usize) -> Dialect {
        let first = self.gateways[gateway].groups.iter().flatten().next();
        first.map_or(Dialect::SpecolaJson, |index| self.sensors[*index].dialect)
    }

    /// How many devices send.
    pub fn device_count(&self) -> usize {
        self.sensors.len()
    }

    /// How many connections to the broker it makes.
    pub fn gateway_count(&self) -> usize {
        self.gateways.len()
    }
}
