//! Rules with places for numbers: written once, used by classes of devices with numbers of their own.
//!
//! A `[[template]]` is a rule in which a value may be `"$name"`. Whoever uses it says what stands there; `[template.values]` says it for who does not.

use std::collections::{BTreeMap, HashSet};

use model::AssetClass;
use serde::Deserialize;
use toml::de::{DeTable, DeValue, ValueDeserializer};
use toml::{Spanned, Table, Value};

use super::error::RuleError;

/// A template that is used for devices of some classes.
#[derive(Debug, Clone, PartialEq)]
pub struct TemplateUse {
    /// The id of the rule that it becomes.
    pub rule: String,
    /// The classes that it is for.
    pub classes: Vec<AssetClass>,
    /// The template.
    pub template: String,
    /// What stands in its places.
    pub values: Table,
    /// The file in which it is used, and the line, for whoever must mend it.
    pub file: String,
    /// The line.
    pub line: usize,
}

/// A template as a file says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shape {
    id: String,
    #[serde(default)]
    values: Table,
    rule: Table,
}

/// A rule with places.
#[derive(Debug)]
pub(super) struct Blueprint {
    pub(super) file: String,
    defaults: Table,
    rule: Table,
}

/// All templates, by their ids.
pub(super) type Blueprints = BTreeMap<String, Blueprint>;

/// Takes the templates out of a file. What is wrong is told by `wrong`: where, which template, what, and what would be right.
pub(super) fn take(
    file: &str,
    table: &mut DeTable<'_>,
    blueprints: &mut Blueprints,
    mut wrong: impl FnMut(usize, String, &str),
) {
    let items = match table.remove("template").map(Spanned::into_inner) {
        None => return,
        Some(DeValue::Array(items)) => items.into_iter().collect::<Vec<_>>(),
        Some(_) => return wrong(0, "template is not a list of tables".into(), "write [[template]] with two brackets"),
    };
    for item in items {
        let at = item.span().start;
        let shape = match Shape::deserialize(ValueDeserializer::from(item)) {
            Ok(shape) => shape,
            Err(error) => {
                let at = error.span().map_or(at, |span| span.start);
                wrong(at, format!("template: {}", error.message()), "a template has id, rule and, if it likes, values");
                continue;
            }
        };
        if let Some(own) = ["id", "class"].into_iter().find(|key| shape.rule.contains_key(*key)) {
            let what = format!("template {}: rule.{own} is said by who uses it", shape.id);
            wrong(at, what, "leave it out");
            continue;
        }
        if let Some(first) = blueprints.get(&shape.id) {
            let what = format!("template {}: this id is already taken in {}", shape.id, first.file);
            wrong(at, what, "give it another id");
            continue;
        }
        let blueprint = Blueprint { file: file.to_owned(), defaults: shape.values, rule: shape.rule };
        blueprints.insert(shape.id, blueprint);
    }
}

/// The rule that a use of a template says, as the text of a rule file.
pub(super) fn write(used: &TemplateUse, blueprints: &Blueprints) -> Result<String, RuleError> {
    let wrong = |message: String, hint: String| RuleError {
        file: used.file.clone(),
        line: used.line,
        rule: Some(used.rule.clone()),
        message,
        hint,
    };
    let Some(blueprint) = blueprints.get(&used.template) else {
        let known: Vec<&str> = blueprints.keys().map(String::as_str).collect();
        return Err(wrong(
            format!("there is no template {:?}", used.template),
            format!("there are {}", known.join(", ")),
        ));
    };
    let mut filled = HashSet::new();
    let mut missing = Vec::new();
    let mut rule = fill(&Value::Table(blueprint.rule.clone()), &mut |name| {
        // What is said for who says nothing may be another place: where it clears, if not at the limit.
        let value = used.values.get(name).or_else(|| match blueprint.defaults.get(name)? {
            Value::String(other) if other.starts_with('$') => used.values.get(&other[1..]),
            value => Some(value),
        });
        filled.insert(name.to_owned());
        if value.is_none() && !missing.iter().any(|known| known == name) {
            missing.push(name.to_owned());
        }
        value.cloned()
    });
    if !missing.is_empty() {
        let hint = format!("write {}", missing.iter().map(|name| format!("{name} = …")).collect::<Vec<_>>().join(", "));
        return Err(wrong(format!("the template {} needs {}", used.template, missing.join(", ")), hint));
    }
    if let Some(name) = used.values.keys().find(|name| !filled.contains(*name)) {
        let mut places: Vec<String> = filled.into_iter().collect();
        places.sort();
        let what = format!("the template {} has no place for {name}", used.template);
        return Err(wrong(what, format!("it has {}", places.join(", "))));
    }
    if let Value::Table(rule) = &mut rule {
        rule.insert("id".into(), Value::String(used.rule.clone()));
        let classes = used.classes.iter().map(|class| Value::String(class.to_string())).collect();
        rule.insert("class".into(), Value::Array(classes));
    }
    let file = Table::from_iter([("rule".to_owned(), Value::Array(vec![rule]))]);
    toml::to_string(&file).map_err(|error| wrong(error.to_string(), String::new()))
}

/// A value with everything in its places; a place for which there is nothing stays. `$$` stands for a dollar at the beginning of a text.
fn fill(value: &Value, what: &mut impl FnMut(&str) -> Option<Value>) -> Value {
    match value {
        Value::String(text) => match text.strip_prefix('$') {
            Some(rest) if rest.starts_with('$') => Value::String(rest.to_owned()),
            Some(name) => what(name).unwrap_or_else(|| value.clone()),
            None => value.clone(),
        },
        Value::Array(items) => Value::Array(items.iter().map(|item| fill(item, what)).collect()),
        Value::Table(table) => {
            Value::Table(table.iter().map(|(key, value)| (key.clone(), fill(value, what))).collect())
        }
        other => other.clone(),
    }
}
