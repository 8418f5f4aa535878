//! `specola check`: is the configuration right, and are the rules? Starts nothing and changes nothing.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;

use crate::assets;
use crate::cli::Configured;
use crate::config::{self, Config};
use crate::pipeline::{RuleFolder, shipped};

pub(crate) fn run(check: Configured) -> anyhow::Result<ExitCode> {
    let config = config::load(check.config.as_deref())?;
    config.validate()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "configuration: right")?;
    let wrong = rules(&config, &mut out)? + city(&config, check.config.as_deref(), &mut out)?;
    if wrong > 0 {
        writeln!(out, "{wrong} to put right")?;
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

fn rules(config: &Config, out: &mut impl Write) -> anyhow::Result<usize> {
    let folder = config.rules_folder();
    // A folder that does not exist yet will be filled with the shipped rules by the first start.
    let (book, errors) =
        if folder.is_dir() { RuleFolder::open(folder.clone())?.read()? } else { rules::RuleBook::parse(shipped()) };
    for error in &errors {
        writeln!(out, "{}: {error}", folder.display())?;
    }
    writeln!(out, "rules: {} in force from {}", book.in_force().count(), folder.display())?;
    Ok(errors.len())
}

fn city(config: &Config, file: Option<&Path>, out: &mut impl Write) -> anyhow::Result<usize> {
    let mut wrong = 0;
    for tenant in &config.tenants {
        for path in &tenant.assets {
            let read = assets::read(path, &tenant.id).with_context(|| match file {
                Some(file) => format!("named in {}", file.display()),
                None => "named in the configuration".to_owned(),
            });
            match read {
                Ok(assets) => writeln!(out, "assets: {} of {} in {}", assets.len(), tenant.id, path.display())?,
                Err(error) => {
                    writeln!(out, "{error:#}")?;
                    wrong += 1;
                }
            }
        }
    }
    Ok(wrong)
}
