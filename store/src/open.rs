//! Chooses the engine, once, at start.

use std::sync::Arc;

use crate::columnar::Reader;
use crate::embedded::Embedded;
use crate::registry::Registry;
use crate::{Config, Records, Result, Store, Telemetry};

/// Opens the store in the folder of `config`, which is created if need be, and brings back what was kept.
///
/// Damage does not stop it ([`Telemetry::lost`] tells what was set aside). It fails with [`crate::Error::InUse`] when another process has
/// the folder open, [`crate::Error::Newer`] when a newer version wrote it, and [`crate::Error::Unreachable`] when the disk does not answer.
pub async fn open(config: Config) -> Result<Arc<dyn Store>> {
    Ok(Arc::new(Embedded::open(config).await?))
}

/// Opens only the readings, only for reading, beside the process that may have the folder open. Shows the moment of opening.
pub async fn open_read_only(config: Config) -> Result<Arc<dyn Telemetry>> {
    Ok(Arc::new(Reader::open(&config).await?))
}

/// Opens only what is kept by transaction, also beside the process that has the folder open: SQLite lets one of them write at a time.
pub async fn open_records(config: &Config) -> Result<Arc<dyn Records>> {
    Ok(Arc::new(Registry::open(&config.folder, config.dead_letters).await?))
}
