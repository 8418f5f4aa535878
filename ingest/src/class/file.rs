//! The shape of a class in a file, key by key. Unknown keys are errors.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de};
use toml::{Spanned, Table, Value};

use super::kind::Words;
use super::profile::Every;
use super::span::Span;

/// A file of `[[class]]` tables.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    #[serde(default)]
    pub(super) class: Vec<ClassShape>,
}

/// One class. What is left out is taken from what it extends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClassShape {
    pub(super) key: Spanned<String>,
    pub(super) extends: Option<String>,
    pub(super) title: Option<Words>,
    pub(super) domain: Option<String>,
    pub(super) main: Option<String>,
    pub(super) interval: Option<Span>,
    pub(super) late: Option<Span>,
    pub(super) decoder: Option<String>,
    pub(super) rules: Option<Vec<RuleShape>>,
    pub(super) clock: Option<ClockShape>,
    #[serde(default)]
    pub(super) metrics: BTreeMap<String, MetricShape>,
}

/// A rule file that was written for the class, or a template with its numbers.
#[derive(Debug, Clone)]
pub(super) enum RuleShape {
    File(String),
    Template { template: String, id: Option<String>, values: Table },
}

impl<'de> Deserialize<'de> for RuleShape {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut values = match Value::deserialize(deserializer)? {
            Value::String(file) => return Ok(Self::File(file)),
            Value::Table(values) => values,
            _ => {
                return Err(de::Error::custom(
                    "rules are names of files or tables such as { template = \"above\", ... }",
                ));
            }
        };
        let mut text = |key: &str| match values.remove(key) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(de::Error::custom(format!("{key} of a rule must be a text"))),
        };
        let (template, id) = (text("template")?, text("id")?);
        let template = template.ok_or_else(|| de::Error::custom("a rule needs template = \"...\""))?;
        Ok(Self::Template { template, id, values })
    }
}

/// How far the clock of a device is believed.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClockShape {
    pub(super) policy: PolicyShape,
    pub(super) ahead: Option<Span>,
    pub(super) behind: Option<Span>,
}

/// What happens to a time that is further off than is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum PolicyShape {
    Refuse,
    Arrival,
    Accept,
}

/// One metric. What is left out is taken from the metric of the same name of what the class extends.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MetricShape {
    pub(super) title: Option<Words>,
    pub(super) unit: Option<String>,
    pub(super) sent: Option<String>,
    pub(super) range: Option<[f64; 2]>,
    pub(super) from: Option<Vec<String>>,
    pub(super) frozen: Option<Span>,
    pub(super) interval: Option<Every>,
}
