//! Log reports of a TALQ v2 gateway, as it posts them to `/log-reports`: attributes are readings, the rest are events.

use model::{Position, Quality};

use super::decoder::{Decoder, Event, Message, Observation, Refusal, Sink, Tools};
use super::json::{Json, Kind};
use super::leaves::walk;
use super::moment::Moment;

/// Reads log reports.
pub(super) struct TalqV2;

fn required<'a>(json: Json<'a>, key: &str) -> Result<&'a str, Refusal> {
    let value = json.get(key).ok_or_else(|| Refusal::schema(format!("{key} is missing")))?;
    let text = value.text().filter(|text| !text.is_empty());
    text.ok_or_else(|| Refusal::schema(format!("{key} must be a text that is not empty")))
}

fn number(json: Json<'_>, key: &str) -> Option<f64> {
    json.get(key)?.number()?.parse().ok()
}

/// One entry of a log: about a device, or about one function of it.
struct Entry<'a> {
    data: Json<'a>,
    device: &'a str,
    function: Option<&'a str>,
    time: Moment,
}

impl<'a> Entry<'a> {
    fn of(entry: Json<'a>) -> Result<Self, Refusal> {
        let data = entry.get("data").filter(|data| data.kind() == Kind::Object);
        let data = data.ok_or_else(|| Refusal::schema("an entry needs an object data"))?;
        let address = required(data, "srcAddress")?;
        let (device, function) = match address.split_once('/') {
            Some((device, function)) => (device, Some(function).filter(|function| !function.is_empty())),
            None => (address, None),
        };
        let time = match data.get("timestamp") {
            None => Moment::Arrival,
            Some(time) => time
                .text()
                .and_then(Moment::rfc3339)
                .ok_or_else(|| Refusal::schema("timestamp must be a text in the form of RFC 3339"))?,
        };
        Ok(Self { data, device, function, time })
    }

    /// Writes the name of what is told about: the function, if one is meant, and then this.
    fn name(&self, what: &str, path: &mut String) {
        path.clear();
        if let Some(function) = self.function {
            path.push_str(function);
            path.push('.');
        }
        path.push_str(what);
    }

    fn say(&self, path: &mut String, sink: &mut dyn Sink) -> Result<(), Refusal> {
        sink.seen(self.device)?;
        match required(self.data, "type")? {
            "AttributeLogData" => self.attribute(path, sink),
            "EventLogData" | "StateChangeEventLogData" => {
                self.name(required(self.data, "eventType")?, path);
                sink.event(Event { device: self.device, kind: path, detail: self.data.written(), time: self.time })
            }
            other => {
                let other = other.chars().take(64).collect::<String>();
                Err(Refusal::schema(format!("the type {other:?} of log data is not known")))
            }
        }
    }

    fn attribute(&self, path: &mut String, sink: &mut dyn Sink) -> Result<(), Refusal> {
        let attribute = self.data.get("attributeValue").filter(|value| value.kind() == Kind::Object);
        let attribute = attribute.ok_or_else(|| Refusal::schema("attributeValue must be an object"))?;
        let kind = required(attribute, "type")?;
        self.name(required(self.data, "attributeName")?, path);
        let Some(mut value) = attribute.get("value") else { return Ok(()) };
        if kind == "AttributeLocation" {
            let place = number(value, "longitude").zip(number(value, "latitude"));
            let place = place.and_then(|(longitude, latitude)| Position::new(longitude, latitude).ok());
            let place = place.ok_or_else(|| Refusal::schema("a location needs longitude and latitude in degrees"))?;
            let altitude = number(value, "altitude").filter(|altitude| altitude.is_finite());
            return sink.position(self.device, place, altitude, self.time);
        }
        // A state is wrapped once more: {"name": "LevelState", "value": 80}.
        if let (Some(_), Some(state)) = (value.get("name").and_then(Json::text), value.get("value")) {
            value = state;
        }
        walk(value, path, &|_| true, &mut |metric, leaf| {
            let Some(value) = leaf.value.scalar() else { return Ok(()) };
            let Self { device, time, .. } = *self;
            sink.reading(Observation { device, metric, value, unit: leaf.unit, time, quality: Quality::Good })
        })
    }
}

impl Decoder for TalqV2 {
    fn decode(&mut self, message: &Message<'_>, tools: &mut Tools, sink: &mut dyn Sink) -> Result<(), Refusal> {
        let Tools { tape, path, max_depth, .. } = tools;
        let json = tape.read(message.payload, *max_depth)?;
        if json.kind() != Kind::Object {
            return Err(Refusal::schema(format!("a log report must be an object and is {}", json.kind().as_str())));
        }
        let Some(entries) = json.get("entries") else { return Ok(()) };
        if entries.kind() != Kind::Array {
            return Err(Refusal::schema("entries must be a list"));
        }
        entries.items().try_for_each(|entry| Entry::of(entry)?.say(path, sink))
    }
}
