//! Events of a ChirpStack v4 network server: `application/<id>/device/<devEui>/event/<event>`, JSON.

use model::Quality;

use super::decoder::{Decoder, Event, Message, Observation, Refusal, Sink, Tools};
use super::json::{Json, Kind};
use super::leaves::walk;
use super::lorawan::{Eui, Frame, object, say_place};
use super::moment::Moment;
use crate::ledger::Number;

/// Reads ChirpStack's events.
pub(super) struct ChirpstackV4;

/// The event and, where the topic has the usual form, the devEui before it.
fn address(topic: &str) -> (&str, Option<&str>) {
    let mut levels = topic.rsplit('/');
    let event = levels.next().unwrap_or_default();
    let dev_eui = if levels.next() == Some("event") { levels.next() } else { None };
    (event, dev_eui)
}

fn device(json: Json<'_>, from_topic: Option<&str>) -> Result<Eui, Refusal> {
    let info = object(json, "deviceInfo")?.ok_or_else(|| Refusal::schema("deviceInfo is missing"))?;
    let dev_eui = info.get("devEui").ok_or_else(|| Refusal::schema("deviceInfo.devEui is missing"))?;
    let dev_eui = dev_eui
        .text()
        .and_then(Eui::read)
        .ok_or_else(|| Refusal::schema("deviceInfo.devEui must be 16 hexadecimal digits"))?;
    if from_topic.is_some_and(|other| !other.eq_ignore_ascii_case(dev_eui.as_str())) {
        return Err(Refusal::schema("deviceInfo.devEui is not the one of the topic"));
    }
    Ok(dev_eui)
}

fn time(json: Json<'_>) -> Result<Moment, Refusal> {
    let Some(time) = json.get("time") else { return Ok(Moment::Arrival) };
    time.text().and_then(Moment::rfc3339).ok_or_else(|| Refusal::schema("time must be a text in the form of RFC 3339"))
}

/// The values that the device profile's codec made of the frame. A device without a codec has none: then the frame itself is kept.
fn up(json: Json<'_>, device: &str, time: Moment, path: &mut String, sink: &mut dyn Sink) -> Result<(), Refusal> {
    let quality = Quality::Good;
    let frame = Frame { device, time, quality };
    match object(json, "object")? {
        Some(decoded) => {
            path.clear();
            walk(decoded, path, &|_| true, &mut |metric, leaf| {
                let Some(value) = leaf.value.scalar() else { return Ok(()) };
                sink.reading(Observation { device, metric, value, unit: leaf.unit, time, quality })
            })?;
        }
        None => frame.raw(json.get("data"), json.get("fPort"), sink)?,
    }
    frame.link(json.get("rxInfo"), json.get("fCnt"), sink)
}

/// What the network server notes about a device: a codec that failed, a frame that was too long.
fn log(json: Json<'_>, device: &str, time: Moment, path: &mut String, sink: &mut dyn Sink) -> Result<(), Refusal> {
    path.clear();
    json.write_members(path, |key| matches!(key, "level" | "code" | "description" | "context"));
    sink.event(Event { device, kind: "log", detail: path, time })
}

/// Margin and battery. A device on mains power, or one that cannot tell, has no battery level even when one is sent.
fn status(json: Json<'_>, device: &str, time: Moment, sink: &mut dyn Sink) -> Result<(), Refusal> {
    let flag = |key: &str| json.get(key).map(Json::kind) == Some(Kind::Flag(true));
    let no_battery = flag("batteryLevelUnavailable") || flag("externalPowerSource");
    for (metric, unit, skipped) in [("margin", "dB", false), ("batteryLevel", "%", no_battery)] {
        let Some(value) = json.get(metric) else { continue };
        let Kind::Number(_) = value.kind() else {
            return Err(Refusal::schema(format!("{metric} must be a number and is {}", value.kind().as_str())));
        };
        if let (Some(value), false) = (value.scalar(), skipped) {
            sink.reading(Observation { device, metric, value, unit, time, quality: Quality::Good })?;
        }
    }
    Ok(())
}

impl Decoder for ChirpstackV4 {
    fn decode(&mut self, message: &Message<'_>, tools: &mut Tools, sink: &mut dyn Sink) -> Result<(), Refusal> {
        let Tools { tape, path, max_depth, .. } = tools;
        let json = tape.read(message.payload, *max_depth)?;
        if json.kind() != Kind::Object {
            return Err(Refusal::schema(format!("the event must be an object and is {}", json.kind().as_str())));
        }
        let (event, from_topic) = address(message.topic);
        let device = device(json, from_topic)?;
        let time = time(json)?;
        let device = device.as_str();
        sink.seen(device)?;
        match event {
            "up" => up(json, device, time, path, sink),
            "status" => status(json, device, time, sink),
            "log" => log(json, device, time, path, sink),
            "location" => match object(json, "location")? {
                Some(location) => say_place(location, device, time, sink),
                None => Ok(()),
            },
            "join" => {
                sink.numbered(device, Number::Anew);
                Ok(())
            }
            "ack" | "txack" | "integration" => Ok(()),
            other => {
                let shown = other.chars().take(32).collect::<String>();
                Err(Refusal::schema(format!("the event {shown:?} is not known")))
            }
        }
    }
}
