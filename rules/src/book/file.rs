//! Reads one rule file and finds the line of every mistake.

use std::collections::HashMap;
use std::ops::Range;

use serde::Deserialize;
use toml::Spanned;
use toml::de::{DeTable, DeValue, ValueDeserializer};

use super::blueprint::{self, Blueprints};
use super::digest::Digest;
use super::error::{Complaint, RuleError};
use super::rule::Rule;
use super::spec::RuleSpec;
use crate::condition::Condition;

/// The rules of one file with the lines where they begin. Its templates are added to `blueprints`, what is wrong to `errors`.
pub(super) fn read(
    file: &str,
    text: &str,
    blueprints: &mut Blueprints,
    errors: &mut Vec<RuleError>,
) -> Vec<(usize, Rule)> {
    let report = |at: usize, rule: Option<String>, message: &str, hint: &str| RuleError {
        file: file.to_owned(),
        line: line(text, at),
        rule,
        message: message.trim().replace('\n', ", "),
        hint: hint.to_owned(),
    };
    let mut table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            errors.push(report(at, None, error.message(), "the file is not TOML; none of its rules is in force"));
            return Vec::new();
        }
    };
    let rules = table.remove("rule");
    blueprint::take(file, &mut table, blueprints, |at, what, hint| errors.push(report(at, None, &what, hint)));
    for (key, _) in &table {
        let message = format!("unknown key {:?}", key.get_ref().as_ref());
        errors.push(report(
            key.span().start,
            None,
            &message,
            "a rule file holds only [[rule]] and [[template]] tables",
        ));
    }
    let items = match rules.map(Spanned::into_inner) {
        None => Vec::new(),
        Some(DeValue::Array(items)) => items.into_iter().collect::<Vec<_>>(),
        Some(other) => {
            let hint = "write [[rule]] with two brackets";
            errors.push(report(0, None, &format!("rule is a {}, not a list of tables", other.type_str()), hint));
            return Vec::new();
        }
    };
    let mut read = Vec::new();
    for item in items {
        let span = item.span();
        match item.into_inner() {
            DeValue::Table(rule) => {
                let id = rule.get("id").and_then(|id| id.get_ref().as_str()).map(str::to_owned);
                match read_rule(file, rule, span.clone()) {
                    Ok(rule) => read.push((line(text, span.start), rule)),
                    Err((at, message, hint)) => {
                        errors.push(report(at, id, &message, &hint));
                    }
                }
            }
            other => {
                errors.push(report(span.start, None, &format!("a rule is a table, not a {}", other.type_str()), ""))
            }
        }
    }
    read
}

type Mistake = (usize, String, String);

fn read_rule(file: &str, mut table: DeTable<'_>, span: Range<usize>) -> Result<Rule, Mistake> {
    let mut digest = Digest::new();
    digest.table(&table);
    let mut places = HashMap::new();
    note_places(&table, "", &mut places);
    let placed = |complaint: Complaint| {
        // a key that is missing is reported where its table begins
        let mut key = complaint.key.as_str();
        let at = loop {
            match (places.get(key), key.rsplit_once('.')) {
                (Some(at), _) => break *at,
                (None, Some((parent, _))) => key = parent,
                (None, None) => break span.start,
            }
        };
        (at, format!("{}: {}", complaint.key, complaint.message), complaint.hint)
    };
    let condition = table.remove("condition").ok_or_else(|| {
        let hint = format!("add [rule.condition] with kind = {}", Condition::kinds());
        placed(Complaint::new("condition", "is missing", hint))
    })?;
    let condition_at = places.get("condition").copied().unwrap_or(span.start);
    let condition = read_condition(condition, condition_at, placed)?;
    let value = Spanned::new(span.clone(), DeValue::Table(table));
    let spec = RuleSpec::deserialize(ValueDeserializer::from(value)).map_err(|error| told(&error, span.start))?;
    Rule::compile(spec, condition, digest.finish(), file).map_err(placed)
}

fn read_condition(
    value: Spanned<DeValue<'_>>,
    at: usize,
    placed: impl Fn(Complaint) -> Mistake,
) -> Result<Condition, Mistake> {
    let span = value.span();
    let DeValue::Table(mut table) = value.into_inner() else {
        return Err(placed(Complaint::new("condition", "is not a table", "write [rule.condition]")));
    };
    let kind = table.remove("kind");
    let kind = kind
        .as_ref()
        .and_then(|kind| kind.get_ref().as_str())
        .ok_or_else(|| placed(Complaint::new("condition.kind", "is missing or not a text", Condition::kinds())))?;
    let rest = ValueDeserializer::from(Spanned::new(span, DeValue::Table(table)));
    let condition = Condition::read(kind, rest).ok_or_else(|| {
        placed(Complaint::new("condition.kind", format!("{kind:?} is no kind of condition"), Condition::kinds()))
    })?;
    let condition = condition.map_err(|error| told(&error, at))?;
    condition.validate().map_err(|mut complaint| {
        complaint.key = format!("condition.{}", complaint.key);
        placed(complaint)
    })?;
    Ok(condition)
}

fn told(error: &toml::de::Error, otherwise: usize) -> Mistake {
    let at = error.span().map_or(otherwise, |span| span.start);
    (at, error.message().to_owned(), String::new())
}

fn note_places(table: &DeTable<'_>, path: &str, places: &mut HashMap<String, usize>) {
    for (key, value) in table {
        let path = if path.is_empty() { key.get_ref().to_string() } else { format!("{path}.{}", key.get_ref()) };
        if let DeValue::Table(inner) = value.get_ref() {
            note_places(inner, &path, places);
        }
        places.insert(path, key.span().start);
    }
}

fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
}
