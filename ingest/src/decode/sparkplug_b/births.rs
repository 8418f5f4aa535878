//! What a node or device said of its metrics when it was born: names, aliases, types and units.

use std::collections::HashMap;
use std::sync::Arc;

use model::{MetricName, Unit};

use super::payload::{Metric, PropertySet};

/// One metric of a birth.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: Arc<str>,
    pub(super) unit: Unit,
    pub(super) datatype: Option<u32>,
    /// Whether it steers the node and is no reading.
    pub(super) control: bool,
}

/// The metrics of one birth. Each node and each device has its own table: an alias is one of its node, so an alias that comes under another device
/// than the one that announced it is a mistake, and no reading may get a wrong name by it.
#[derive(Debug, Default)]
pub(super) struct Births {
    metrics: Vec<Known>,
    aliases: HashMap<u64, u32>,
    names: HashMap<Arc<str>, u32>,
}

/// Whether a metric of this name steers its node and is no reading.
pub(super) fn is_control(name: &str) -> bool {
    name == "bdSeq" || name.starts_with("Node Control/") || name.starts_with("Device Control/")
}

impl Births {
    /// Forgets everything.
    pub(super) fn clear(&mut self) {
        // A new one, so that the memory goes too: nodes die and come back smaller.
        *self = Self::default();
    }

    /// Takes the metrics of a birth, at most `room` of them. What has no name of a length that can be kept is left out: its birth is refused anyway.
    pub(super) fn take(&mut self, metrics: &[Metric], room: usize, properties: &mut PropertySet) {
        self.clear();
        self.metrics.reserve_exact(metrics.len().min(room));
        for metric in metrics {
            let Some(name) = metric.name.as_deref().and_then(|name| std::str::from_utf8(name).ok()) else { continue };
            if name.is_empty() || name.len() > MetricName::MAX_BYTES || self.metrics.len() >= room {
                continue;
            }
            // Properties that cannot be read refuse the message when its readings are read.
            let unit =
                if metric.properties.is_some() && properties.read(metric).is_ok() { properties.unit() } else { None };
            let Ok(index) = u32::try_from(self.metrics.len()) else { return };
            let name = Arc::<str>::from(name);
            self.names.insert(Arc::clone(&name), index);
            if let Some(alias) = metric.alias {
                self.aliases.insert(alias, index);
            }
            let control = is_control(&name);
            let (unit, datatype) = (Unit::new(unit.unwrap_or_default()), metric.datatype.filter(|code| *code != 0));
            self.metrics.push(Known { name, unit, datatype, control });
        }
    }

    /// The metric with this alias.
    pub(super) fn alias(&self, alias: u64) -> Option<&Known> {
        self.metrics.get(*self.aliases.get(&alias)? as usize)
    }

    /// The metric with this name.
    pub(super) fn name(&self, name: &str) -> Option<&Known> {
        self.metrics.get(*self.names.get(name)? as usize)
    }

    /// How many metrics are known.
    pub(super) fn len(&self) -> usize {
        self.metrics.len()
    }
}
