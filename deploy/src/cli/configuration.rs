//! Where the configuration is, and what `specola config` can be asked.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Configured {
    /// The configuration file; without it the defaults hold
    #[arg(long, short, value_name = "FILE", env = "SPECOLA_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowConfig {
    /// Prints every key with its default and what it is for
    #[arg(long)]
    pub(crate) print_default: bool,
    #[command(flatten)]
    pub(crate) configured: Configured,
}
