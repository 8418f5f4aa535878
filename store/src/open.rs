//! Chooses the engine, once, at start.

use std::sync::Arc;

use crate::columnar::{Columnar, Reader};
use crate::config::Engine;
use crate::embedded::Embedded;
use crate::registry::Registry;
use crate::timescale::{Timescale, open_archive};
use crate::{Config, Records, Result, Store, Telemetry};

/// Opens the store in the folder of `config`, which is created if need be, and brings back what was kept.
///
/// Damage does not stop it ([`Telemetry::lost`] tells what was set aside). It fails with [`crate::Error::InUse`] when another process has
/// the folder open, [`crate::Error::Newer`] when a newer version wrote it, and [`crate::Error::Unreachable`] when the disk does not answer.
pub async fn open(config: Config) -> Result<Arc<dyn Store>> {
    Ok(match config.engine {
        Engine::Columnar => Arc::new(Embedded::<Columnar>::open(config).await?),
        Engine::Timescale => Arc::new(Embedded::<Timescale>::open(config).await?),
    })
}

/// Opens only the readings, only for reading, beside the process that may have the folder open. Shows the moment of opening.
pub async fn open_read_only(config: Config) -> Result<Arc<dyn Telemetry>> {
    let archive = match config.engine {
        Engine::Columnar => None,
        Engine::Timescale => Some(open_archive(&config).await?),
    };
    Ok(Arc::new(Reader::open(&config, archive).await?))
}

/// Opens only what is kept by transaction, also beside the process that has the folder open: SQLite lets one of them write at a time.
pub async fn open_records(config: &Config) -> Result<Arc<dyn Records>> {
    Ok(Arc::new(Registry::open(&config.folder, config.dead_letters).await?))
}
