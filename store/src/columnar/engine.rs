//! The engine as a whole: one writer, any number of readers.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use async_trait::async_trait;
use model::{DeviceId, MetricName, Reading, ReadingBatch, SeriesSelection, TenantId, Window};
use tokio::sync::{mpsc, oneshot};

use super::archive::Archive;
use super::commit::{Command, Writer};
use super::desk::{Desk, aside};
use super::disk::{Disk, RealDisk};
use super::flush::{Flush, Parts};
use super::leaving::Leaving;
use super::log::Log;
use super::recover::{Access, Layout, recover};
use super::shelf::Shelf;
use crate::{
    Answer, Bucket, Config, Error, Gauges, Lost, QueryLimits, Receipt, Result, Telemetry, TimesStream, metrics,
};

/// The embedded engine of readings: a log, memory, and parts.
#[derive(Debug)]
pub(crate) struct Columnar {
    desk: Desk,
    parts: Parts,
    log_bytes: Arc<AtomicU64>,
    commands: Mutex<Option<mpsc::Sender<Command>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl Columnar {
    /// Opens the folder of `config`, which nobody else may have open for writing.
    pub(crate) async fn open(config: &Config) -> Result<Self> {
        Self::open_on(config, Arc::new(RealDisk), None).await
    }

    /// Opens the folder of `config`, from which parts leave for an archive.
    pub(crate) async fn open_before(config: &Config, archive: Arc<dyn Archive>) -> Result<Self> {
        Self::open_on(config, Arc::new(RealDisk), Some(archive)).await
    }

    pub(super) async fn open_on(
        config: &Config,
        disk: Arc<dyn Disk>,
        archive: Option<Arc<dyn Archive>>,
    ) -> Result<Self> {
        let config = config.clone();
        aside(move || Self::open_blocking(config, disk, archive)).await
    }

    /// The way out of the folder.
    pub(crate) fn leaving(&self) -> Leaving {
        Leaving::new(Arc::clone(&self.desk.shelf), self.parts.clone())
    }

    fn open_blocking(mut config: Config, disk: Arc<dyn Disk>, archive: Option<Arc<dyn Archive>>) -> Result<Self> {
        config.flush_readings = config.flush_readings.max(1);
        let layout = Layout { root: config.folder.clone() };
        let create = |folder: &Path| {
            disk.create_folder(folder)
                .map_err(|error| Error::unreachable(format!("creating {}", folder.display()), error))
        };
        create(&layout.log())?;
        create(&layout.parts())?;
        let recovered = recover(&layout, Access::Owner(&*disk))?;
        let log = Log::new(Arc::clone(&disk), layout.log(), recovered.log, recovered.next_segment);
        let shelf = Shelf::new(layout, Some(Arc::clone(&disk)), recovered.tables, recovered.board, recovered.lost);
        let shelf = Arc::new(shelf.before(archive));
        let flush = Flush::new(disk, Arc::clone(&shelf), &recovered.manifest);
        let parts = flush.parts();
        let desk = Desk::new(Arc::clone(&shelf), config.query_memory_mib)?;
        let (commands, waiting) = mpsc::channel(config.commit_queue.max(1));
        let log_bytes = Arc::new(AtomicU64::new(0));
        let writer = Writer::new(config, shelf, log, Arc::clone(&log_bytes), waiting, flush);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .map_err(|error| Error::unreachable("starting the writer", error))?;
        let writer = thread::Builder::new()
            .name("specola-writer".into())
            .spawn(move || runtime.block_on(writer.run()))
            .map_err(|error| Error::unreachable("starting the writer", error))?;
        Ok(Self { desk, parts, log_bytes, commands: Mutex::new(Some(commands)), writer: Mutex::new(Some(writer)) })
    }

    fn commands(&self) -> Result<mpsc::Sender<Command>> {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).clone().ok_or(Error::Closing)
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<Result<T>>) -> Command) -> Result<T> {
        let (answer, answered) = oneshot::channel();
        self.commands()?.send(command(answer)).await.map_err(|_| Error::Closing)?;
        answered.await.map_err(|_| Error::Closing)?
    }
}

impl Drop for Columnar {
    /// Waits for what is under way, so that the folder can be opened again at once.
    fn drop(&mut self) {
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).take();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if writer.is_some_and(|writer| writer.join().is_err()) {
            tracing::error!("the writer had failed");
        }
    }
}

#[async_trait]
impl Telemetry for Columnar {
    async fn append(&self, batch: ReadingBatch) -> Result<Receipt> {
        self.ask(|answer| Command::Append { batch, answer }).await
    }

    fn newest(&self, tenant: &TenantId) -> Vec<Reading> {
        self.desk.newest(tenant)
    }

    fn newest_of(&self, tenant: &TenantId, device: &DeviceId) -> Vec<Reading> {
        self.desk.newest_of(tenant, device)
    }

    async fn history(&self, selection: &SeriesSelection, buckets: usize) -> Result<Vec<Bucket>> {
        self.desk.history(selection, buckets).await
    }

    async fn readings(&self, selection: &SeriesSelection, limit: usize) -> Result<Vec<Reading>> {
        self.desk.readings(selection, limit).await
    }

    async fn times(&self, tenant: &TenantId, window: Window, counter: &MetricName) -> Result<TimesStream> {
        self.desk.times(tenant, window, counter).await
    }

    async fn query(&self, tenant: &TenantId, sql: &str, limits: QueryLimits) -> Result<Answer> {
        self.desk.query(tenant, sql, limits).await
    }

    async fn flush(&self) -> Result<()> {
        self.ask(|answer| Command::Flush { answer }).await
    }

    async fn close(&self) -> Result<()> {
        match self.ask(|answer| Command::Close { answer }).await {
            // Closed before: that is what was asked for.
            Err(Error::Closing) => {}
            other => other?,
        }
        self.commands.lock().unwrap_or_else(PoisonError::into_inner).take();
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(writer) = writer {
            aside(move || writer.join().map_err(|_| Error::unreachable("closing", "the writer had failed"))).await?;
        }
        Ok(())
    }

    fn gauges(&self) -> Gauges {
        let waiting = self.commands().map_or(0, |commands| commands.max_capacity() - commands.capacity());
        let log_bytes = self.log_bytes.load(Ordering::Relaxed);
        let gauges = Gauges { log_bytes, waiting: waiting as u64, ..self.desk.shelf.gauges() };
        metrics::fill(&gauges);
        gauges
    }

    fn lost(&self) -> Vec<Lost> {
        self.desk.shelf.lost()
    }
}
