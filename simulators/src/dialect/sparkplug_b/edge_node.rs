//! An edge node: births with names, types and units, then data by alias and sequence number; a death that the broker announces.

use std::collections::HashMap;

use model::{DeviceId, Timestamp};

use super::payload::{Metric, Payload, Value, asks_for_births};
use crate::dialect::voice::{Report, Said, Voice, Will};
use crate::publish::Message;
use crate::sensor::{Sample, Shown};

/// A gateway as an edge node of the group that is named after the tenant.
#[derive(Debug)]
pub(crate) struct EdgeNode {
    group: String,
    node: String,
    connection: u64,
    /// Whether the birth of this connection was said.
    born: bool,
    seq: u8,
    next_alias: u64,
    devices: HashMap<DeviceId, Device>,
    /// Births follow the order in which the devices spoke first.
    order: Vec<DeviceId>,
    now: Timestamp,
}

/// A device behind the node, with what it said last.
#[derive(Debug)]
struct Device {
    first_alias: u64,
    samples: Vec<Sample>,
    time: Timestamp,
}

impl EdgeNode {
    pub(crate) fn new(group: &str, node: &str) -> Self {
        Self {
            group: group.to_owned(),
            node: node.to_owned(),
            connection: 0,
            born: false,
            seq: 0,
            next_alias: 1,
            devices: HashMap::new(),
            order: Vec::new(),
            now: Timestamp::EPOCH,
        }
    }

    /// The birth of the node and of every device that has spoken.
    fn births(&mut self) -> Vec<Message> {
        (self.born, self.seq) = (true, 0);
        let birth = Payload::node_birth(self.connection, millis(self.now));
        let topic = format!("spBv1.0/{}/NBIRTH/{}", self.group, self.node);
        let mut messages = vec![Message { topic, payload: birth.to_bytes(), readings: 0, assured: false }];
        for device in self.order.clone() {
            messages.extend(self.birth(&device));
        }
        messages
    }

    /// The birth of a device: what it measures, and what it said last.
    fn birth(&mut self, device: &DeviceId) -> Option<Message> {
        let Device { first_alias, samples, time } = self.devices.get(device)?;
        let metrics = samples.iter().zip(*first_alias..).map(|(sample, alias)| Metric {
            alias: Some(alias),
            timestamp: Some(millis(*time)),
            ..Metric::introduced(sample.metric, sample.unit, value(sample.shown))
        });
        let (metrics, time) = (metrics.collect(), *time);
        Some(self.message("DBIRTH", device, metrics, time))
    }

    fn message(&mut self, kind: &str, device: &DeviceId, metrics: Vec<Metric>, time: Timestamp) -> Message {
        self.seq = self.seq.wrapping_add(1);
        let readings = metrics.len();
        let payload = Payload { timestamp: Some(millis(time)), metrics, seq: Some(self.seq.into()) };
        let topic = format!("spBv1.0/{}/{kind}/{}/{device}", self.group, self.node);
        Message { topic, payload: payload.to_bytes(), readings, assured: false }
    }

    fn say(&mut self, said: &Said<'_>, time: Timestamp) -> Option<Message> {
        let device = &said.sensor.device;
        if let Some(known) = self.devices.get_mut(device)
            && known.samples.iter().map(|sample| sample.metric).eq(said.samples.iter().map(|sample| sample.metric))
        {
            (known.samples, known.time) = (said.samples.to_vec(), time);
            let metrics = said.samples.iter().zip(known.first_alias..).map(|(sample, alias)| Metric {
                alias: Some(alias),
                value: Some(value(sample.shown)),
                ..Metric::default()
            });
            let metrics = metrics.collect();
            return Some(self.message("DDATA", device, metrics, time));
        }
        // New here, or it measures something else than before: it is introduced by a birth that carries its first values.
        let first_alias = self.next_alias;
        self.next_alias += said.samples.len() as u64;
        let known = Device { first_alias, samples: said.samples.to_vec(), time };
        if self.devices.insert(device.clone(), known).is_none() {
            self.order.push(device.clone());
        }
        self.birth(device)
    }
}

impl Voice for EdgeNode {
    fn report(&mut self, report: &Report<'_>) -> Vec<Message> {
        self.now = report.time;
        let mut messages = if self.born { Vec::new() } else { self.births() };
        messages.extend(report.said.iter().filter_map(|said| self.say(said, report.time)));
        messages
    }

    fn connected(&mut self, connection: u64) {
        (self.connection, self.born) = (connection, false);
    }

    fn will(&self) -> Option<Will> {
        let topic = format!("spBv1.0/{}/NDEATH/{}", self.group, self.node);
        Some(Will { topic, payload: |connection| Payload::node_death(connection).to_bytes() })
    }

    fn ears(&self) -> Option<String> {
        Some(format!("spBv1.0/{}/NCMD/{}", self.group, self.node))
    }

    fn hear(&mut self, topic: &str, payload: &[u8]) -> Vec<Message> {
        if self.ears().as_deref() == Some(topic) && asks_for_births(payload) { self.births() } else { Vec::new() }
    }
}

fn value(shown: Shown) -> Value {
    match shown {
        Shown::Number(number) => Value::Double(number),
        Shown::Flag(flag) => Value::Flag(flag),
        Shown::Word(word) => Value::Text(word.to_owned()),
    }
}

fn millis(time: Timestamp) -> u64 {
    time.as_millis().unsigned_abs()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{Duration, TenantId};
    use prost::Message as _;

    use super::*;
    use crate::{City, Dialect, Dialects, Plan};

    /// The first gateway with several devices, and a moment at which all of them have something to say.
    fn plan() -> (Plan, Timestamp) {
        let tenant = TenantId::new("messina").unwrap();
        let city = City::messina(&tenant, 83_048, 0.02).unwrap().speaking(&Dialects::all(Dialect::SparkplugB));
        let start = Timestamp::parse("2026-04-01T20:00:00Z").unwrap();
        let plan = Plan::all(&Arc::new(city), None, 200.0, start).swap_remove(0);
        (plan, start)
    }

    /// What is said until then, asked for every 100 ms.
    fn said(plan: &mut Plan, mut now: Timestamp, until: Timestamp) -> Vec<(String, Payload)> {
        let mut messages = Vec::new();
        while now <= until {
            while let Some(message) = plan.due(now) {
                let kind = message.topic.split('/').nth(2).unwrap().to_owned();
                messages.push((kind, Payload::decode(&message.payload[..]).unwrap()));
            }
            now = now.plus(Duration::from_millis(100));
        }
        messages
    }

    #[track_caller]
    fn in_order(messages: &[(String, Payload)]) {
        for (before, after) in messages.iter().zip(&messages[1..]) {
            assert_eq!((before.1.seq.unwrap() + 1) % 256, after.1.seq.unwrap());
        }
    }

    #[test]
    fn births_come_first_and_data_speak_by_alias_in_sequence() {
        let (mut plan, start) = plan();
        let messages = said(&mut plan, start, start.plus(Duration::from_secs(1_200)));
        assert_eq!((messages[0].0.as_str(), messages[1].0.as_str()), ("NBIRTH", "DBIRTH"));
        assert!(messages.len() > 300, "{} messages do not wrap the sequence", messages.len());
        in_order(&messages);
        let introduced: std::collections::HashSet<u64> = messages
            .iter()
            .filter(|(kind, _)| kind == "DBIRTH")
            .flat_map(|(_, payload)| payload.metrics.iter().map(|metric| metric.alias.unwrap()))
            .collect();
        for (_, payload) in messages.iter().filter(|(kind, _)| kind == "DDATA") {
            assert!(payload.metrics.iter().all(|m| m.name.is_none() && introduced.contains(&m.alias.unwrap())));
        }
    }

    #[test]
    fn a_host_that_asks_gets_all_births_again() {
        let (mut plan, start) = plan();
        let later = start.plus(Duration::from_secs(300));
        let before = said(&mut plan, start, later);
        let born = before.iter().filter(|(kind, _)| kind == "DBIRTH").count();
        let rebirth = Metric::introduced("Node Control/Rebirth", "", Value::Flag(true));
        let command = Payload { metrics: vec![rebirth], ..Payload::default() }.to_bytes();
        plan.hear(&plan.ears().unwrap(), &command);
        let births = said(&mut plan, later, later);
        assert_eq!(births.len(), born + 1);
        assert_eq!((births[0].0.as_str(), births[0].1.seq), ("NBIRTH", Some(0)));
        in_order(&births);
        plan.hear("spBv1.0/messina/NCMD/another", &command);
        assert!(said(&mut plan, later, later).is_empty());
    }

    #[test]
    fn a_death_fits_the_birth_of_its_connection() {
        let (mut plan, start) = plan();
        plan.connected(259);
        let birth = said(&mut plan, start, start.plus(Duration::from_secs(120))).swap_remove(0).1;
        let death = Payload::decode(&plan.death(259).unwrap().payload[..]).unwrap();
        assert_eq!(death.metrics[0].value, Some(Value::Long(3)));
        assert_eq!(birth.metrics[0].value, death.metrics[0].value);
        assert_eq!(death.seq, None);
    }
}
