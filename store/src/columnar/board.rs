//! Every series with its number, its newest value and the time up to which it is known.

use std::collections::HashMap;
use std::sync::Arc;

use model::{DeviceId, MetricName, Reading, Series, TenantId, Timestamp};

/// The number of a series while the engine is open.
pub(super) type SeriesNumber = u32;

/// What is known about one series.
#[derive(Debug, Clone)]
pub(super) struct Known {
    /// Its names.
    pub(super) series: Arc<Series>,
    /// The latest time of any reading kept, of whatever quality: a later one cannot be a duplicate.
    pub(super) latest: Timestamp,
    /// The newest reading that counts as such.
    pub(super) newest: Option<Reading>,
}

/// All series of all tenants.
#[derive(Debug, Default)]
pub(super) struct Board {
    tenants: HashMap<TenantId, HashMap<DeviceId, HashMap<MetricName, SeriesNumber>>>,
    known: Vec<Known>,
}

impl Board {
    pub(super) fn number(&self, series: &Series) -> Option<SeriesNumber> {
        self.find(series.tenant.as_str(), series.device.as_str(), series.metric.as_str())
    }

    pub(super) fn find(&self, tenant: &str, device: &str, metric: &str) -> Option<SeriesNumber> {
        self.tenants.get(tenant)?.get(device)?.get(metric).copied()
    }

    /// The number of a series, which is new if it was not known.
    pub(super) fn number_or_new(&mut self, series: &Arc<Series>) -> SeriesNumber {
        if let Some(number) = self.number(series) {
            return number;
        }
        let number = u32::try_from(self.known.len()).expect("four billion series do not fit into memory");
        let devices = self.tenants.entry(series.tenant.clone()).or_default();
        devices.entry(series.device.clone()).or_default().insert(series.metric.clone(), number);
        self.known.push(Known { series: Arc::clone(series), latest: Timestamp::MIN, newest: None });
        number
    }

    pub(super) fn known(&self, number: SeriesNumber) -> &Known {
        &self.known[number as usize]
    }

    pub(super) fn all(&self) -> &[Known] {
        &self.known
    }

    pub(super) fn len(&self) -> usize {
        self.known.len()
    }

    /// Takes a kept reading into account. The newest value never goes backwards; history and bad readings never become newest.
    pub(super) fn note(&mut self, number: SeriesNumber, reading: &Reading) {
        let known = &mut self.known[number as usize];
        known.latest = known.latest.max(reading.time);
        let counts = reading.quality.is_current();
        if counts && known.newest.as_ref().is_none_or(|newest| newest.time < reading.time) {
            known.newest = Some(Reading { series: Arc::clone(&known.series), ..reading.clone() });
        }
    }

    /// Whether a row of this time and quality would change anything: spares building the reading.
    pub(super) fn would_note(&self, number: SeriesNumber, time: Timestamp) -> bool {
        let known = self.known(number);
        time > known.latest || known.newest.as_ref().is_none_or(|newest| newest.time < time)
    }

    /// Only the time up to which a series is known.
    pub(super) fn note_latest(&mut self, number: SeriesNumber, time: Timestamp) {
        let known = &mut self.known[number as usize];
        known.latest = known.latest.max(time);
    }

    pub(super) fn newest(&self, tenant: &TenantId) -> Vec<Reading> {
        let devices = self.tenants.get(tenant).into_iter().flat_map(HashMap::values);
        let numbers = devices.flat_map(HashMap::values);
        numbers.filter_map(|number| self.known(*number).newest.clone()).collect()
    }

    pub(super) fn newest_of(&self, tenant: &TenantId, device: &DeviceId) -> Vec<Reading> {
        let metrics = self.tenants.get(tenant).and_then(|devices| devices.get(device));
        let numbers = metrics.into_iter().flat_map(HashMap::values);
        let mut found: Vec<_> = numbers.filter_map(|number| self.known(*number).newest.clone()).collect();
        found.sort_unstable_by(|a, b| a.series.metric.cmp(&b.series.metric));
        found
    }
}
