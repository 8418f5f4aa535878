//! How to read any JSON: which device, which time, which values.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How messages of a `generic-json` route are read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Mapping {
    /// Where the device's name is.
    pub device: DeviceFrom,
    /// Where the time is; without it the time of arrival counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<TimeFrom>,
    /// Which values are readings.
    pub leaves: Leaves,
    /// Paths (with all that is below them) that are no readings.
    pub exclude: Vec<String>,
    /// What is said about single paths: another name, a unit, a conversion.
    pub fields: Vec<Field>,
    /// Readings that every message gets, by metric.
    pub constants: BTreeMap<String, Constant>,
}

/// Where the device's name is: exactly one of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct DeviceFrom {
    /// This level of the topic, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub topic_level: Option<usize>,
    /// The text or whole number at this dotted path of the message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Always this device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub constant: Option<String>,
}

/// Where the time is and how it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TimeFrom {
    /// Dotted path of the field.
    pub field: String,
    /// `rfc3339` (with or without a zone), `unix_s`, `unix_ms`, `unix_us`, `unix_ns`, or a pattern such as `%d/%m/%Y %H:%M:%S`.
    #[serde(default = "rfc3339")]
    pub format: String,
    /// The zone of times that name none, such as `UTC` or `Europe/Rome`.
    #[serde(default)]
    pub zone: TimeZone,
}

fn rfc3339() -> String {
    "rfc3339".to_owned()
}

/// A zone of the IANA database by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeZone(pub(super) chrono_tz::Tz);

impl Default for TimeZone {
    fn default() -> Self {
        Self(chrono_tz::UTC)
    }
}

impl TryFrom<String> for TimeZone {
    type Error = String;
    fn try_from(name: String) -> Result<Self, String> {
        name.parse().map(Self).map_err(|_| format!("{name:?} is no time zone; write one like Europe/Rome or UTC"))
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> Self {
        zone.0.name().to_owned()
    }
}

/// Which values of a message are readings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub enum Leaves {
    /// Every number and boolean, wherever it is.
    #[default]
    Numbers,
    /// Every number, boolean and text.
    Scalars,
    /// Only the paths listed in `fields`.
    Named,
}

/// What is said about one path.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its dotted path in the message.
    pub path: String,
    /// The name of the metric; the path when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Its unit, when the message does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Numbers are multiplied by this,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<f64>,
    /// then this is added.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offset: Option<f64>,
}

/// A value that every message gets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Constant {
    /// Yes or no.
    Flag(bool),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
}

impl Mapping {
    /// What is wrong with it, and what to write instead.
    pub fn validate(&self) -> Result<(), String> {
        let DeviceFrom { topic_level, path, constant } = &self.device;
        let ways = usize::from(topic_level.is_some()) + usize::from(path.is_some()) + usize::from(constant.is_some());
        if ways != 1 {
            return Err("device needs exactly one of topic_level, path and constant".to_owned());
        }
        if *topic_level == Some(0) {
            return Err("device.topic_level counts from 1".to_owned());
        }
        if self.leaves == Leaves::Named && self.fields.is_empty() && self.constants.is_empty() {
            return Err("leaves = \"named\" without fields would read nothing".to_owned());
        }
        let mut paths = std::collections::HashSet::new();
        for field in &self.fields {
            if field.path.is_empty() || !paths.insert(field.path.as_str()) {
                return Err(format!("fields: the path {:?} is empty or listed twice", field.path));
            }
            if field.metric.as_ref().is_some_and(|metric| model::MetricName::new(metric).is_err()) {
                return Err(format!("fields: the metric of {:?} must be 1 to 255 bytes", field.path));
            }
            if [field.scale, field.offset].into_iter().flatten().any(|number| !number.is_finite()) {
                return Err(format!("fields: scale and offset of {:?} must be finite", field.path));
            }
        }
        for (metric, value) in &self.constants {
            let finite = !matches!(value, Constant::Number(number) if !number.is_finite());
            if model::MetricName::new(metric).is_err() || !finite {
                return Err(format!("constants: {metric:?} must be a name of 1 to 255 bytes with a finite value"));
            }
        }
        if let Some(time) = &self.time {
            let known = ["rfc3339", "unix_s", "unix_ms", "unix_us", "unix_ns"].contains(&time.format.as_str());
            let pattern = chrono::format::StrftimeItems::new(&time.format);
            let broken = pattern.clone().any(|item| matches!(item, chrono::format::Item::Error));
            if time.field.is_empty() || (!known && (broken || !time.format.contains('%'))) {
                let advice = "write rfc3339, unix_s, unix_ms, unix_us, unix_ns or a pattern like %Y-%m-%d %H:%M:%S";
                return Err(format!("time: field {:?} with format {:?}; {advice}", time.field, time.format));
            }
        }
        Ok(())
    }
}
