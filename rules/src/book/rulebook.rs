//! All rules that are in force, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{AssetClass, RuleId};

use super::blueprint::{self, Blueprints, TemplateUse};
use super::digest::Digest;
use super::error::RuleError;
use super::file;
use super::rule::Rule;

/// All rules, in the order of their names. Cheap to share, never changed: an edit makes a new book.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RuleBook {
    rules: BTreeMap<RuleId, Arc<Rule>>,
}

impl RuleBook {
    /// Reads rule texts. A mistake costs its rule, a text that is no TOML costs its file, and nothing else; each is reported.
    /// Files are taken in the order of their names, so that of two rules with one id the same one is always refused.
    pub fn parse(files: impl IntoIterator<Item = (String, String)>) -> (Self, Vec<RuleError>) {
        Self::parse_with(files, &[])
    }

    /// Reads rule texts, and makes a rule of each use of one of their templates.
    pub fn parse_with(
        files: impl IntoIterator<Item = (String, String)>,
        uses: &[TemplateUse],
    ) -> (Self, Vec<RuleError>) {
        let files: BTreeMap<String, String> = files.into_iter().collect();
        let mut book = Self::default();
        let mut errors = Vec::new();
        let mut blueprints = Blueprints::new();
        for (name, text) in &files {
            for (line, rule) in file::read(name, text, &mut blueprints, &mut errors) {
                if let Some(first) = book.rules.get(&rule.id) {
                    errors.push(RuleError {
                        file: name.clone(),
                        line,
                        rule: Some(rule.id.as_str().to_owned()),
                        message: format!("this id is already taken in {}", first.file),
                        hint: "give it another id".into(),
                    });
                } else {
                    book.rules.insert(rule.id.clone(), Arc::new(rule));
                }
            }
        }
        for used in uses {
            match blueprint::write(used, &blueprints) {
                Ok(text) => book.take_in(used, &text, &mut errors),
                Err(error) => errors.push(error),
            }
        }
        (book, errors)
    }

    /// Takes in the rule that a use of a template says.
    fn take_in(&mut self, used: &TemplateUse, text: &str, errors: &mut Vec<RuleError>) {
        let told = errors.len();
        let rules = file::read(&used.file, text, &mut Blueprints::new(), errors);
        // The lines of a text that nobody sees help nobody.
        for error in &mut errors[told..] {
            error.line = used.line;
            error.hint = format!("{}; it comes from the template {}", error.hint, used.template);
        }
        for (_, rule) in rules {
            if let Some(first) = self.rules.get(&rule.id) {
                errors.push(RuleError {
                    file: used.file.clone(),
                    line: used.line,
                    rule: Some(rule.id.as_str().to_owned()),
                    message: format!("this id is already taken in {}", first.file),
                    hint: "say another id beside the template".into(),
                });
            } else {
                self.rules.insert(rule.id.clone(), Arc::new(rule.of_template()));
            }
        }
    }

    /// This book, where every rule that `errors` struck out stays as `previous` had it: a slip of the pen in a running service
    /// must not close the alarms of that rule.
    #[must_use]
    pub fn keeping_last_good(mut self, previous: &Self, errors: &[RuleError]) -> Self {
        for error in errors {
            for rule in previous.rules.values().filter(|rule| rule.file == error.file) {
                let struck_out = error.rule.as_ref().is_none_or(|id| id == rule.id.as_str());
                if struck_out && !self.rules.contains_key(&rule.id) {
                    self.rules.insert(rule.id.clone(), Arc::clone(rule));
                }
            }
        }
        self
    }

    /// This book, where a rule for a class covers every kind of that class too: `kinds` tells them.
    #[must_use]
    pub fn with_kinds(mut self, kinds: &dyn Fn(&AssetClass) -> Vec<AssetClass>) -> Self {
        for rule in self.rules.values_mut() {
            if let Some(widened) = rule.widened(kinds) {
                *rule = Arc::new(widened);
            }
        }
        self
    }

    /// A digest of all rules: two books that say the same have the same version.
    pub fn version(&self) -> u64 {
        let mut digest = Digest::new();
        for rule in self.rules.values() {
            digest.text(rule.id.as_str());
            digest.text(&rule.version.to_string());
        }
        digest.finish()
    }

    /// The rule with this name, in force or not.
    pub fn get(&self, id: &RuleId) -> Option<&Arc<Rule>> {
        self.rules.get(id)
    }

    /// Every rule, in force or not, in the order of their names.
    pub fn rules(&self) -> impl Iterator<Item = &Arc<Rule>> {
        self.rules.values()
    }

    /// Every rule in force, in the order of their names.
    pub fn in_force(&self) -> impl Iterator<Item = &Arc<Rule>> {
        self.rules.values().filter(|rule| rule.enabled)
    }
}
