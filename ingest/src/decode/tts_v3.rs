//! Messages of The Things Stack v3: `v3/<application>@<tenant>/devices/<device>/<event>`, JSON.

use model::Quality;

use super::decoder::{Decoder, Message, Observation, Refusal, Sink, Tools};
use super::json::{Json, Kind};
use super::leaves::walk;
use super::lorawan::{Eui, Frame, object, place, say_place};
use super::moment::Moment;
use crate::ledger::Number;

/// Reads messages of The Things Stack.
pub(super) struct TtsV3;

/// The event: what follows the device in a topic of the usual form.
fn event(topic: &str) -> &str {
    topic.split_once("/devices/").and_then(|(_, rest)| rest.split_once('/')).map_or("", |(_, event)| event)
}

fn text<'a>(json: Json<'a>, key: &str) -> Result<Option<&'a str>, Refusal> {
    let Some(value) = json.get(key) else { return Ok(None) };
    value.text().map(Some).ok_or_else(|| Refusal::schema(format!("{key} must be a text")))
}

/// What the device is called: its EUI, or `application/device` where the sender says none.
enum Name<'a> {
    Eui(Eui),
    Ids(&'a str, &'a str),
}

fn name(json: Json<'_>) -> Result<Name<'_>, Refusal> {
    let ids = object(json, "end_device_ids")?.ok_or_else(|| Refusal::schema("end_device_ids is missing"))?;
    if let Some(eui) = text(ids, "dev_eui")? {
        return Eui::read(eui).map(Name::Eui).ok_or_else(|| Refusal::schema("dev_eui must be 16 hexadecimal digits"));
    }
    let application = match object(ids, "application_ids")? {
        Some(application) => text(application, "application_id")?,
        None => None,
    };
    match (application, text(ids, "device_id")?) {
        (Some(application), Some(device)) if !application.is_empty() && !device.is_empty() => {
            Ok(Name::Ids(application, device))
        }
        _ => Err(Refusal::schema("end_device_ids names neither a dev_eui nor application and device")),
    }
}

fn time(json: Json<'_>) -> Result<Option<Moment>, Refusal> {
    let Some(text) = text(json, "received_at")? else { return Ok(None) };
    let time = Moment::rfc3339(text);
    time.map(Some).ok_or_else(|| Refusal::schema("received_at must be a text in the form of RFC 3339"))
}

/// The best of the places that are known for a device: its own receiver before what networks compute before what somebody typed in.
fn best_place(locations: Json<'_>) -> Option<Json<'_>> {
    let rank = |json: &Json<'_>| match json.get("source").and_then(Json::text) {
        Some("SOURCE_GPS") => 0,
        Some("SOURCE_REGISTRY") => 2,
        _ => 1,
    };
    locations.members().map(|(_, location)| location).filter(|location| place(*location).is_some()).min_by_key(rank)
}

fn uplink(uplink: Json<'_>, frame: &Frame<'_>, path: &mut String, sink: &mut dyn Sink) -> Result<(), Refusal> {
    let Frame { device, time, quality } = *frame;
    match object(uplink, "decoded_payload")? {
        Some(decoded) => {
            path.clear();
            walk(decoded, path, &|_| true, &mut |metric, leaf| {
                let Some(value) = leaf.value.scalar() else { return Ok(()) };
                sink.reading(Observation { device, metric, value, unit: leaf.unit, time, quality })
            })?;
        }
        None => frame.raw(uplink.get("frm_payload"), uplink.get("f_port"), sink)?,
    }
    frame.link(uplink.get("rx_metadata"), uplink.get("f_cnt"), sink)?;
    // A simulated message says nothing about where things are.
    match uplink.get("locations").and_then(best_place) {
        Some(location) if quality == Quality::Good => say_place(location, device, time, sink),
        _ => Ok(()),
    }
}

impl Decoder for TtsV3 {
    fn decode(&mut self, message: &Message<'_>, tools: &mut Tools, sink: &mut dyn Sink) -> Result<(), Refusal> {
        let Tools { tape, path, max_depth, .. } = tools;
        let json = tape.read(message.payload, *max_depth)?;
        if json.kind() != Kind::Object {
            return Err(Refusal::schema(format!("the message must be an object and is {}", json.kind().as_str())));
        }
        // What applications send to devices passes through the same broker; it says nothing about a device.
        if matches!(event(message.topic), "down/push" | "down/replace") {
            return Ok(());
        }
        let name = name(json)?;
        let mut joined = String::new();
        let device = match &name {
            Name::Eui(eui) => eui.as_str(),
            Name::Ids(application, device) => {
                joined.reserve_exact(application.len() + 1 + device.len());
                joined.extend([*application, "/", *device]);
                &joined
            }
        };
        sink.seen(device)?;
        let envelope = time(json)?.unwrap_or(Moment::Arrival);
        if let Some(inner) = object(json, "uplink_message")? {
            let simulated = json.get("simulated").map(Json::kind) == Some(Kind::Flag(true));
            let quality = if simulated { Quality::Simulated } else { Quality::Good };
            let frame = Frame { device, time: time(inner)?.unwrap_or(envelope), quality };
            return uplink(inner, &frame, path, sink);
        }
        if event(message.topic) == "up" {
            return Err(Refusal::schema("uplink_message is missing"));
        }
        if json.get("join_accept").is_some() {
            sink.numbered(device, Number::Anew);
        }
        if let Some(solved) = object(json, "location_solved")?
            && let Some(location) = object(solved, "location")?
        {
            return say_place(location, device, envelope, sink);
        }
        Ok(())
    }
}
