//! The way from a change to the disk: changes are collected, written together and synced once.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use model::Duration;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;

use super::file::StateFile;
use super::note::{Note, Record, TenantState};
use crate::handle::Source;

/// How long a write that failed waits for the next try.
const RETRY: Duration = Duration::from_secs(1);
/// Changes that may wait for the disk before clients are no longer read.
const BACKLOG: usize = 20_000;

#[derive(Default)]
struct Pending {
    records: Vec<Record>,
    /// How many there have been in all.
    mark: u64,
}

struct Shared {
    pending: Mutex<Pending>,
    bell: Notify,
    durable: watch::Sender<u64>,
}

/// Where changes are noted down; of one tenant, and of one of its clients.
#[derive(Clone)]
pub(crate) struct Journal {
    shared: Option<Arc<Shared>>,
    tenant: Arc<str>,
    client: Arc<str>,
}

impl Journal {
    /// A journal that keeps nothing.
    pub(crate) fn off() -> Self {
        Self { shared: None, tenant: "".into(), client: "".into() }
    }

    /// The journal of this tenant.
    pub(crate) fn of_tenant(&self, tenant: &str) -> Self {
        Self { shared: self.shared.clone(), tenant: tenant.into(), client: "".into() }
    }

    /// The journal of this client of the tenant.
    pub(crate) fn of_client(&self, client: &Arc<str>) -> Self {
        Self { shared: self.shared.clone(), tenant: Arc::clone(&self.tenant), client: Arc::clone(client) }
    }

    /// Notes a change. Never waits; [`Journal::mark`] says what must be durable for it to be.
    pub(crate) fn note(&self, note: impl FnOnce() -> Note) {
        let Some(shared) = &self.shared else { return };
        let record = Record { tenant: Arc::clone(&self.tenant), client: Arc::clone(&self.client), note: note() };
        let mut pending = shared.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.records.push(record);
        pending.mark += 1;
        drop(pending);
        shared.bell.notify_one();
    }

    /// How many changes there have been.
    pub(crate) fn mark(&self) -> u64 {
        let Some(shared) = &self.shared else { return 0 };
        shared.pending.lock().unwrap_or_else(PoisonError::into_inner).mark
    }

    /// Whether more waits for the disk than may.
    pub(crate) fn is_behind(&self) -> bool {
        let Some(shared) = &self.shared else { return false };
        shared.pending.lock().unwrap_or_else(PoisonError::into_inner).records.len() > BACKLOG
    }

    /// How many changes are durable, now and later.
    pub(crate) fn durable(&self) -> watch::Receiver<u64> {
        self.shared.as_ref().map_or_else(|| watch::channel(u64::MAX).1, |shared| shared.durable.subscribe())
    }
}

/// Writes the journal.
pub(crate) struct Keeper {
    shared: Arc<Shared>,
    file: StateFile,
}

impl Keeper {
    /// Opens the journal in this folder. Blocks.
    pub(crate) fn open(folder: &Path) -> std::io::Result<Self> {
        let shared = Shared { pending: Mutex::default(), bell: Notify::new(), durable: watch::Sender::new(0) };
        Ok(Self { shared: Arc::new(shared), file: StateFile::open(folder)? })
    }

    /// Where changes are noted down.
    pub(crate) fn journal(&self) -> Journal {
        Journal { shared: Some(Arc::clone(&self.shared)), ..Journal::off() }
    }

    /// What is remembered of this tenant.
    pub(crate) fn state_of(&self, tenant: &str) -> TenantState {
        self.file.state.0.get(tenant).cloned().unwrap_or_default()
    }

    /// Writes until `stop`, and then what is left. A disk that does not take it is asked again; nothing is acknowledged meanwhile.
    pub(crate) async fn run(self, source: Arc<Source>, stop: CancellationToken) {
        let Self { shared, mut file } = self;
        loop {
            let last = tokio::select! {
                biased;
                () = shared.bell.notified() => false,
                () = stop.cancelled() => true,
            };
            let (records, mark) = {
                let mut pending = shared.pending.lock().unwrap_or_else(PoisonError::into_inner);
                (Arc::new(std::mem::take(&mut pending.records)), pending.mark)
            };
            while !records.is_empty() {
                let batch = Arc::clone(&records);
                let written = tokio::task::spawn_blocking(move || {
                    let outcome = file.append(&batch);
                    (file, outcome)
                });
                let Ok((back, outcome)) = written.await else { return };
                file = back;
                let Err(why) = outcome else { break };
                tracing::error!(%why, "the listener's state cannot be written; what changes it is not acknowledged");
                source.set_error(format!("the listener's state cannot be written: {why}"));
                if last {
                    return;
                }
                tokio::time::sleep(RETRY).await;
            }
            shared.durable.send_replace(mark);
            if last {
                return;
            }
        }
    }
}
