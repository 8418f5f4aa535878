//! NGSI-LD entities (normalized, concise or key-values), lists of them, and notifications that carry them. The context of a message is never fetched.

use chrono::NaiveDate;
use chrono_tz::Tz;
use model::{Position, Quality};

use super::decoder::{Decoder, Message, Observation, Refusal, Sink, Tools};
use super::json::{Json, Kind};
use super::leaves::walk;
use super::moment::Moment;

/// Reads NGSI-LD.
pub(super) struct NgsiLd;

/// What is no attribute of a thing.
const RESERVED: [&str; 8] = ["id", "type", "@context", "scope", "createdAt", "modifiedAt", "deletedAt", "expiresAt"];
/// Attributes whose text is a state; other texts describe the thing.
const STATES: [&str; 4] = ["status", "powerState", "workingMode", "state"];
/// Attributes that say when the whole entity was observed, the best first.
const OBSERVED: [&str; 3] = ["dateObserved", "observationDateTime", "dateObservedTo"];
/// The sender's word for a value that is no longer there.
const DELETED: &str = "urn:ngsi-ld:null";

/// An attribute in any of the forms: its value, and in the longer forms its unit and its time.
struct Attribute<'a> {
    value: Json<'a>,
    unit: &'a str,
    time: Option<Moment>,
    dataset: Option<&'a str>,
}

impl<'a> Attribute<'a> {
    /// Reads an attribute. `None` when it holds no value: a relationship, texts in many languages, words of a vocabulary.
    fn read(json: Json<'a>) -> Result<Option<Self>, Refusal> {
        let plain = Self { value: json, unit: "", time: None, dataset: None };
        if json.kind() != Kind::Object {
            return Ok(Some(plain));
        }
        let text = |key: &str| json.get(key).and_then(Json::text);
        let other =
            ["Relationship", "LanguageProperty", "VocabProperty", "JsonProperty", "ListProperty", "ListRelationship"];
        if text("type").is_some_and(|kind| other.contains(&kind)) {
            return Ok(None);
        }
        let Some(value) = json.get("value") else { return Ok(Some(plain)) };
        let time = json.get("observedAt").map(|time| instant(time, "observedAt")).transpose()?;
        Ok(Some(Self { value, unit: text("unitCode").unwrap_or_default(), time, dataset: text("datasetId") }))
    }
}

/// A moment, plain or as `{"@value": …}`. Of a period its end counts; a day counts from its beginning; no zone means UTC.
fn instant(json: Json<'_>, name: &str) -> Result<Moment, Refusal> {
    let text = json.get("@value").unwrap_or(json).text();
    let text = text.map(|text| text.rsplit_once('/').map_or(text, |(_, end)| end));
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    text.and_then(|text| Moment::iso(text, Tz::UTC).or_else(|| Some(Moment::local(day(text)?, Tz::UTC))))
        .ok_or_else(|| Refusal::schema(format!("{name} must be a time like 2026-11-22T09:30:00Z")))
}

/// When the entity was observed, as far as it says so.
fn observed(entity: Json<'_>) -> Result<Moment, Refusal> {
    for name in OBSERVED {
        if let Some(attribute) = entity.get(name).map(Attribute::read).transpose()?.flatten() {
            return instant(attribute.value, name);
        }
    }
    Ok(Moment::Arrival)
}

/// A GeoJSON point: degrees east, degrees north, perhaps metres.
fn point(json: Json<'_>) -> Option<(Position, Option<f64>)> {
    if json.get("type").and_then(Json::text) != Some("Point") {
        return None;
    }
    let mut numbers = json.get("coordinates")?.items().map(|number| number.number()?.parse::<f64>().ok());
    let position = Position::new(numbers.next()??, numbers.next()??).ok()?;
    Some((position, numbers.next().flatten().filter(|metres| metres.is_finite())))
}

/// The readings of one attribute.
fn readings(
    name: &str,
    attribute: &Attribute<'_>,
    device: &str,
    time: Moment,
    path: &mut String,
    sink: &mut dyn Sink,
) -> Result<(), Refusal> {
    let Attribute { value, unit, dataset, .. } = *attribute;
    let wanted = match value.kind() {
        Kind::Number(_) | Kind::Flag(_) => true,
        Kind::Text(text) => STATES.contains(&name) && text != DELETED,
        Kind::Array => value.items().next().is_some() && value.items().all(|item| item.number().is_some()),
        Kind::Null | Kind::Object => false,
    };
    if !wanted {
        return Ok(());
    }
    path.clear();
    path.push_str(name);
    if let Some(dataset) = dataset {
        path.extend([".", dataset]);
    }
    walk(value, path, &|_| true, &mut |metric, leaf| {
        let Some(value) = leaf.value.scalar() else { return Ok(()) };
        sink.reading(Observation { device, metric, value, unit, time, quality: Quality::Good })
    })
}

fn entity(entity: Json<'_>, path: &mut String, sink: &mut dyn Sink) -> Result<(), Refusal> {
    if entity.kind() != Kind::Object {
        return Err(Refusal::schema(format!("an entity must be an object and is {}", entity.kind().as_str())));
    }
    let device = entity.get("id").and_then(Json::text).filter(|id| !id.is_empty());
    let device = device.ok_or_else(|| Refusal::schema("an entity needs an id, which is a text"))?;
    let kind = entity.get("type").ok_or_else(|| Refusal::schema("an entity needs a type"))?.kind();
    if !matches!(kind, Kind::Text(_) | Kind::Array) {
        return Err(Refusal::schema(format!(
            "the type of an entity must be a text or a list of texts and is {}",
            kind.as_str()
        )));
    }
    let otherwise = observed(entity)?;
    sink.seen(device)?;
    for (name, json) in entity.members().filter(|(name, _)| !RESERVED.contains(name)) {
        let many = json.kind() == Kind::Array && json.items().any(|item| item.get("value").is_some());
        let (one, all) = if many { (None, Some(json.items())) } else { (Some(json), None) };
        for json in one.into_iter().chain(all.into_iter().flatten()) {
            let Some(attribute) = Attribute::read(json)? else { continue };
            let time = attribute.time.unwrap_or(otherwise);
            if name == "location" {
                match point(attribute.value) {
                    Some((position, altitude)) => sink.position(device, position, altitude, time)?,
                    None => sink.skipped(1),
                }
            } else {
                readings(name, &attribute, device, time, path, sink)?;
            }
        }
    }
    Ok(())
}

impl Decoder for NgsiLd {
    fn decode(&mut self, message: &Message<'_>, tools: &mut Tools, sink: &mut dyn Sink) -> Result<(), Refusal> {
        let Tools { tape, path, max_depth, .. } = tools;
        let json = tape.read(message.payload, *max_depth)?;
        // Over MQTT a broker sends a notification as the body of a message with metadata.
        let json = json.get("body").filter(|_| json.get("id").is_none()).unwrap_or(json);
        let notifies =
            json.get("type").and_then(Json::text) == Some("Notification") || json.get("subscriptionId").is_some();
        let list = json.get("data").filter(|data| notifies && data.kind() == Kind::Array).unwrap_or(json);
        if list.kind() == Kind::Array {
            return list.items().try_for_each(|item| entity(item, path, sink));
        }
        entity(list, path, sink)
    }
}
