//! What people are told, as it is written.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use model::alarm::{Guidance, Text};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct TextShape<'a> {
    it: Cow<'a, str>,
    en: Cow<'a, str>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct GuidanceShape<'a> {
    #[serde(borrow)]
    title: TextShape<'a>,
    cause: TextShape<'a>,
    consequence: TextShape<'a>,
    action: TextShape<'a>,
    respond_within: Option<Duration>,
}

impl<'a> From<&'a Text> for TextShape<'a> {
    fn from(text: &'a Text) -> Self {
        Self { it: Cow::Borrowed(&text.it), en: Cow::Borrowed(&text.en) }
    }
}

impl From<TextShape<'_>> for Text {
    fn from(shape: TextShape<'_>) -> Self {
        Self::new(shape.it, shape.en)
    }
}

impl<'a> From<&'a Guidance> for GuidanceShape<'a> {
    fn from(guidance: &'a Guidance) -> Self {
        Self {
            title: (&guidance.title).into(),
            cause: (&guidance.cause).into(),
            consequence: (&guidance.consequence).into(),
            action: (&guidance.action).into(),
            respond_within: guidance.respond_within,
        }
    }
}

impl From<GuidanceShape<'_>> for Arc<Guidance> {
    fn from(shape: GuidanceShape<'_>) -> Self {
        Self::new(Guidance {
            title: shape.title.into(),
            cause: shape.cause.into(),
            consequence: shape.consequence.into(),
            action: shape.action.into(),
            respond_within: shape.respond_within,
        })
    }
}
