//! One class, with all that it takes from what it extends.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{AssetClass, Domain, Duration, MetricName};
use serde::Deserialize;

use super::profile::Profile;

/// The same in both languages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// In Italian.
    pub it: String,
    /// In English.
    pub en: String,
}

/// A rule template that a class uses.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// The template.
    pub name: String,
    /// What tells it from the other templates of the class: a name given to it, else that of the template. What a class says under this name
    /// counts before what it extends.
    pub key: String,
    /// What stands in the places of the template.
    pub values: toml::Table,
    /// The class that says it: this one, or one that it extends.
    pub from: AssetClass,
    /// The file that says it.
    pub file: String,
    /// The line on which that class begins.
    pub line: usize,
}

/// A kind of device.
#[derive(Debug, Clone, PartialEq)]
pub struct Class {
    /// Its name, as assets carry it.
    pub key: AssetClass,
    /// What it is a kind of, nearest first.
    pub ancestors: Vec<AssetClass>,
    /// Its name for people.
    pub title: Words,
    /// Its trade.
    pub domain: Domain,
    /// The metric that stands for it on the map.
    pub main: Option<MetricName>,
    /// In which format it usually speaks, for whoever connects one.
    pub decoder: Option<String>,
    /// The rule files that were written for it.
    pub rules: Vec<String>,
    /// The rule templates that it uses with its numbers, and those of what it extends.
    pub templates: Vec<Template>,
    /// The names of its metrics for people.
    pub metrics: BTreeMap<MetricName, Words>,
    /// How its readings are judged.
    pub profile: Arc<Profile>,
}

impl Class {
    /// How often it is expected to speak.
    pub fn interval(&self) -> Option<Duration> {
        self.profile.interval
    }

    /// Whether it is this class or a kind of it.
    pub fn is_a(&self, class: &AssetClass) -> bool {
        self.key == *class || self.ancestors.contains(class)
    }
}
