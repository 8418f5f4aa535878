//! Series: one metric of one device of one tenant; and the table that gives each of them one shared object.

use std::collections::HashMap;
use std::sync::Arc;

use crate::{DeviceId, MetricName, TenantId};

/// Whose, which device, what is measured. Readings share one of these instead of repeating the names.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Series {
    /// Whose data it is.
    pub tenant: TenantId,
    /// What sent it.
    pub device: DeviceId,
    /// What was measured.
    pub metric: MetricName,
}

/// A device and its series by metric.
type Known = (DeviceId, HashMap<Arc<str>, Arc<Series>>);

/// Gives the same shared [`Series`] for the same names, so that a known series costs no allocation.
/// Bounded: when full it starts again, which costs speed and memory for a moment and nothing else.
#[derive(Debug)]
pub struct SeriesTable {
    tenant: TenantId,
    devices: HashMap<Arc<str>, Known>,
    count: usize,
    capacity: usize,
}

impl SeriesTable {
    /// A table for one tenant that holds at most `capacity` series.
    pub fn new(tenant: TenantId, capacity: usize) -> Self {
        Self { tenant, devices: HashMap::new(), count: 0, capacity: capacity.max(1) }
    }

    /// The series of these names, or why a name cannot be one.
    pub fn series(&mut self, device: &str, metric: &str) -> Result<Arc<Series>, crate::InvalidId> {
        if let Some(series) = self.devices.get(device).and_then(|(_, metrics)| metrics.get(metric)) {
            return Ok(Arc::clone(series));
        }
        let metric = MetricName::new(metric)?;
        if self.count >= self.capacity {
            self.devices.clear();
            self.count = 0;
        }
        let known = self.devices.get(device).map(|(id, _)| id.clone());
        let device = known.map_or_else(|| DeviceId::new(device), Ok)?;
        let series = Arc::new(Series { tenant: self.tenant.clone(), device: device.clone(), metric: metric.clone() });
        let (_, metrics) = self.devices.entry(Arc::from(device.as_str())).or_insert_with(|| (device, HashMap::new()));
        metrics.insert(Arc::from(metric.as_str()), Arc::clone(&series));
        self.count += 1;
        Ok(series)
    }

    /// How many series it holds now.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_names_give_the_same_object_and_a_full_table_starts_again() {
        let mut table = SeriesTable::new(TenantId::new("me").unwrap(), 2);
        let first = table.series("d", "a").unwrap();
        assert!(Arc::ptr_eq(&first, &table.series("d", "a").unwrap()));
        table.series("d", "b").unwrap();
        table.series("e", "a").unwrap();
        assert_eq!(table.len(), 1);
        assert_eq!(*table.series("d", "a").unwrap(), *first);
    }

    #[test]
    fn an_empty_metric_is_refused() {
        let mut table = SeriesTable::new(TenantId::new("me").unwrap(), 2);
        assert!(table.series("d", "").is_err());
        assert!(table.series("", "m").is_err());
    }
}
