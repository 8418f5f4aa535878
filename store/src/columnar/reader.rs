//! Reads a folder that another process may have open: nothing in it is touched.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use model::{DeviceId, MetricName, Reading, ReadingBatch, SeriesSelection, TenantId, Window};

use super::archive::Archive;
use super::desk::{Desk, aside};
use super::manifest::{Found, Manifest};
use super::recover::{Access, Layout, Recovered, recover};
use super::shelf::Shelf;
use crate::{Answer, Bucket, Config, Error, Gauges, Lost, QueryLimits, Receipt, Result, Telemetry, TimesStream};

/// The owner may write parts and remove old files while we read. So often we begin again; flushes are minutes apart.
const TRIES: usize = 5;

/// A folder as it was at one moment.
#[derive(Debug)]
pub(crate) struct Reader {
    config: Config,
    archive: Option<Arc<dyn Archive>>,
    desk: Mutex<Arc<Desk>>,
}

fn load(config: &Config, archive: Option<Arc<dyn Archive>>) -> Result<Desk> {
    let layout = Layout { root: config.folder.clone() };
    if !layout.parts().is_dir() {
        let none = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(Error::unreachable(format!("there is no store in {}", config.folder.display()), none));
    }
    let generation = || -> Result<Option<u64>> {
        Ok(match Manifest::read(&config.folder)? {
            Found::Whole(manifest) => Some(manifest.generation),
            Found::Nothing | Found::Damaged(_) => None,
        })
    };
    let mut tried = 0;
    let recovered: Recovered = loop {
        tried += 1;
        let before = generation()?;
        let recovered = recover(&layout, Access::Reader);
        // What was read belongs together if the owner has committed nothing meanwhile.
        if generation()? == before || tried == TRIES {
            break recovered?;
        }
    };
    let mut tables = recovered.tables;
    if recovered.manifest.next_part == 0 {
        // Nothing has ever left this folder: all that an archive has came from elsewhere.
        tables.numbered_below(u64::MAX);
    }
    let shelf = Shelf::new(layout, None, tables, recovered.board, recovered.lost);
    Desk::new(Arc::new(shelf.before(archive)), config.query_memory_mib)
}

impl Reader {
    /// Reads the folder of `config`, and the archive behind it if there is one.
    pub(crate) async fn open(config: &Config, archive: Option<Arc<dyn Archive>>) -> Result<Self> {
        let config = config.clone();
        aside(move || {
            let desk = Mutex::new(Arc::new(load(&config, archive.clone())?));
            Ok(Self { config, archive, desk })
        })
        .await
    }

    fn desk(&self) -> Arc<Desk> {
        Arc::clone(&self.desk.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The folder as it is now, if the answer failed because a file has gone meanwhile.
    async fn again<T: Sync>(&self, first: &Result<T>, desk: &Desk) -> Result<Option<Arc<Desk>>> {
        if first.is_ok() || desk.shelf.tables().parts().all(|part| part.path.exists()) {
            return Ok(None);
        }
        let (config, archive) = (self.config.clone(), self.archive.clone());
        let fresh = Arc::new(aside(move || load(&config, archive)).await?);
        *self.desk.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&fresh);
        Ok(Some(fresh))
    }
}

#[async_trait]
impl Telemetry for Reader {
    async fn append(&self, _: ReadingBatch) -> Result<Receipt> {
        Err(Error::ReadOnly)
    }

    fn newest(&self, tenant: &TenantId) -> Vec<Reading> {
        self.desk().newest(tenant)
    }

    fn newest_of(&self, tenant: &TenantId, device: &DeviceId) -> Vec<Reading> {
        self.desk().newest_of(tenant, device)
    }

    async fn history(&self, selection: &SeriesSelection, buckets: usize) -> Result<Vec<Bucket>> {
        let desk = self.desk();
        let first = desk.history(selection, buckets).await;
        match self.again(&first, &desk).await? {
            Some(fresh) => fresh.history(selection, buckets).await,
            None => first,
        }
    }

    async fn readings(&self, selection: &SeriesSelection, limit: usize) -> Result<Vec<Reading>> {
        let desk = self.desk();
        let first = desk.readings(selection, limit).await;
        match self.again(&first, &desk).await? {
            Some(fresh) => fresh.readings(selection, limit).await,
            None => first,
        }
    }

    async fn times(&self, tenant: &TenantId, window: Window, counter: &MetricName) -> Result<TimesStream> {
        let desk = self.desk();
        let first = desk.times(tenant, window, counter).await;
        match self.again(&first, &desk).await? {
            Some(fresh) => fresh.times(tenant, window, counter).await,
            None => first,
        }
    }

    async fn query(&self, tenant: &TenantId, sql: &str, limits: QueryLimits) -> Result<Answer> {
        let desk = self.desk();
        let first = desk.query(tenant, sql, limits).await;
        match self.again(&first, &desk).await? {
            Some(fresh) => fresh.query(tenant, sql, limits).await,
            None => first,
        }
    }

    async fn flush(&self) -> Result<()> {
        Err(Error::ReadOnly)
    }

    async fn close(&self) -> Result<()> {
        Ok(())
    }

    fn gauges(&self) -> Gauges {
        self.desk().shelf.gauges()
    }

    fn lost(&self) -> Vec<Lost> {
        self.desk().shelf.lost()
    }
}
