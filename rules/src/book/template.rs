//! Texts with places to fill in: `{asset}`, `{value}`, `{unit}`, `{limit}`, `{count}`, `{source}`, `{since}`.

use std::fmt::Write as _;

use model::{Timestamp, Value};

/// The places that a text may name.
pub(crate) const PLACES: &str = "{asset} {value} {unit} {limit} {count} {source} {since}";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Asset,
    Value,
    Unit,
    Limit,
    Count,
    Source,
    Since,
}

impl Place {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "asset" => Self::Asset,
            "value" => Self::Value,
            "unit" => Self::Unit,
            "limit" => Self::Limit,
            "count" => Self::Count,
            "source" => Self::Source,
            "since" => Self::Since,
            _ => return None,
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Words(String),
    Place(Place),
}

/// A text, taken apart once.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Template(Vec<Piece>);

/// Which of the two languages: they write numbers differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Italian,
    English,
}

/// What is filled in.
#[derive(Debug, Clone)]
pub(crate) struct Fill<'a> {
    /// The name of the asset whose reading decided.
    pub(crate) asset: &'a str,
    /// The name of what the alarm is about: the same asset, or the group's circuit.
    pub(crate) source: &'a str,
    pub(crate) value: &'a Value,
    pub(crate) unit: Option<&'a str>,
    pub(crate) limit: Option<f64>,
    pub(crate) count: usize,
    pub(crate) since: Timestamp,
}

impl Template {
    /// Takes a text apart, or names the place that does not exist. `{{` and `}}` stand for braces.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut words = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            words.push_str(&rest[..at]);
            let brace = &rest[at..=at];
            rest = &rest[at + 1..];
            if let Some(after) = rest.strip_prefix(brace) {
                words.push_str(brace);
                rest = after;
                continue;
            }
            if brace == "}" {
                return Err("a '}' without its '{'".into());
            }
            let Some((name, after)) = rest.split_once('}') else { return Err("a '{' without its '}'".into()) };
            let Some(place) = Place::named(name) else { return Err(format!("{{{name}}} is no placeholder")) };
            if !words.is_empty() {
                pieces.push(Piece::Words(std::mem::take(&mut words)));
            }
            pieces.push(Piece::Place(place));
            rest = after;
        }
        words.push_str(rest);
        if !words.is_empty() {
            pieces.push(Piece::Words(words));
        }
        Ok(Self(pieces))
    }

    pub(crate) fn render(&self, fill: &Fill<'_>, language: Language) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Words(words) => text.push_str(words),
                Piece::Place(Place::Asset) => text.push_str(fill.asset),
                Piece::Place(Place::Source) => text.push_str(fill.source),
                Piece::Place(Place::Value) => push_value(&mut text, fill.value, language),
                Piece::Place(Place::Unit) => text.push_str(fill.unit.unwrap_or_default()),
                Piece::Place(Place::Limit) => match fill.limit {
                    Some(limit) => push_number(&mut text, limit, language),
                    None => text.push('-'),
                },
                Piece::Place(Place::Count) => {
                    // writing to a String cannot fail
                    let _ = write!(text, "{}", fill.count);
                }
                Piece::Place(Place::Since) => {
                    let time = fill.since.to_rfc3339();
                    text.push_str(time.get(..10).unwrap_or_default());
                    text.push(' ');
                    text.push_str(time.get(11..19).unwrap_or_default());
                    text.push_str(" UTC");
                }
            }
        }
        // a place that stayed empty at the end ("{value} {unit}") leaves no blank behind
        text.trim_end().to_owned()
    }
}

fn push_value(text: &mut String, value: &Value, language: Language) {
    match (value, language) {
        (Value::Number(number), _) => push_number(text, *number, language),
        (Value::Integer(number), _) => {
            let _ = write!(text, "{number}");
        }
        (Value::Flag(true), Language::Italian) => text.push_str("sì"),
        (Value::Flag(true), Language::English) => text.push_str("yes"),
        (Value::Flag(false), _) => text.push_str("no"),
        (Value::Text(words), _) => text.push_str(words),
        (Value::Gap, _) => text.push('-'),
    }
}

/// As many decimals as a control room reads: two from 1 up, four below; the comma in Italian.
fn push_number(text: &mut String, number: f64, language: Language) {
    let decimals = if number.abs() >= 1.0 || number == 0.0 { 2 } else { 4 };
    let mut digits = format!("{number:.decimals$}");
    if digits.contains('.') {
        digits.truncate(digits.trim_end_matches('0').trim_end_matches('.').len());
    }
    if digits == "-0" {
        digits.remove(0);
    }
    text.push_str(&if language == Language::Italian { digits.replace('.', ",") } else { digits });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, italian: &str, english: &str) {
        let fill = Fill {
            asset: "Lampione 7",
            source: "Circuito 3",
            value: &Value::Number(179.504),
            unit: Some("V"),
            limit: Some(0.0125),
            count: 4,
            since: Timestamp::parse("2026-11-22T07:00:01Z").unwrap(),
        };
        let template = Template::parse(text).unwrap();
        assert_eq!(template.render(&fill, Language::Italian), italian);
        assert_eq!(template.render(&fill, Language::English), english);
    }

    #[test]
    fn numbers_are_written_as_each_language_writes_them() {
        check("{asset}: {value} {unit} < {limit}", "Lampione 7: 179,5 V < 0,0125", "Lampione 7: 179.5 V < 0.0125");
        check("{source} {count}, {{x}}", "Circuito 3 4, {x}", "Circuito 3 4, {x}");
        check("{since}", "2026-11-22 07:00:01 UTC", "2026-11-22 07:00:01 UTC");
    }

    #[test]
    fn a_place_that_does_not_exist_is_refused() {
        for wrong in ["{nome}", "{", "a } b", "{value", "{}"] {
            assert!(Template::parse(wrong).is_err(), "{wrong:?} was accepted");
        }
    }
}
