//! What others may ask a running ingest: who is connected, how much came, how much waits.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use model::{TenantId, Timestamp};
use tokio::sync::Notify;

use crate::books::Books;
use crate::decode::Command;
use crate::gate::WeakGate;
use crate::ledger::{Books as Ledger, GapReport};
use crate::metrics::{self, SourceMetrics};
use crate::{Awaited, Directory, Door};

/// What a source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceKind {
    /// Our own MQTT listener.
    Listener,
    /// A session with a foreign broker.
    Broker,
    /// Messages that come through the door: by HTTP.
    Http,
}

/// How one source is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceStatus {
    /// Its name in the configuration; `listener` for our own, `http` for what comes by HTTP.
    pub name: String,
    /// Whose readings come from it.
    pub tenant: TenantId,
    /// What it is.
    pub kind: SourceKind,
    /// Whether messages can come: connected and subscribed, or listening.
    pub connected: bool,
    /// Clients of our own listener now; 1 or 0 for a broker.
    pub connections: usize,
    /// Messages since the start.
    pub received: u64,
    /// Messages that were refused whole since the start.
    pub refused: u64,
    /// Readings that were handed on since the start.
    pub readings: u64,
    /// Why the connection was lost or refused last.
    pub last_error: Option<String>,
    /// How long it has been as `connected` says; none when it never was otherwise.
    pub unchanged_for: Option<Duration>,
    /// When the last message that may carry readings came.
    pub last_message: Option<Timestamp>,
}

/// The live state of one source: written by it and by the decoders, read by handles.
pub(crate) struct Source {
    pub(crate) name: Arc<str>,
    pub(crate) tenant: TenantId,
    pub(crate) kind: SourceKind,
    pub(crate) metrics: SourceMetrics,
    connected: AtomicBool,
    connections: AtomicUsize,
    received: AtomicU64,
    refused: AtomicU64,
    readings: AtomicU64,
    /// Everything that has come to its end; locked once an arrival, never for a message.
    books: Mutex<Books>,
    last_error: Mutex<Option<String>>,
    /// Since when it is connected, or no longer is.
    changed: Mutex<Option<Instant>>,
    /// When the last message came, in nanoseconds since 1970; [`NEVER`] before the first.
    heard: AtomicI64,
    commands: Mutex<Vec<Command>>,
    /// Rung when there is something to say.
    pub(crate) commanded: Notify,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").field("name", &self.name).field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

/// Commands that may wait for a source; more are dropped and counted. A source that is away for long must not make us remember everything: whoever
/// wants an answer asks again.
const COMMANDS: usize = 1_024;
/// No message came yet.
const NEVER: i64 = i64::MIN;

impl Source {
    pub(crate) fn new(name: &str, tenant: TenantId, kind: SourceKind) -> Arc<Self> {
        let name: Arc<str> = Arc::from(name);
        let metrics = SourceMetrics::new(&tenant, &name);
        Arc::new(Self {
            name,
            tenant,
            kind,
            metrics,
            connected: AtomicBool::new(false),
            connections: AtomicUsize::new(0),
            received: AtomicU64::new(0),
            refused: AtomicU64::new(0),
            readings: AtomicU64::new(0),
            books: Mutex::default(),
            last_error: Mutex::new(None),
            changed: Mutex::new(None),
            heard: AtomicI64::new(NEVER),
            commands: Mutex::new(Vec::new()),
            commanded: Notify::new(),
        })
    }

    /// A message came.
    pub(crate) fn count_received(&self, bytes: usize) {
        self.received.fetch_add(1, Ordering::AcqRel);
        self.metrics.bytes.increment(bytes as u64);
    }

    /// Messages came together.
    pub(crate) fn count_all_received(&self, messages: usize, bytes: usize) {
        self.received.fetch_add(messages as u64, Ordering::AcqRel);
        self.metrics.bytes.increment(bytes as u64);
    }

    /// The last message came then.
    pub(crate) fn heard_at(&self, received: Timestamp) {
        self.heard.store(received.as_nanos(), Ordering::Relaxed);
    }

    /// A message was refused whole.
    pub(crate) fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// A message came that carries no readings by what it is.
    pub(crate) fn ignore(&self, bytes: usize) {
        self.count_received(bytes);
        self.lock_books().messages.ignored += 1;
    }

    /// A message that was taken is given up.
    pub(crate) fn shed(&self) {
        self.lock_books().messages.shed += 1;
    }

    /// Readings were found.
    pub(crate) fn readings_came(&self, readings: u64) {
        self.lock_books().readings.received += readings;
    }

    /// Messages and their readings have come to their end. What came was counted when it came.
    pub(crate) fn settle(&self, ended: &Books) {
        let mut ended = *ended;
        ended.messages.received = 0;
        ended.readings.received = 0;
        self.lock_books().join(&ended);
    }

    /// The books as they are at this moment.
    pub(crate) fn books(&self) -> Books {
        // What ended is looked at first: what came can only have grown since then, so nothing seems to be missing.
        let mut books = *self.lock_books();
        books.messages.received = self.received.load(Ordering::Acquire);
        books.messages.waiting = books.messages.received.saturating_sub(books.messages.settled());
        books.readings.waiting = books.readings.received.saturating_sub(books.readings.settled());
        books
    }

    fn lock_books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Readings were handed on.
    pub(crate) fn count_readings(&self, readings: usize) {
        self.readings.fetch_add(readings as u64, Ordering::Relaxed);
    }

    /// Messages can come, or no longer.
    pub(crate) fn set_connected(&self, connected: bool) {
        let before = self.connected.swap(connected, Ordering::Relaxed);
        let mut changed = self.changed.lock().unwrap_or_else(PoisonError::into_inner);
        if before != connected || changed.is_none() {
            *changed = Some(Instant::now());
        }
        drop(changed);
        self.metrics.connected.set(if connected { 1.0 } else { 0.0 });
        if before && !connected {
            self.metrics.disconnects.increment(1);
        }
        if self.kind == SourceKind::Broker {
            self.connections.store(usize::from(connected), Ordering::Relaxed);
        }
    }

    /// A client of the listener came or went.
    pub(crate) fn count_client(&self, came: bool) {
        let change = |now: usize| Some(if came { now.saturating_add(1) } else { now.saturating_sub(1) });
        // The closure never refuses, so there is no error to look at.
        let _ = self.connections.fetch_update(Ordering::Relaxed, Ordering::Relaxed, change);
    }

    /// Something is to be said to the devices of this source.
    pub(crate) fn command(&self, command: Command) {
        // Whoever sends by HTTP cannot be spoken to.
        if self.kind == SourceKind::Http {
            return self.metrics.commands_dropped.increment(1);
        }
        let mut commands = self.commands.lock().unwrap_or_else(PoisonError::into_inner);
        if commands.len() >= COMMANDS {
            return self.metrics.commands_dropped.increment(1);
        }
        commands.push(command);
        drop(commands);
        self.commanded.notify_one();
    }

    /// What is to be said, in order.
    pub(crate) fn take_commands(&self) -> Vec<Command> {
        std::mem::take(&mut *self.commands.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Remembers why the connection was lost.
    pub(crate) fn set_error(&self, error: String) {
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    pub(crate) fn status(&self) -> SourceStatus {
        SourceStatus {
            name: self.name.to_string(),
            tenant: self.tenant.clone(),
            kind: self.kind,
            connected: self.connected.load(Ordering::Relaxed),
            connections: self.connections.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            readings: self.readings.load(Ordering::Relaxed),
            last_error: self.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            unchanged_for: self.changed.lock().unwrap_or_else(PoisonError::into_inner).map(|changed| changed.elapsed()),
            last_message: match self.heard.load(Ordering::Relaxed) {
                NEVER => None,
                nanos => Some(Timestamp::from_nanos(nanos)),
            },
        }
    }
}

/// A cheap view of a running ingest.
#[derive(Clone)]
pub struct Handle {
    pub(crate) sources: Arc<Vec<Arc<Source>>>,
    pub(crate) gate: WeakGate,
    pub(crate) door: Door,
    pub(crate) listener: Option<SocketAddr>,
    pub(crate) secure: Option<SocketAddr>,
    pub(crate) ledger: Arc<Mutex<Ledger>>,
}

impl Handle {
    /// Every source, in the order of the configuration; then what came by HTTP, for each tenant.
    pub fn sources(&self) -> Vec<SourceStatus> {
        let mut sources: Vec<SourceStatus> = self.sources.iter().map(|source| source.status()).collect();
        sources.extend(self.door.sources());
        sources
    }

    /// The door for messages that come by another way than MQTT.
    pub fn door(&self) -> Door {
        self.door.clone()
    }

    /// Where our own listener can be reached; the real port when the configuration said 0.
    pub fn listener_addr(&self) -> Option<SocketAddr> {
        self.listener
    }

    /// Where our own listener can be reached with TLS.
    pub fn secure_listener_addr(&self) -> Option<SocketAddr> {
        self.secure
    }

    /// The books of every source, in the order of the configuration. Each adds up at every moment.
    pub fn books(&self) -> Vec<(SourceStatus, Books)> {
        self.everybody().map(|source| (source.status(), source.books())).collect()
    }

    /// Brings the counters of every source up to date: they are looked at rarely and written often.
    pub fn publish_books(&self) {
        self.everybody().for_each(|source| source.metrics.publish(&source.books()));
    }

    /// Who of a tenant should have spoken and did not, since the start. `directory` knows who is awaited now.
    pub fn gaps(&self, tenant: &TenantId, now: Timestamp, directory: &dyn Directory) -> GapReport {
        let ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.report(tenant, now, |device| directory.awaited(tenant, device))
    }

    /// Brings the counters of gaps up to date.
    pub fn publish_gaps(&self, now: Timestamp, directory: &dyn Directory) {
        let ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        for (tenant, book) in ledger.all() {
            let awaited = |device: &str| -> Awaited { directory.awaited(tenant, device) };
            metrics::publish_gaps(tenant, &book.tallies(), book.census(now, awaited));
        }
    }

    fn everybody(&self) -> impl Iterator<Item = Arc<Source>> {
        self.sources.iter().cloned().chain(self.door.all())
    }

    /// Messages that wait to be decoded.
    pub fn queue_depth(&self) -> usize {
        self.gate.upgrade().map_or(0, |gate| gate.depth())
    }
}

impl std::fmt::Debug for Handle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Handle").field("sources", &self.sources()).field("listener", &self.listener).finish()
    }
}
