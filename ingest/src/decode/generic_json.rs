//! Any JSON, read as a mapping of the configuration says.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime};
use model::{Quality, Timestamp, Value};

use super::decoder::{Decoder, Message, NotFinite, Observation, Refusal, Sink, Tools};
use super::json::{Json, Kind, nanos};
use super::leaves::{Leaf, walk};
use super::mapping::{Constant, Field, Leaves, Mapping, TimeFrom};
use super::moment::Moment;
use crate::topic;

/// A route's mapping, ready for use.
pub(super) struct GenericJson {
    mapping: Mapping,
    fields: HashMap<String, Field>,
}

impl GenericJson {
    pub(super) fn new(mapping: Mapping) -> Self {
        let fields = mapping.fields.iter().map(|field| (field.path.clone(), field.clone())).collect();
        Self { mapping, fields }
    }

    fn device<'a>(&'a self, message: &Message<'a>, json: Json<'a>) -> Result<&'a str, Refusal> {
        let from = &self.mapping.device;
        if let Some(level) = from.topic_level {
            return topic::level(message.topic, level)
                .ok_or_else(|| Refusal::schema(format!("the topic has no level {level} for the device")));
        }
        if let Some(path) = &from.path {
            return match json.at_path(path).map(Json::kind) {
                Some(Kind::Text(text) | Kind::Number(text)) => Ok(text),
                Some(other) => Err(Refusal::schema(format!("{path} must name the device and is {}", other.as_str()))),
                None => Err(Refusal::schema(format!("{path}, which names the device, is missing"))),
            };
        }
        from.constant.as_deref().ok_or_else(|| Refusal::schema("the mapping names no device"))
    }

    fn time(&self, json: Json<'_>) -> Result<Moment, Refusal> {
        let Some(from) = &self.mapping.time else { return Ok(Moment::Arrival) };
        let Some(field) = json.at_path(&from.field) else { return Ok(Moment::Arrival) };
        let text = match field.kind() {
            Kind::Text(text) | Kind::Number(text) => text,
            Kind::Null => return Ok(Moment::Arrival),
            other => return Err(Refusal::schema(format!("{} must be a time and is {}", from.field, other.as_str()))),
        };
        read_time(text, from).ok_or_else(|| {
            let shown = text.chars().take(64).collect::<String>();
            Refusal::schema(format!("{}: {shown:?} is not a time in the form {}", from.field, from.format))
        })
    }

    /// Whether what stands at `path` may hold readings.
    fn visits(&self, path: &str) -> bool {
        let is_at = |other: &String| path == other;
        let below = |other: &String| {
            path.len() > other.len() && path.starts_with(other.as_str()) && path.as_bytes()[other.len()] == b'.'
        };
        let told =
            self.mapping.time.as_ref().map(|time| &time.field).into_iter().chain(self.mapping.device.path.as_ref());
        !self.mapping.exclude.iter().any(|other| is_at(other) || below(other)) && !told.into_iter().any(is_at)
    }
}

fn read_time(text: &str, from: &TimeFrom) -> Option<Moment> {
    let unit = match from.format.as_str() {
        "unix_s" => 1_000_000_000,
        "unix_ms" => 1_000_000,
        "unix_us" => 1_000,
        "unix_ns" => 1,
        "rfc3339" => return Moment::iso(text, from.zone.0),
        pattern => return read_pattern(text, pattern, from),
    };
    if text.parse::<f64>().is_err() || !text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) {
        return None;
    }
    Some(Moment::from_nanos(nanos(text, unit)))
}

fn read_pattern(text: &str, pattern: &str, from: &TimeFrom) -> Option<Moment> {
    if let Ok(time) = DateTime::parse_from_str(text, pattern) {
        return Some(Timestamp::from_utc(time.to_utc()).map_or(Moment::Beyond, Moment::At));
    }
    let day = || NaiveDate::parse_from_str(text, pattern).ok().and_then(|day| day.and_hms_opt(0, 0, 0));
    let time = NaiveDateTime::parse_from_str(text, pattern).ok().or_else(day)?;
    Some(Moment::local(time, from.zone.0))
}

fn converted(value: Result<Value, NotFinite>, field: Option<&Field>) -> Result<Value, NotFinite> {
    let (Ok(Value::Number(_) | Value::Integer(_)), Some(field)) = (&value, field) else { return value };
    if field.scale.is_none() && field.offset.is_none() {
        return value;
    }
    let number = value?.as_number().ok_or(NotFinite)?;
    let number = number * field.scale.unwrap_or(1.0) + field.offset.unwrap_or(0.0);
    if number.is_finite() { Ok(Value::Number(number)) } else { Err(NotFinite) }
}

impl Decoder for GenericJson {
    fn decode(&mut self, message: &Message<'_>, tools: &mut Tools, sink: &mut dyn Sink) -> Result<(), Refusal> {
        let Tools { tape, path, max_depth, .. } = tools;
        let json = tape.read(message.payload, *max_depth)?;
        let device = self.device(message, json)?;
        let time = self.time(json)?;
        sink.seen(device)?;
        let mut found = |path: &str, leaf: Leaf<'_>| {
            let field = self.fields.get(path);
            let Some(value) = leaf.value.scalar() else { return Ok(()) };
            let wanted = match self.mapping.leaves {
                Leaves::Named => field.is_some(),
                Leaves::Numbers => field.is_some() || !matches!(value, Ok(Value::Text(_))),
                Leaves::Scalars => true,
            };
            if !wanted {
                return Ok(());
            }
            let name = field.and_then(|field| field.metric.as_deref()).unwrap_or(path);
            let unit = field.and_then(|field| field.unit.as_deref()).unwrap_or(leaf.unit);
            let value = converted(value, field);
            let metric =
                if name.is_empty() && !matches!(json.kind(), Kind::Object | Kind::Array) { "value" } else { name };
            sink.reading(Observation { device, metric, value, unit, time, quality: Quality::Good })
        };
        path.clear();
        walk(json, path, &|path| self.visits(path), &mut found)?;
        for (metric, value) in &self.mapping.constants {
            let value = match value {
                Constant::Flag(flag) => Value::Flag(*flag),
                Constant::Number(number) => Value::Number(*number),
                Constant::Text(text) => Value::Text(text.as_str().into()),
            };
            sink.reading(Observation { device, metric, value: Ok(value), unit: "", time, quality: Quality::Good })?;
        }
        Ok(())
    }
}
