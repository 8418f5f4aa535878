//! Which decoder reads a topic.

use std::sync::Arc;

use model::Timestamp;

use crate::config::{Config, Format, Route};
use crate::decode::{self, Command, Decoder, Host};
use crate::topic::Filter;

struct Rule {
    filter: Filter,
    format: Format,
    decoder: Box<dyn Decoder>,
}

/// The rules of the configuration, ready for use.
pub(crate) struct Routes {
    rules: Vec<Rule>,
    ignored: Vec<Filter>,
}

/// What a topic means.
pub(crate) enum Meaning<'a> {
    /// Readings in this format.
    Speaks(Format, &'a mut dyn Decoder),
    /// Clients talk among themselves.
    Ignored,
    /// No rule names it.
    Unknown,
}

impl Routes {
    /// The rules of this configuration; those of the built-in ways in come last.
    pub(crate) fn new(config: &Config) -> Self {
        let built_in = Route::built_in();
        let rule = |route: &Route| Rule {
            filter: Filter::new(&route.topic),
            format: route.format,
            decoder: decode::decoder(route),
        };
        // What we say about ourselves comes back to us, also when the routes name only some groups of Sparkplug.
        let ourselves = Host::announced(&config.routes).map(|host| host.topic().to_owned());
        Self {
            rules: config.routes.iter().chain(&built_in).map(rule).collect(),
            ignored: config
                .ignored_topics
                .iter()
                .cloned()
                .chain(ourselves)
                .map(|filter| Filter::new(&filter))
                .collect(),
        }
    }

    /// What this topic means: the first rule that matches.
    pub(crate) fn meaning(&mut self, topic: &str) -> Meaning<'_> {
        if let Some(rule) = self.rules.iter_mut().find(|rule| rule.filter.matches(topic)) {
            return Meaning::Speaks(rule.format, rule.decoder.as_mut());
        }
        if topic.starts_with('$') || self.ignored.iter().any(|filter| filter.matches(topic)) {
            return Meaning::Ignored;
        }
        Meaning::Unknown
    }

    /// What the decoders want to say without having heard anything.
    pub(crate) fn tick(&mut self, now: Timestamp) -> Vec<(Arc<str>, Command)> {
        self.rules.iter_mut().flat_map(|rule| rule.decoder.tick(now)).collect()
    }
}
