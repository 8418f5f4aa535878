//! What `specola check` can be asked.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use model::TenantId;

use super::configuration::Configured;

#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// What to look at; all of the configuration when nothing is said
    #[command(subcommand)]
    pub(crate) what: Option<CheckWhat>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CheckWhat {
    /// Prints what a payload would become: device, metric, value, unit, time, quality, and what would be refused
    Mapping(CheckMapping),
}

#[derive(Debug, Args)]
pub(crate) struct CheckMapping {
    /// The file that holds the payload; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) payload: PathBuf,
    /// The topic on which it would come
    #[arg(long, value_name = "TOPIC")]
    pub(crate) topic: String,
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// Whose message; may be left out while there is one tenant
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<TenantId>,
}
