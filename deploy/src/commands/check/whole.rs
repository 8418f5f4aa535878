//! `specola check`: is the configuration right, and are its classes, rules and assets?

use std::collections::{BTreeMap, HashSet};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use ingest::class::Classes;
use rules::RuleBook;

use crate::cli::Configured;
use crate::config::{self, Config};
use crate::pipeline::{RuleFolder, book, classes_in, shipped};
use crate::register::{self, Wish, plan};

pub(crate) fn run(configured: &Configured) -> anyhow::Result<ExitCode> {
    let config = config::load(configured.config.as_deref())?;
    config.validate()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "configuration: right")?;
    let (classes, mut wrong) = classes(&config, &mut out)?;
    let (rules, errors) = rules(&config, &classes, &mut out)?;
    wrong += errors + together(&config, &classes, &rules, &mut out)?;
    wrong += city(&config, &classes, configured.config.as_deref(), &mut out)?;
    if wrong > 0 {
        writeln!(out, "{wrong} to put right")?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// The classes of a configuration.
pub(super) fn classes(config: &Config, out: &mut impl Write) -> anyhow::Result<(Classes, usize)> {
    let folder = config.class_folder();
    let (classes, mistakes) = classes_in(&folder)?;
    for mistake in &mistakes {
        writeln!(out, "{}: {mistake}", folder.display())?;
    }
    writeln!(out, "classes: {} in force from {}", classes.len(), folder.display())?;
    Ok((classes, mistakes.len()))
}

fn rules(config: &Config, classes: &Classes, out: &mut impl Write) -> anyhow::Result<(RuleBook, usize)> {
    let folder = config.rules_folder();
    // A folder that does not exist yet will be filled with the shipped rules by the first start.
    let (book, errors) =
        if folder.is_dir() { RuleFolder::open(folder.clone())?.read(classes)? } else { book(shipped(), classes) };
    for error in &errors {
        writeln!(out, "{}: {error}", folder.display())?;
    }
    writeln!(out, "rules: {} in force from {}", book.in_force().count(), folder.display())?;
    Ok((book, errors.len()))
}

/// What classes, rules and welcome say of each other. A class without its rules is only told: a city may judge by rules of its own.
fn together(config: &Config, classes: &Classes, rules: &RuleBook, out: &mut impl Write) -> anyhow::Result<usize> {
    let files: HashSet<&str> = rules.rules().map(|rule| rule.file.as_str()).collect();
    let mut absent: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for class in classes.all() {
        for file in class.rules.iter().filter(|file| !files.contains(file.as_str())) {
            absent.entry(file).or_default().push(class.key.as_str());
        }
    }
    for (file, of) in absent {
        writeln!(out, "note: no rule comes from {file}, which was written for {}", of.join(", "))?;
    }
    let mut wrong = 0;
    for rule in config.ingest.welcome.iter().filter(|rule| classes.get(&rule.class).is_none()) {
        let folder = config.class_folder();
        writeln!(out, "ingest.welcome: no file describes the class {:?}; add it to {}", rule.class, folder.display())?;
        wrong += 1;
    }
    Ok(wrong)
}

fn city(config: &Config, classes: &Classes, file: Option<&Path>, out: &mut impl Write) -> anyhow::Result<usize> {
    let mut wrong = 0;
    for tenant in &config.tenants {
        for path in &tenant.assets {
            let read = register::read_file(path)
                .and_then(|(form, text)| {
                    let planned = form
                        .read(&text)
                        .and_then(|drafts| plan(&[], drafts, &tenant.id, classes, Wish::default(), || ()));
                    planned.map_err(|mistakes| anyhow::anyhow!("{}: {mistakes}", path.display()))
                })
                .with_context(|| match file {
                    Some(file) => format!("named in {}", file.display()),
                    None => "named in the configuration".to_owned(),
                });
            match read {
                Ok(plan) => writeln!(out, "assets: {} of {} in {}", plan.put.len(), tenant.id, path.display())?,
                Err(error) => {
                    writeln!(out, "{error:#}")?;
                    wrong += 1;
                }
            }
        }
    }
    Ok(wrong)
}
