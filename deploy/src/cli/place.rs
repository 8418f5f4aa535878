//! Where things are kept and whose they are, for every command that looks into the folder.

use std::path::PathBuf;

use clap::Args;
use model::TenantId;

use super::configuration::Configured;
use crate::config::{self, Config};

#[derive(Debug, Args)]
pub(crate) struct Place {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// Folder in which the city is kept; by default the one of the configuration
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
    /// Whose city; may be left out while there is one tenant
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<TenantId>,
}

impl Place {
    /// The configuration, with the folder that is asked for.
    pub(crate) fn config(&self) -> anyhow::Result<Config> {
        let mut config = config::load(self.configured.config.as_deref())?;
        if let Some(folder) = &self.data {
            config.store.folder.clone_from(folder);
        }
        Ok(config)
    }
}
