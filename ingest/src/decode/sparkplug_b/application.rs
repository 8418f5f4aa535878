//! Sparkplug B as a host application hears it: readings with the names and units of their births, presence, and requests to start over.

use std::sync::Arc;

use model::{Duration, Reason, Timestamp, Value};

use super::super::{Command, Decoder, Message, Moment, Observation, Presence, Refusal, Sink, Tools};
use super::address::{Address, Verb};
use super::births::{Births, is_control};
use super::node::Node;
use super::nodes::Nodes;
use super::payload::{self, Metric, Payload, PropertySet};
use super::values::{self, Fit, Meaning};
use crate::config::Sparkplug;
use crate::ledger::Number;

/// Reads Sparkplug B and remembers each edge node.
#[derive(Debug)]
pub(crate) struct SparkplugB {
    settings: Sparkplug,
    nodes: Nodes,
    payload: Payload,
    properties: PropertySet,
    device: String,
}

impl SparkplugB {
    /// A host application that has heard nothing yet.
    pub(crate) fn new(settings: Sparkplug) -> Self {
        let (payload, properties) = (Payload::default(), PropertySet::default());
        Self { settings, nodes: Nodes::default(), payload, properties, device: String::new() }
    }
}

/// Sequence numbers go round after so many.
const SEQUENCE: u64 = 256;

/// The request to a node to start over.
fn rebirth(node: &Node, now: Timestamp) -> Command {
    tracing::debug!(topic = node.commands, source = %node.source, "asking an edge node to start over");
    Command { topic: node.commands.clone(), payload: payload::rebirth(now.as_millis()), assured: false, retain: false }
}

/// One message from a node, being read.
struct Hearing<'a> {
    address: Address<'a>,
    now: Timestamp,
    wait: Duration,
    payload: &'a Payload,
    properties: &'a mut PropertySet,
    /// The node, or the device behind it, that the message is about.
    device: &'a mut String,
    sink: &'a mut dyn Sink,
}

impl Hearing<'_> {
    fn hear(&mut self, node: &mut Node) -> Result<(), Refusal> {
        self.sink.seen(self.device)?;
        match (self.address.verb, self.address.device) {
            (Verb::Birth, None) => {
                node.begin(self.payload, self.properties, self.now);
                self.number(|number| Number::First { number, round: SEQUENCE });
            }
            (Verb::Death, None) => return self.end(node),
            (Verb::Birth, Some(device)) => {
                self.count(node);
                node.begin_device(device, self.payload, self.properties);
            }
            (Verb::Death, Some(device)) => {
                self.count(node);
                node.end_device(device);
                return self.sink.presence(self.device, Presence::Offline, Moment::Arrival);
            }
            (Verb::Data, device) => {
                self.count(node);
                if node.lacks_birth(device) {
                    node.rebirth.want();
                }
                self.leave_behind(node)?;
            }
        }
        if self.address.verb == Verb::Birth {
            self.sink.presence(self.device, Presence::Online, Moment::Arrival)?;
        }
        let outcome = self.read(node.births(self.address.device));
        if outcome.as_ref().is_err_and(|refusal| refusal.reason == Reason::UnknownAlias) {
            node.rebirth.want();
        }
        outcome
    }

    /// Takes the sequence number of a message after the birth.
    fn count(&mut self, node: &mut Node) {
        if let Some(number) = self.payload.sequence() {
            node.sequence.hear(number, self.now);
        }
        self.number(|number| Number::Next { number, round: SEQUENCE });
        if node.lacks_birth(None) {
            node.rebirth.want();
        }
    }

    /// Tells the number of the message, which its node gave it, also where it is about a device.
    fn number(&mut self, number: impl FnOnce(u64) -> Number) {
        let node = self.address.group.len() + 1 + self.address.node.len();
        if let (Some(sequence), Some(node)) = (self.payload.sequence(), self.device.get(..node)) {
            self.sink.numbered(node, number(u64::from(sequence)));
        }
    }

    /// The node said goodbye, or its will did. Its time is that of its connection, so the time of arrival counts.
    fn end(&mut self, node: &mut Node) -> Result<(), Refusal> {
        if !node.ends_with(self.payload.bd_seq()) {
            tracing::debug!(node = self.device, "the death of an earlier session is ignored");
            return Ok(());
        }
        self.sink.presence(self.device, Presence::Offline, Moment::Arrival)?;
        let gone = node.end();
        self.offline(&gone)
    }

    /// Devices that did not come back after their node started over are gone.
    fn leave_behind(&mut self, node: &mut Node) -> Result<(), Refusal> {
        let gone = node.left_behind(self.now, self.wait);
        self.offline(&gone)
    }

    fn offline(&mut self, devices: &[Box<str>]) -> Result<(), Refusal> {
        let mut name = String::new();
        for device in devices {
            name.clear();
            name.extend([self.address.group, "/", self.address.node, "/", device]);
            self.sink.presence(&name, Presence::Offline, Moment::Arrival)?;
        }
        Ok(())
    }

    /// Says the readings of a birth or of data.
    fn read(&mut self, births: Option<&Births>) -> Result<(), Refusal> {
        self.payload.metrics.iter().try_for_each(|metric| self.read_metric(metric, births))
    }

    fn read_metric(&mut self, metric: &Metric, births: Option<&Births>) -> Result<(), Refusal> {
        let not_text = |_| Refusal::new(Reason::Malformed, "the name of a metric is not UTF-8");
        let own = metric.name.as_deref().map(std::str::from_utf8).transpose().map_err(not_text)?;
        // Some senders write an empty name beside the alias.
        let own = own.filter(|name| !name.is_empty() || metric.alias.is_none());
        let (name, known) = match (own, metric.alias) {
            (Some(name), _) => (name, births.and_then(|births| births.name(name))),
            (None, Some(alias)) => {
                let known = births.and_then(|births| births.alias(alias)).ok_or_else(|| {
                    Refusal::new(Reason::UnknownAlias, format!("no birth told what alias {alias} stands for"))
                })?;
                (&*known.name, Some(known))
            }
            (None, None) => return Err(Refusal::schema("a metric has neither a name nor an alias")),
        };
        if known.map_or_else(|| is_control(name), |known| known.control) {
            return Ok(());
        }
        self.properties.read(metric)?;
        let (value, fit) = match values::meaning(metric, known.and_then(|known| known.datatype))? {
            Meaning::NoReading => {
                self.sink.skipped(1);
                return Ok(());
            }
            Meaning::Gap => (Ok(Value::Gap), Fit::Fits),
            Meaning::Value(value, fit) => (value, fit),
        };
        let quality = if value == Ok(Value::Gap) {
            model::Quality::Bad
        } else {
            values::quality(self.properties.quality(), fit, metric.is_historical == Some(true))
        };
        let unit = self.properties.unit().or_else(|| known?.unit.as_str()).unwrap_or_default();
        let millis = metric.timestamp.or(self.payload.timestamp);
        let time = millis.map_or(Moment::Arrival, |millis| Moment::from_nanos(Some(i128::from(millis) * 1_000_000)));
        self.sink.reading(Observation { device: self.device, metric: name, value, unit, time, quality })
    }
}

impl Decoder for SparkplugB {
    fn decode(&mut self, message: &Message<'_>, _tools: &mut Tools, sink: &mut dyn Sink) -> Result<(), Refusal> {
        let Some(address) = Address::parse(message.topic)? else { return Ok(()) };
        let Self { settings, nodes, payload, properties, device } = self;
        payload.read(message.payload)?;
        device.clear();
        device.extend([address.group, "/", address.node]);
        device.extend(address.device.iter().flat_map(|device| ["/", device]));
        let (now, wait) = (message.received, settings.reorder());
        let (outcome, due) = nodes.with(message, &address, |node| {
            let mut hearing = Hearing { address, now, wait, payload, properties, device, sink };
            let outcome = hearing.hear(node);
            if settings.rebirth && node.remembered && node.rebirth.ask(now, settings.pause()) {
                hearing.sink.command(rebirth(node, now));
            }
            (outcome, node.sequence.due(wait))
        });
        if let Some(due) = due {
            nodes.watch(due);
        }
        payload.empty();
        outcome
    }

    fn tick(&mut self, now: Timestamp) -> Vec<(Arc<str>, Command)> {
        let Self { settings, nodes, .. } = self;
        let mut commands = Vec::new();
        nodes.overdue(now, settings.reorder(), |node| {
            node.sequence.give_up();
            node.rebirth.want();
            if settings.rebirth && node.rebirth.ask(now, settings.pause()) {
                commands.push((Arc::clone(&node.source), rebirth(node, now)));
            }
        });
        commands
    }
}
