//! The shape of a rule in a file, key by key. Unknown keys are errors.

use std::collections::BTreeMap;
use std::fmt;

use model::Duration;
use serde::Deserialize;
use serde::de::{self, Deserializer, SeqAccess, Visitor};

/// One `[[rule]]` without its `condition`, which is read by the condition's kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RuleSpec {
    pub(super) id: String,
    #[serde(default = "yes")]
    pub(super) enabled: bool,
    #[serde(default)]
    pub(super) domain: Names,
    #[serde(default)]
    pub(super) class: Names,
    #[serde(default)]
    pub(super) area: Names,
    #[serde(default)]
    pub(super) asset: Names,
    #[serde(default)]
    pub(super) properties: BTreeMap<String, String>,
    pub(super) metric: Option<String>,
    pub(super) unit: Option<String>,
    pub(super) priority: String,
    #[serde(default)]
    pub(super) on_delay: Span,
    #[serde(default)]
    pub(super) off_delay: Span,
    pub(super) max_age: Option<Span>,
    pub(super) group: Option<GroupSpec>,
    pub(super) guidance: GuidanceSpec,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupSpec {
    pub(super) by: String,
    pub(super) class: Option<String>,
    pub(super) at_least: u32,
    pub(super) within: Span,
    pub(super) share: Option<f64>,
    pub(super) priority: Option<String>,
    pub(super) guidance: Option<GuidanceSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct GuidanceSpec {
    pub(super) respond_within: Option<Span>,
    pub(super) it: WordsSpec,
    pub(super) en: WordsSpec,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WordsSpec {
    pub(super) title: String,
    pub(super) cause: String,
    pub(super) consequence: String,
    pub(super) action: String,
}

fn yes() -> bool {
    true
}

/// One name or a list of names.
#[derive(Debug, Default)]
pub(super) struct Names(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamesVisitor;
        impl<'de> Visitor<'de> for NamesVisitor {
            type Value = Names;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a name or a list of names")
            }
            fn visit_str<E: de::Error>(self, name: &str) -> Result<Names, E> {
                Ok(Names(vec![name.to_owned()]))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut names: A) -> Result<Names, A::Error> {
                let mut all = Vec::new();
                while let Some(name) = names.next_element()? {
                    all.push(name);
                }
                if all.is_empty() {
                    return Err(de::Error::custom(
                        "the list is empty, so the rule would match nothing; leave the key out to match everything",
                    ));
                }
                Ok(Names(all))
            }
        }
        deserializer.deserialize_any(NamesVisitor)
    }
}

/// A span of time written as a number and a unit: `500ms`, `10s`, `5m`, `2h`, `1d`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span(pub(crate) Duration);

impl std::str::FromStr for Span {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is not a span of time; write a whole number and ms, s, m, h or d, such as \"30s\"");
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
        let millis = match &text[digits..] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        // a year is longer than any sensible wait and far from the end of time
        match number.checked_mul(millis) {
            Some(span) if span <= 366 * 86_400_000 => Ok(Self(Duration::from_millis(span))),
            _ => Err(format!("{text:?} is longer than a year")),
        }
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SpanVisitor;
        impl Visitor<'_> for SpanVisitor {
            type Value = Span;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a span of time such as \"30s\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Span, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(SpanVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_a_whole_number_and_a_unit() {
        assert_eq!("90s".parse(), Ok(Span(Duration::from_secs(90))));
        assert_eq!("250ms".parse(), Ok(Span(Duration::from_millis(250))));
        assert_eq!("1d".parse(), Ok(Span(Duration::from_secs(86_400))));
        for wrong in ["", "s", "10", "1.5s", "-3s", "3 s", "99999999999999999999s", "400d", "5µs"] {
            assert!(wrong.parse::<Span>().is_err(), "{wrong:?} was accepted");
        }
    }
}
