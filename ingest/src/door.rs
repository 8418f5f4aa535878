//! The door for messages that come by another way than MQTT, with the same promise: whoever hands one in hears of it when it is on disk.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use model::TenantId;
use tokio::sync::oneshot;

use crate::config::{Config, Format, Route};
use crate::gate::WeakGate;
use crate::handle::{Source, SourceKind, SourceStatus};
use crate::lines::{Cut, Part, parts};
use crate::{Ack, Clock, LINES, RawMessage, RefusedLine, Report, topic};

/// Name of the source that counts what comes through the door.
const NAME: &str = "http";

/// Takes messages in by hand. Cheap to clone; holds nothing open.
#[derive(Clone)]
pub struct Door {
    gate: WeakGate,
    clock: Arc<dyn Clock>,
    routes: Arc<[(String, Format)]>,
    max_message: usize,
    sources: Arc<Mutex<BTreeMap<TenantId, Arc<Source>>>>,
}

/// The message is not known to be safe: ingest is about to end. It must be handed in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message is not known to be safe; hand it in again")]
pub struct NotSafe;

impl Door {
    pub(crate) fn new(config: &Config, gate: WeakGate, clock: Arc<dyn Clock>) -> Self {
        let built_in = Route::built_in();
        let routes = config.routes.iter().chain(&built_in).map(|route| (route.topic.clone(), route.format)).collect();
        Self { gate, clock, routes, max_message: config.max_message_bytes, sources: Arc::default() }
    }

    /// Takes a message in and waits until it is safe: on disk, or refused with its dead letter on disk. `topic` decides the format, as it does for
    /// MQTT. A payload of lines that is larger than a message may be becomes several messages of whole lines. When the caller stops waiting,
    /// what was taken in by then is still kept.
    pub async fn take(&self, tenant: &TenantId, topic: &str, payload: Bytes) -> Result<Report, NotSafe> {
        let source = self.source(tenant);
        let cut = self.cut(topic);
        let (received, topic) = (self.clock.now(), Arc::<str>::from(topic));
        let mut owed: VecDeque<(Span, oneshot::Receiver<Report>)> = VecDeque::new();
        let mut pieces = parts(payload, cut, self.max_message).peekable();
        while let Some(Part { payload, first, shift }) = pieces.next() {
            let gate = self.gate.upgrade().ok_or(NotSafe)?;
            let (payload, bytes) = gate.trim(payload);
            let (ack, report) = Ack::reported();
            let raw = RawMessage {
                tenant: tenant.clone(),
                source: Arc::clone(&source.name),
                topic: Arc::clone(&topic),
                payload,
                bytes,
                received,
                retained: false,
            };
            gate.enter(&source, raw, ack).await.map_err(|_| NotSafe)?;
            let cut = !owed.is_empty() || pieces.peek().is_some();
            owed.push_back((Span { first, shift, cut }, report));
        }
        // Nothing holds the queue open while we wait.
        let mut whole = Report::default();
        for (span, report) in owed {
            whole.add(span.place(report.await.map_err(|_| NotSafe)?));
        }
        Ok(whole)
    }

    /// How each tenant's source is doing.
    pub(crate) fn sources(&self) -> Vec<SourceStatus> {
        self.all().iter().map(|source| source.status()).collect()
    }

    /// Each tenant's source.
    pub(crate) fn all(&self) -> Vec<Arc<Source>> {
        self.sources.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    fn source(&self, tenant: &TenantId) -> Arc<Source> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        let source = sources.entry(tenant.clone()).or_insert_with(|| {
            let source = Source::new(NAME, tenant.clone(), SourceKind::Http);
            source.set_connected(true);
            source
        });
        Arc::clone(source)
    }

    /// How a payload on this topic may be cut.
    fn cut(&self, topic: &str) -> Cut {
        match self.routes.iter().find(|(filter, _)| topic::matches(filter, topic)) {
            Some((_, Format::JsonLines)) => Cut::Json,
            Some((_, Format::Csv | Format::CsvComma)) => Cut::Csv,
            _ => Cut::Never,
        }
    }
}

/// Where a piece stands in what was handed in.
struct Span {
    first: u32,
    shift: i64,
    /// Whether it is one of several.
    cut: bool,
}

impl Span {
    /// The report of this piece with lines counted as the sender counts them.
    fn place(&self, mut report: Report) -> Report {
        for line in &mut report.lines {
            line.line = line.line.saturating_add_signed(self.shift);
        }
        // One of several pieces that was refused before its lines were looked at is named by its first line.
        if self.cut && report.lines.is_empty() {
            let first = u64::from(self.first);
            let named = |refused: &crate::Refused| RefusedLine {
                line: first,
                reason: refused.reason,
                detail: refused.detail.clone(),
            };
            report.lines = report.refused.iter().map(named).take(LINES).collect();
        }
        report
    }
}

impl std::fmt::Debug for Door {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Door").field("sources", &self.sources()).finish_non_exhaustive()
    }
}
