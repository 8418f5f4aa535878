//! How complete the readings of a city are.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::{Asset, DeviceId};
use serde::{Deserialize, Serialize};
use store::{DeviceCompleteness, Hole};
use utoipa::{IntoParams, ToSchema};

/// Over which time.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct CompletenessQuery {
    /// RFC 3339; 24 hours before `to` when left out.
    pub(crate) from: Option<String>,
    /// RFC 3339; now when left out.
    pub(crate) to: Option<String>,
    /// Devices with holes at most: 1 to 10000, default 1000.
    pub(crate) limit: Option<usize>,
}

/// Over which time, without a choice of how many.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct PeriodQuery {
    /// RFC 3339; 24 hours before `to` when left out.
    pub(crate) from: Option<String>,
    /// RFC 3339; now when left out.
    pub(crate) to: Option<String>,
}

/// What is missing of one device.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DeviceHoles {
    device: String,
    /// The asset that it belongs to.
    #[schema(required)]
    asset: Option<String>,
    #[schema(required)]
    name: Option<String>,
    #[schema(required)]
    domain: Option<String>,
    #[schema(required)]
    area: Option<String>,
    readings: u64,
    expected: u64,
    missed: u64,
    /// The longest time without a reading of a metric that should come regularly, while the device was awaited.
    longest_gap_s: f64,
    /// Messages that the device's own counter says were sent and that never came.
    lost_frames: u64,
}

/// How complete the devices are that have something in common: their trade, or their area.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Share {
    /// What they have in common; nothing for devices of no asset, or assets of no area.
    #[schema(required)]
    name: Option<String>,
    devices: u64,
    devices_with_holes: u64,
    readings: u64,
    expected: u64,
    missed: u64,
    /// The part of the expected readings that is there, from 0 to 1.
    ratio: f64,
}

/// How complete the readings of a city are. What comes only when something happens is expected as often as it came; while an asset is planned, out of
/// service or retired nothing is expected of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Completeness {
    #[schema(format = DateTime)]
    from: String,
    #[schema(format = DateTime)]
    to: String,
    /// The part of the expected readings that is there, from 0 to 1.
    ratio: f64,
    devices: u64,
    readings: u64,
    expected: u64,
    missed: u64,
    /// Devices with holes in all.
    devices_with_holes: u64,
    /// The same by trade and by area, the least complete first.
    domains: Vec<Share>,
    areas: Vec<Share>,
    /// Those with the most missing readings, the worst first.
    holes: Vec<DeviceHoles>,
}

/// A time without readings.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Gap {
    metric: String,
    /// The last reading before it, or the beginning of the period.
    #[schema(format = DateTime)]
    from: String,
    /// The first reading after it, or the end of the period.
    #[schema(format = DateTime)]
    to: String,
    missed: u64,
}

/// How complete one metric of a device is.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct SeriesShare {
    metric: String,
    readings: u64,
    expected: u64,
    missed: u64,
    /// How often it speaks; none for one that speaks when something happens.
    #[schema(required)]
    usual_s: Option<f64>,
    longest_gap_s: f64,
}

/// The times at which a device was silent though it should have spoken.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct DeviceGaps {
    device: String,
    lost_frames: u64,
    series: Vec<SeriesShare>,
    /// The oldest first.
    gaps: Vec<Gap>,
    /// Whether there are more than are told.
    more: bool,
}

/// Which asset each device belongs to: the first that names it.
pub(crate) struct Owners(HashMap<DeviceId, Arc<Asset>>);

impl Owners {
    /// Of the devices of these assets.
    pub(crate) fn of<'a>(assets: impl Iterator<Item = &'a Arc<Asset>>) -> Self {
        let mut owners = HashMap::new();
        for asset in assets {
            for device in &asset.devices {
                owners.entry(device.clone()).or_insert_with(|| Arc::clone(asset));
            }
        }
        Self(owners)
    }

    /// The asset of a device.
    pub(crate) fn get(&self, device: &DeviceId) -> Option<&Asset> {
        self.0.get(device).map(|asset| &**asset)
    }
}

impl Share {
    fn enter(&mut self, device: &DeviceCompleteness) {
        self.devices += 1;
        self.devices_with_holes += u64::from(device.has_holes());
        self.readings += device.readings();
        self.expected += device.expected();
        self.missed += device.missed();
    }

    /// The shares of what `common` says that devices have in common, the least complete first.
    fn by<'a>(
        devices: &'a [DeviceCompleteness],
        common: impl Fn(&'a DeviceCompleteness) -> Option<String>,
    ) -> Vec<Self> {
        let mut shares: BTreeMap<Option<String>, Self> = BTreeMap::new();
        for device in devices {
            shares.entry(common(device)).or_default().enter(device);
        }
        let whole =
            |(name, share): (Option<String>, Self)| Self { name, ratio: ratio(share.expected, share.missed), ..share };
        let mut shares: Vec<Self> = shares.into_iter().map(whole).collect();
        shares.sort_by(|a, b| a.ratio.total_cmp(&b.ratio).then(b.expected.cmp(&a.expected)));
        shares
    }
}

fn ratio(expected: u64, missed: u64) -> f64 {
    if expected == 0 { 1.0 } else { (expected - missed.min(expected)) as f64 / expected as f64 }
}

impl Completeness {
    pub(crate) fn of(found: &store::Completeness, owners: &Owners, limit: usize) -> Self {
        let sum = |count: fn(&DeviceCompleteness) -> u64| found.devices.iter().map(count).sum();
        let holes = found.holes();
        Self {
            from: found.window.from.to_rfc3339(),
            to: found.window.until.to_rfc3339(),
            ratio: found.ratio(),
            devices: found.devices.len() as u64,
            readings: sum(DeviceCompleteness::readings),
            expected: sum(DeviceCompleteness::expected),
            missed: sum(DeviceCompleteness::missed),
            devices_with_holes: holes.len() as u64,
            domains: Share::by(&found.devices, |one| owners.get(&one.device).map(|asset| asset.domain.to_string())),
            areas: Share::by(&found.devices, |one| owners.get(&one.device).and_then(|asset| asset.area.clone())),
            holes: holes.iter().take(limit).map(|device| DeviceHoles::of(device, owners)).collect(),
        }
    }
}

impl DeviceHoles {
    fn of(device: &DeviceCompleteness, owners: &Owners) -> Self {
        let asset = owners.get(&device.device);
        Self {
            device: device.device.to_string(),
            asset: asset.map(|asset| asset.id.to_string()),
            name: asset.map(|asset| asset.name.clone()),
            domain: asset.map(|asset| asset.domain.to_string()),
            area: asset.and_then(|asset| asset.area.clone()),
            readings: device.readings(),
            expected: device.expected(),
            missed: device.missed(),
            longest_gap_s: device.longest().as_secs_f64(),
            lost_frames: device.lost_frames,
        }
    }
}

impl DeviceGaps {
    /// `holes` may be one more than are told.
    pub(crate) fn of(device: &DeviceCompleteness, holes: &[Hole], limit: usize) -> Self {
        let series = device.series.iter().map(|series| SeriesShare {
            metric: series.metric.to_string(),
            readings: series.readings,
            expected: series.expected,
            missed: series.missed,
            usual_s: series.usual.map(|usual| usual.as_secs_f64()),
            longest_gap_s: series.longest.as_secs_f64(),
        });
        let gap = |hole: &Hole| Gap {
            metric: hole.metric.to_string(),
            from: hole.from.to_rfc3339(),
            to: hole.until.to_rfc3339(),
            missed: hole.missed,
        };
        Self {
            device: device.device.to_string(),
            lost_frames: device.lost_frames,
            series: series.collect(),
            gaps: holes.iter().take(limit).map(gap).collect(),
            more: holes.len() > limit,
        }
    }
}
