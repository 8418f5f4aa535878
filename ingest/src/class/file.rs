//! The shape of a class in a file, key by key. Unknown keys are errors.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use super::kind::Words;
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
    pub(super) rules: Option<Vec<String>>,
    pub(super) clock: Option<ClockShape>,
    #[serde(default)]
    pub(super) metrics: BTreeMap<String, MetricShape>,
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
}
