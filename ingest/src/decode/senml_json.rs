//! SenML packs in JSON, RFC 8428: base values hold until they are changed, each record is resolved against them.

use model::{Quality, Value};

use super::decoder::{Decoder, Message, NotFinite, Observation, Refusal, Sink, Tools};
use super::json::{Json, Kind, nanos};
use super::moment::Moment;
use crate::topic;

/// Reads SenML JSON.
pub(super) struct SenmlJson;

/// Times below this many seconds are relative to the arrival (RFC 8428, 4.5.3).
const RELATIVE: i128 = (1 << 28) * SECOND;
const SECOND: i128 = 1_000_000_000;
/// The newest version of SenML that is understood.
const VERSION: f64 = 10.0;

/// Base values, kept from record to record.
#[derive(Default)]
struct Base<'a> {
    name: &'a str,
    time: Option<&'a str>,
    unit: &'a str,
    value: Option<&'a str>,
    sum: Option<&'a str>,
}

/// The fields of one record.
#[derive(Default)]
struct Record<'a> {
    name: &'a str,
    unit: Option<&'a str>,
    time: Option<&'a str>,
    sum: Option<&'a str>,
    number: Option<&'a str>,
    text: Option<&'a str>,
    flag: Option<bool>,
    data: bool,
    /// Whether anything but base fields stood there.
    own: bool,
}

fn mistyped(label: &str, wanted: &str, kind: Kind<'_>) -> Refusal {
    Refusal::schema(format!("{label} must be {wanted} and is {}", kind.as_str()))
}

fn text<'a>(label: &str, json: Json<'a>) -> Result<&'a str, Refusal> {
    json.text().ok_or_else(|| mistyped(label, "a text", json.kind()))
}

fn number<'a>(label: &str, json: Json<'a>) -> Result<&'a str, Refusal> {
    json.number().ok_or_else(|| mistyped(label, "a number", json.kind()))
}

impl<'a> Record<'a> {
    /// Reads one record and what it changes in `base`.
    fn read(json: Json<'a>, base: &mut Base<'a>) -> Result<Self, Refusal> {
        if json.kind() != Kind::Object {
            return Err(Refusal::schema(format!("a record must be an object and is {}", json.kind().as_str())));
        }
        let mut record = Self::default();
        for (label, value) in json.members() {
            match label {
                "bn" => base.name = text(label, value)?,
                "bt" => base.time = Some(number(label, value)?),
                "bu" => base.unit = text(label, value)?,
                "bv" => base.value = Some(number(label, value)?),
                "bs" => base.sum = Some(number(label, value)?),
                "bver" => {
                    let version = number(label, value)?.parse::<f64>();
                    if version.is_ok_and(|version| version > VERSION) {
                        return Err(Refusal::schema("bver is above 10: a newer SenML than is understood"));
                    }
                }
                "n" => record.name = text(label, value)?,
                "u" => record.unit = Some(text(label, value)?),
                "v" => record.number = Some(number(label, value)?),
                "vs" => record.text = Some(text(label, value)?),
                "vd" => record.data = text(label, value).map(|_| true)?,
                "vb" => match value.kind() {
                    Kind::Flag(flag) => record.flag = Some(flag),
                    kind => return Err(mistyped(label, "a boolean", kind)),
                },
                "t" => record.time = Some(number(label, value)?),
                "s" => record.sum = Some(number(label, value)?),
                "ut" => drop(number(label, value)?),
                other if other.ends_with('_') => {
                    let shown = other.chars().take(32).collect::<String>();
                    return Err(Refusal::schema(format!("the label {shown:?} must be understood and is not")));
                }
                _ => {}
            }
            record.own |= !matches!(label, "bn" | "bt" | "bu" | "bv" | "bs" | "bver");
        }
        Ok(record)
    }

    /// The value, unless it is data or there is none.
    fn value(&self, base: &Base<'_>) -> Result<Option<Result<Value, NotFinite>>, Refusal> {
        let given = [self.number.is_some(), self.text.is_some(), self.flag.is_some(), self.data];
        match given.into_iter().filter(|given| *given).count() {
            0 if self.sum.is_some() || !self.own => Ok(None),
            0 if base.value.is_some() => Ok(base.value.map(super::json::value)),
            0 => Err(Refusal::schema("a record without a value")),
            1 => Ok(self
                .number
                .map(|number| sum(base.value, number))
                .or_else(|| self.text.map(|text| Ok(Value::Text(text.into()))))
                .or_else(|| self.flag.map(|flag| Ok(Value::Flag(flag))))),
            _ => Err(Refusal::schema("a record with more than one value")),
        }
    }

    fn moment(&self, base: &Base<'_>, received: i128) -> Moment {
        let nanos = |text: Option<&str>| text.map_or(Some(0), |text| nanos(text, SECOND));
        let Some(time) = nanos(base.time).zip(nanos(self.time)).and_then(|(base, own)| base.checked_add(own)) else {
            return Moment::Beyond;
        };
        match time {
            0 => Moment::Arrival,
            relative if relative < RELATIVE => Moment::from_nanos(received.checked_add(relative)),
            absolute => Moment::from_nanos(Some(absolute)),
        }
    }
}

/// `base` and `number` added: exactly where both are whole numbers.
fn sum(base: Option<&str>, number: &str) -> Result<Value, NotFinite> {
    let own = super::json::value(number)?;
    let Some(base) = base else { return Ok(own) };
    let base_value = super::json::value(base)?;
    if let (Ok(a), Ok(b)) = (base.parse::<i64>(), number.parse::<i64>())
        && let Some(whole) = a.checked_add(b)
    {
        return Ok(Value::whole(whole));
    }
    match (base_value.as_number(), own.as_number()) {
        (Some(a), Some(b)) if (a + b).is_finite() => Ok(Value::Number(a + b)),
        _ => Err(NotFinite),
    }
}

/// Device and metric of a record (the metric without its fallback, which is the unit).
fn names<'a>(base: &'a str, name: &'a str, topic: &'a str) -> Result<(&'a str, &'a str), Refusal> {
    if !base.is_empty() {
        let device = base.strip_suffix([':', '/', ';', '.', '_', '-']).unwrap_or(base);
        return Ok((device, name));
    }
    if name.contains([':', '/']) {
        return Ok((name, ""));
    }
    let device =
        topic::level(topic, 2).ok_or_else(|| Refusal::schema("neither the pack nor the topic names a device"))?;
    Ok((device, name))
}

impl Decoder for SenmlJson {
    fn decode(&mut self, message: &Message<'_>, tools: &mut Tools, sink: &mut dyn Sink) -> Result<(), Refusal> {
        let Tools { tape, path, max_depth } = tools;
        let json = tape.read(message.payload, *max_depth)?;
        if json.kind() != Kind::Array || json.items().next().is_none() {
            return Err(Refusal::schema("a pack must be a list of at least one record"));
        }
        let received = i128::from(message.received.as_nanos());
        let mut base = Base::default();
        for json in json.items() {
            let record = Record::read(json, &mut base)?;
            let value = record.value(&base)?;
            if !record.own {
                continue;
            }
            let (device, name) = names(base.name, record.name, message.topic)?;
            let unit = record.unit.unwrap_or(base.unit);
            let metric = [name, unit, "value"].into_iter().find(|name| !name.is_empty()).unwrap_or("value");
            let time = record.moment(&base, received);
            sink.seen(device)?;
            if let Some(value) = value {
                sink.reading(Observation { device, metric, value, unit, time, quality: Quality::Good })?;
            }
            if let Some(own) = record.sum {
                path.clear();
                path.push_str(metric);
                path.push_str(".sum");
                let value = sum(base.sum, own);
                sink.reading(Observation { device, metric: path, value, unit, time, quality: Quality::Good })?;
            }
        }
        Ok(())
    }
}
