//! What a node or device said of its metrics when it was born: names, aliases, types and units.

use model::{MetricName, Unit};

use super::payload::{Metric, PropertySet};

/// One metric of a birth.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) name: Box<str>,
    pub(super) unit: Unit,
    pub(super) datatype: Option<u32>,
    /// Whether it steers the node and is no reading.
    pub(super) control: bool,
}

/// The metrics of one birth. Each node and each device has its own table: an alias is one of its node, so an alias that comes under another device
/// than the one that announced it is a mistake, and no reading may get a wrong name by it.
///
/// Sorted lists, because a city has a million of these metrics and looks them up more often than it is told them.
#[derive(Debug, Default)]
pub(super) struct Births {
    metrics: Vec<Known>,
    /// Aliases with the place of their metric, by alias.
    aliases: Vec<(u64, u32)>,
    /// Places of the metrics, by name.
    names: Vec<u32>,
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
            if name.is_empty() || name.len() > MetricName::MAX_BYTES {
                continue;
            }
            let Some(place) = u32::try_from(self.metrics.len()).ok().filter(|_| self.metrics.len() < room) else {
                break;
            };
            if let Some(alias) = metric.alias {
                self.aliases.push((alias, place));
            }
            self.names.push(place);
            // Properties that cannot be read refuse the message when its readings are read.
            let told = metric.properties.is_some() && properties.read(metric).is_ok();
            let unit = self.unit(properties.unit().filter(|_| told).unwrap_or_default());
            let (datatype, control) = (metric.datatype.filter(|code| *code != 0), is_control(name));
            self.metrics.push(Known { name: name.into(), unit, datatype, control });
        }
        let Self { metrics, aliases, names } = self;
        // Who says an alias or a name twice means the last one.
        aliases.sort_unstable_by_key(|(alias, place)| (*alias, std::cmp::Reverse(*place)));
        aliases.dedup_by_key(|(alias, _)| *alias);
        let name = |place: &u32| &*metrics[*place as usize].name;
        names.sort_unstable_by(|a, b| name(a).cmp(name(b)).then(b.cmp(a)));
        names.dedup_by(|a, b| name(a) == name(b));
        aliases.shrink_to_fit();
        names.shrink_to_fit();
    }

    /// The unit of the metric before is often that of the next: then they share it.
    fn unit(&self, text: &str) -> Unit {
        let last = self.metrics.last().map(|known| &known.unit);
        last.filter(|unit| unit.as_str().unwrap_or_default() == text).cloned().unwrap_or_else(|| Unit::new(text))
    }

    /// The metric with this alias.
    pub(super) fn alias(&self, alias: u64) -> Option<&Known> {
        let at = self.aliases.binary_search_by_key(&alias, |(alias, _)| *alias).ok()?;
        self.metrics.get(self.aliases[at].1 as usize)
    }

    /// The metric with this name.
    pub(super) fn name(&self, name: &str) -> Option<&Known> {
        let at = self.names.binary_search_by(|place| (*self.metrics[*place as usize].name).cmp(name)).ok()?;
        self.metrics.get(self.names[at] as usize)
    }

    /// How many metrics are known.
    pub(super) fn len(&self) -> usize {
        self.metrics.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn births(metrics: &[(&'static str, Option<u64>, u32)], room: usize) -> Births {
        let metric = |(name, alias, datatype): &(&'static str, Option<u64>, u32)| Metric {
            name: Some(Bytes::from_static(name.as_bytes())),
            alias: *alias,
            datatype: Some(*datatype),
            ..Metric::default()
        };
        let mut births = Births::default();
        births.take(&metrics.iter().map(metric).collect::<Vec<_>>(), room, &mut PropertySet::default());
        births
    }

    #[test]
    fn metrics_are_found_by_alias_and_by_name_in_any_order() {
        let births = births(&[("c", Some(7), 1), ("a", Some(u64::MAX), 2), ("b", None, 3), ("bdSeq", Some(0), 0)], 9);
        let of = |known: Option<&Known>| known.and_then(|known| known.datatype);
        assert_eq!((of(births.alias(7)), of(births.alias(u64::MAX)), of(births.alias(8))), (Some(1), Some(2), None));
        assert_eq!((of(births.name("b")), of(births.name("c")), of(births.name("d"))), (Some(3), Some(1), None));
        assert!(births.alias(0).is_some_and(|known| known.control && known.datatype.is_none()));
    }

    #[test]
    fn what_is_said_twice_is_what_was_said_last() {
        let births = births(&[("a", Some(1), 1), ("a", Some(1), 2), ("b", Some(1), 3)], 9);
        assert_eq!(births.alias(1).map(|known| &*known.name), Some("b"));
        assert_eq!(births.name("a").and_then(|known| known.datatype), Some(2));
    }

    #[test]
    fn what_has_no_room_or_no_name_is_left_out() {
        let births = births(&[("", Some(1), 1), ("a", Some(2), 1), ("b", Some(3), 1), ("c", Some(4), 1)], 2);
        assert_eq!(births.len(), 2);
        assert!(births.alias(1).is_none() && births.alias(3).is_some() && births.alias(4).is_none());
    }
}
