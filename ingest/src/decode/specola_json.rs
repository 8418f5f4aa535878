//! Our own JSON: `specola/v1/<tenant>/<gateway>/readings`, one message with many values. Written down in FORMATS.md.

use model::{Quality, Value};

use super::decoder::{Decoder, Message, Observation, Refusal, Sink, Tools};
use super::json::{Json, Kind};
use super::leaves::walk;
use super::moment::Moment;
use crate::ledger::Number;

/// Reads our own JSON.
pub(super) struct SpecolaJson;

/// The count of messages goes round after so many.
const SEQUENCE: u64 = 1 << 32;

/// What the topic says: whose, and which gateway.
fn address(topic: &str) -> Option<(&str, &str)> {
    let (tenant, rest) = topic.strip_prefix("specola/v1/")?.split_once('/')?;
    let (gateway, last) = rest.split_once('/')?;
    (!last.contains('/')).then_some((tenant, gateway))
}

fn time(json: Json<'_>, otherwise: Moment) -> Result<Moment, Refusal> {
    match json.get("time") {
        None => Ok(otherwise),
        Some(time) => time
            .text()
            .and_then(Moment::rfc3339)
            .ok_or_else(|| Refusal::schema("time must be a text like 2026-11-22T09:30:00.250Z")),
    }
}

fn quality(json: Json<'_>) -> Result<Quality, Refusal> {
    let Some(word) = json.get("quality") else { return Ok(Quality::Good) };
    word.text()
        .and_then(|word| word.parse().ok())
        .ok_or_else(|| Refusal::schema("quality must be good, uncertain, bad, simulated or historical"))
}

fn unit(json: Json<'_>) -> Result<&str, Refusal> {
    let Some(unit) = json.get("unit") else { return Ok("") };
    unit.text().ok_or_else(|| Refusal::schema("unit must be a text"))
}

fn text<'a>(json: Json<'a>, key: &str) -> Result<Option<&'a str>, Refusal> {
    let Some(value) = json.get(key) else { return Ok(None) };
    value.text().map(Some).ok_or_else(|| Refusal::schema(format!("{key} must be a text")))
}

/// The long form: a list of readings, each with its device.
fn list(list: Json<'_>, default: Moment, gateway: Option<&str>, sink: &mut dyn Sink) -> Result<(), Refusal> {
    if list.kind() != Kind::Array {
        return Err(Refusal::schema("readings must be a list"));
    }
    for item in list.items() {
        if item.kind() != Kind::Object {
            return Err(Refusal::schema(format!("a reading must be an object and is {}", item.kind().as_str())));
        }
        one(item, default, gateway, sink)?;
    }
    Ok(())
}

/// One reading with its device.
fn one(item: Json<'_>, default: Moment, gateway: Option<&str>, sink: &mut dyn Sink) -> Result<(), Refusal> {
    let device = text(item, "device")?.or(gateway).ok_or_else(|| Refusal::schema("a reading without device"))?;
    let metric = text(item, "metric")?.ok_or_else(|| Refusal::schema("a reading without metric"))?;
    let value = item.member("value").ok_or_else(|| Refusal::schema("a reading without value"))?;
    let (unit, time, quality) = (unit(item)?, time(item, default)?, quality(item)?);
    let value = match (value.scalar(), value.kind()) {
        (Some(value), _) => value,
        // No value is worth nothing, unless the sender says that it is a gap.
        (None, Kind::Null) if quality == Quality::Bad => Ok(Value::Gap),
        (None, Kind::Null) => return sink.seen(device),
        (None, kind) => {
            let kind = kind.as_str();
            return Err(Refusal::schema(format!("a value must be a number, a boolean or a text and is {kind}")));
        }
    };
    sink.reading(Observation { device, metric, value, unit, time, quality })
}

/// The short form: the values of one device by metric.
fn values(
    values: Json<'_>,
    device: &str,
    default: Moment,
    path: &mut String,
    sink: &mut dyn Sink,
) -> Result<(), Refusal> {
    if values.kind() != Kind::Object {
        return Err(Refusal::schema("values must be an object of metrics"));
    }
    sink.seen(device)?;
    for (metric, value) in values.members() {
        if let Some(inner) = value.member("value").filter(|inner| !matches!(inner.kind(), Kind::Array | Kind::Object)) {
            let (unit, time, quality) = (unit(value)?, time(value, default)?, quality(value)?);
            if let Some(inner) = inner.scalar() {
                sink.reading(Observation { device, metric, value: inner, unit, time, quality })?;
            } else if quality == Quality::Bad {
                sink.reading(Observation { device, metric, value: Ok(Value::Gap), unit, time, quality })?;
            }
            continue;
        }
        path.clear();
        path.push_str(metric);
        walk(value, path, &|_| true, &mut |metric, leaf| {
            let Some(value) = leaf.value.scalar() else { return Ok(()) };
            sink.reading(Observation { device, metric, value, unit: leaf.unit, time: default, quality: Quality::Good })
        })?;
    }
    Ok(())
}

impl Decoder for SpecolaJson {
    fn decode(&mut self, message: &Message<'_>, tools: &mut Tools, sink: &mut dyn Sink) -> Result<(), Refusal> {
        read(message.payload, message, tools, sink)
    }
}

/// Reads `payload`, which is all of `message` or one line of it.
pub(super) fn read(
    payload: &[u8],
    message: &Message<'_>,
    tools: &mut Tools,
    sink: &mut dyn Sink,
) -> Result<(), Refusal> {
    let Tools { tape, path, max_depth, .. } = tools;
    let json = tape.read(payload, *max_depth)?;
    if json.kind() != Kind::Object {
        return Err(Refusal::schema(format!("the message must be an object and is {}", json.kind().as_str())));
    }
    let address = address(message.topic);
    if let Some((tenant, _)) = address
        && tenant != message.tenant.as_str()
    {
        let tenant = message.tenant;
        return Err(Refusal::schema(format!("the topic names a tenant that is not {tenant}, whose door this is")));
    }
    let gateway = address.map(|(_, gateway)| gateway);
    if let Some(sequence) = json.get("sequence") {
        let number = sequence.number().and_then(|text| text.parse::<u32>().ok());
        let number = number.ok_or_else(|| Refusal::schema("sequence must be a whole number from 0 to 4294967295"))?;
        // Who counts is who is named beside the count.
        if let Some(sender) = text(json, "device")?.or(gateway) {
            sink.numbered(sender, Number::Next { number: number.into(), round: SEQUENCE });
        }
    }
    let default = time(json, Moment::Arrival)?;
    match (json.get("readings"), json.get("values"), json.get("metric")) {
        (Some(readings), None, None) => list(readings, default, gateway, sink),
        (None, Some(found), None) => {
            let device =
                text(json, "device")?.or(gateway).ok_or_else(|| Refusal::schema("the message names no device"))?;
            values(found, device, default, path, sink)
        }
        (None, None, Some(_)) => one(json, default, gateway, sink),
        _ => Err(Refusal::schema("the message needs either readings, or values, or metric and value")),
    }
}
