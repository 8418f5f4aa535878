//! The words of an alarm as its rule gives them, in both languages, ready to be filled in.

use std::sync::Arc;

use model::Duration;
use model::alarm::{Guidance, Text};

use super::error::Complaint;
use super::spec::{GuidanceSpec, WordsSpec};
use super::template::{Fill, Language, PLACES, Template};

#[derive(Debug, Clone, PartialEq)]
struct Words {
    title: Template,
    cause: Template,
    consequence: Template,
    action: Template,
}

/// The words of one kind of alarm.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wording {
    italian: Words,
    english: Words,
    respond_within: Option<Duration>,
}

impl Wording {
    /// Compiles the words; `path` is where they stand in the rule (`guidance`, `group.guidance`).
    pub(super) fn compile(spec: &GuidanceSpec, path: &str) -> Result<Self, Complaint> {
        Ok(Self {
            italian: words(&spec.it, &format!("{path}.it"))?,
            english: words(&spec.en, &format!("{path}.en"))?,
            respond_within: spec.respond_within.map(|span| span.0),
        })
    }

    /// What people are told about one occurrence.
    pub(crate) fn render(&self, fill: &Fill<'_>) -> Arc<Guidance> {
        let text = |pick: fn(&Words) -> &Template| {
            Text::new(
                pick(&self.italian).render(fill, Language::Italian),
                pick(&self.english).render(fill, Language::English),
            )
        };
        Arc::new(Guidance {
            title: text(|words| &words.title),
            cause: text(|words| &words.cause),
            consequence: text(|words| &words.consequence),
            action: text(|words| &words.action),
            respond_within: self.respond_within,
        })
    }
}

fn words(spec: &WordsSpec, path: &str) -> Result<Words, Complaint> {
    let template = |key: &str, text: &str| {
        let key = format!("{path}.{key}");
        if text.trim().is_empty() {
            return Err(Complaint::new(key, "is empty", "operators read this text; write a short sentence"));
        }
        Template::parse(text).map_err(|wrong| Complaint::new(key, wrong, format!("placeholders are {PLACES}")))
    };
    Ok(Words {
        title: template("title", &spec.title)?,
        cause: template("cause", &spec.cause)?,
        consequence: template("consequence", &spec.consequence)?,
        action: template("action", &spec.action)?,
    })
}
