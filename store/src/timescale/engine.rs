//! The engine as a whole: the folder in front, the database behind, and the mover between them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use model::{DeviceId, MetricName, Reading, ReadingBatch, SeriesSelection, TenantId, Window};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;

use super::archive::Behind;
use super::database::Database;
use super::line::{connect, migrate};
use super::mover::{Mover, Order};
use crate::columnar::{Archive, Columnar, Leaving};
use crate::{
    Answer, Bucket, Config, DeadLetters, Error, Gauges, Lost, QueryLimits, Receipt, Result, Telemetry, TimesStream,
};

/// Orders that may wait for the mover: each is a flush that somebody waits for.
const ORDERS: usize = 16;

/// Readings in PostgreSQL, taken in by a folder.
#[derive(Debug)]
pub(crate) struct Timescale {
    leaving: Leaving,
    folder: Columnar,
    orders: Mutex<Option<mpsc::Sender<Order>>>,
    mover: tokio::sync::Mutex<JoinSet<()>>,
    spool: Arc<AtomicU64>,
    most_spool: u64,
}

impl Timescale {
    /// Opens the folder of `config` and calls the database. A database that is away is no error: the folder takes readings in all the same.
    /// What the database refuses is kept as `letters`.
    pub(crate) async fn open(config: &Config, letters: Arc<dyn DeadLetters>) -> Result<Self> {
        let settings = &config.timescale;
        let database = Database::new(settings)?;
        let behind: Arc<dyn Archive> = Arc::new(Behind::new(Arc::clone(&database)));
        let folder = Config { flush_seconds: settings.move_seconds.max(1), ..config.clone() };
        let folder = Columnar::open_before(&folder, behind).await?;
        let leaving = folder.leaving();
        // A folder that is new, or has lost its manifest, does not know which numbers its parts have had; a clock does.
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |now| now.as_millis() as u64);
        leaving.begin_at(now);
        let (orders, waiting) = mpsc::channel(ORDERS);
        let spool = Arc::new(AtomicU64::new(leaving.waiting().1));
        let mover = Mover {
            database: Arc::clone(&database),
            leaving: leaving.clone(),
            letters,
            orders: waiting,
            spool: Arc::clone(&spool),
            line: None,
            told: None,
        };
        let (begun, began) = oneshot::channel();
        let mut tasks = JoinSet::new();
        tasks.spawn_on(mover.run(begun), &database.handle()?);
        began.await.map_err(|_| Error::unreachable("starting the mover", "it had failed"))?;
        let most_spool = settings.spool_max_gib.min(1 << 30) << 30;
        let (orders, mover) = (Mutex::new(Some(orders)), tokio::sync::Mutex::new(tasks));
        Ok(Self { leaving, folder, orders, mover, spool, most_spool })
    }

    fn orders(&self) -> Result<mpsc::Sender<Order>> {
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(Error::Closing)
    }
}

/// The database of `config` behind a folder that is read only.
pub(crate) async fn open_archive(config: &Config) -> Result<Arc<dyn Archive>> {
    const DOING: &str = "calling the database";
    let database = Database::new(&config.timescale)?;
    let called = Arc::clone(&database);
    let mut tasks = JoinSet::new();
    tasks.spawn_on(
        async move {
            let mut connection = connect(&called.options).await?;
            migrate(&mut connection).await?;
            called.names.load(&mut connection).await
        },
        &database.handle()?,
    );
    match tasks.join_next().await {
        Some(Ok(done)) => done.map_err(|error| Error::unreachable(DOING, error))?,
        Some(Err(failed)) => return Err(Error::unreachable(DOING, failed)),
        None => return Err(Error::Closing),
    }
    database.set_ready();
    Ok(Arc::new(Behind::new(database)))
}

impl Drop for Timescale {
    /// The mover may be in the middle of something; the folder is nobody's after this.
    fn drop(&mut self) {
        self.leaving.close();
    }
}

#[async_trait]
impl Telemetry for Timescale {
    async fn append(&self, batch: ReadingBatch) -> Result<Receipt> {
        let waiting = self.spool.load(Ordering::Relaxed);
        if waiting > self.most_spool {
            let why = format!("{waiting} bytes wait for the database (store.timescale.spool_max_gib)");
            return Err(Error::unreachable("the folder is full", why));
        }
        self.folder.append(batch).await
    }

    fn newest(&self, tenant: &TenantId) -> Vec<Reading> {
        self.folder.newest(tenant)
    }

    fn newest_of(&self, tenant: &TenantId, device: &DeviceId) -> Vec<Reading> {
        self.folder.newest_of(tenant, device)
    }

    async fn history(&self, selection: &SeriesSelection, buckets: usize) -> Result<Vec<Bucket>> {
        self.folder.history(selection, buckets).await
    }

    async fn readings(&self, selection: &SeriesSelection, limit: usize) -> Result<Vec<Reading>> {
        self.folder.readings(selection, limit).await
    }

    async fn times(&self, tenant: &TenantId, window: Window, counter: &MetricName) -> Result<TimesStream> {
        self.folder.times(tenant, window, counter).await
    }

    async fn query(&self, tenant: &TenantId, sql: &str, limits: QueryLimits) -> Result<Answer> {
        self.folder.query(tenant, sql, limits).await
    }

    /// Returns when everything that was kept before is in the database.
    async fn flush(&self) -> Result<()> {
        self.folder.flush().await?;
        let (answer, answered) = oneshot::channel();
        self.orders()?.send(answer).await.map_err(|_| Error::Closing)?;
        answered.await.map_err(|_| Error::Closing)?
    }

    async fn close(&self) -> Result<()> {
        self.folder.close().await?;
        self.orders.lock().unwrap_or_else(PoisonError::into_inner).take();
        // What it is carrying either gets there or stays in the folder.
        let mut mover = self.mover.lock().await;
        while let Some(ended) = mover.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "the mover had failed");
            }
        }
        Ok(())
    }

    fn gauges(&self) -> Gauges {
        self.folder.gauges()
    }

    fn lost(&self) -> Vec<Lost> {
        self.folder.lost()
    }
}
