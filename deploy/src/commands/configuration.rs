//! `specola config`: prints the default configuration with its comments, or the one in force without secrets.

use std::io::Write;
use std::process::ExitCode;

use crate::cli::ShowConfig;
use crate::config;

pub(crate) fn run(show: ShowConfig) -> anyhow::Result<ExitCode> {
    let text = if show.print_default {
        config::DEFAULT.to_owned()
    } else {
        // Secrets print as ***.
        toml::to_string_pretty(&config::load(show.configured.config.as_deref())?)?
    };
    std::io::stdout().write_all(text.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
