//! Events of ONVIF cameras (Profile M) over MQTT: `<prefix>/onvif-ej/<event>[/&<source>]`, JSON. The prefix, whatever its levels, is the device.

use chrono_tz::Tz;
use model::{Quality, Value};

use super::decoder::{Decoder, Event, Message, NotFinite, Observation, Refusal, Sink, Tools};
use super::json::{self, Json, Kind, Tape};
use super::leaves::walk;
use super::moment::Moment;

/// Reads ONVIF events.
#[derive(Default)]
pub(super) struct OnvifEj {
    /// Reads what stands between quotes.
    quoted: Tape,
    detail: String,
}

/// What the event of a property says when its source, or the whole property, is no longer there: an empty message.
const REMOVED: &str = r#"{"PropertyOperation":"Deleted"}"#;
/// A level of its own in every topic, between the prefix and the event.
const LEVEL: &str = "/onvif-ej/";
/// What the levels that name the source begin with.
const SOURCE: &str = "/&";

/// Device and kind of event.
fn address(topic: &str) -> Result<(&str, &str), Refusal> {
    let (device, event) =
        topic.split_once(LEVEL).ok_or_else(|| Refusal::schema("the topic has no level onvif-ej after the device"))?;
    let kind = event.split_once(SOURCE).map_or(event, |(kind, _)| kind);
    if device.is_empty() || kind.is_empty() || kind.starts_with('&') {
        return Err(Refusal::schema("the topic names no device or no event"));
    }
    Ok((device, kind))
}

impl OnvifEj {
    /// The standard lets a sender put numbers and booleans in quotes. What would lose digits as a number (a long serial number) stays a text.
    fn unquoted(&mut self, value: Json<'_>) -> Option<Result<Value, NotFinite>> {
        let Kind::Text(text) = value.kind() else { return value.scalar() };
        let numeric = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
        let inner = match text {
            "true" => Some(Value::Flag(true)),
            "false" => Some(Value::Flag(false)),
            _ if numeric => match self.quoted.read(text.as_bytes(), 1).map(Json::kind) {
                Ok(Kind::Number(digits)) if whole_or_broken(digits) => json::value(digits).ok(),
                _ => None,
            },
            _ => None,
        };
        inner.map(Ok).or_else(|| value.scalar())
    }
}

/// Whether a number keeps its digits: it is a fraction, or whole and of 64 bits.
fn whole_or_broken(digits: &str) -> bool {
    digits.contains(['.', 'e', 'E']) || digits.parse::<i64>().is_ok()
}

impl Decoder for OnvifEj {
    fn decode(&mut self, message: &Message<'_>, tools: &mut Tools, sink: &mut dyn Sink) -> Result<(), Refusal> {
        let Tools { tape, path, max_depth, .. } = tools;
        let (device, kind) = address(message.topic)?;
        if message.payload.is_empty() {
            sink.seen(device)?;
            return sink.event(Event { device, kind, detail: REMOVED, time: Moment::Arrival });
        }
        let json = tape.read(message.payload, *max_depth)?;
        if json.kind() != Kind::Object {
            return Err(Refusal::schema(format!("the event must be an object and is {}", json.kind().as_str())));
        }
        let time = json.get("UtcTime").ok_or_else(|| Refusal::schema("UtcTime is missing"))?;
        let time = time
            .text()
            .and_then(|text| Moment::iso(text, Tz::UTC))
            .ok_or_else(|| Refusal::schema("UtcTime must be a text like 2026-11-22T09:30:00Z"))?;
        for key in ["Source", "Key", "Data"] {
            if let Some(other) = json.get(key).map(Json::kind).filter(|kind| *kind != Kind::Object) {
                return Err(Refusal::schema(format!("{key} must be an object and is {}", other.as_str())));
            }
        }
        sink.seen(device)?;
        self.detail.clear();
        json.write_members(&mut self.detail, |key| key != "UtcTime");
        sink.event(Event { device, kind, detail: &self.detail, time })?;
        let Some(data) = json.get("Data") else { return Ok(()) };
        for (key, value) in data.members() {
            path.clear();
            path.extend([kind, "/", key]);
            walk(value, path, &|_| true, &mut |metric, leaf| {
                let Some(value) = self.unquoted(leaf.value) else { return Ok(()) };
                sink.reading(Observation { device, metric, value, unit: leaf.unit, time, quality: Quality::Good })
            })?;
        }
        Ok(())
    }
}
