//! What happens to a publish of a client: it goes to the decoders, and its sender waits until it is safe.

use std::sync::Arc;

use bytes::Bytes;

use super::credentials::Credentials;
use crate::gate::WeakGate;
use crate::handle::Source;
use crate::{Ack, Clock, RawMessage};

/// The counter at which an engine delivers what clients publish.
pub(super) struct Reception {
    pub(super) source: Arc<Source>,
    pub(super) credentials: Credentials,
    pub(super) gate: WeakGate,
    pub(super) clock: Arc<dyn Clock>,
}

/// One publish of one client.
pub(super) struct Published {
    pub(super) topic: String,
    pub(super) payload: Bytes,
    /// Whether the client waits for an answer (QoS 1 and 2).
    pub(super) answered: bool,
    /// Whether the message is to be kept for later subscribers; an empty one makes the broker forget.
    pub(super) retain: bool,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is safe, or nobody waits for an answer.
    Safe,
    /// It is not safe: no answer, the client must send it again.
    Unsafe,
}

impl Reception {
    /// Takes one publish. Waits while there is no room, and until the message is safe.
    pub(super) async fn take(&self, published: Published) -> Fate {
        let Published { topic, payload, answered, retain } = published;
        if topic.starts_with('$') || (retain && payload.is_empty()) {
            self.source.count_received(payload.len());
            self.source.metrics.ignored.increment(1);
            return Fate::Safe;
        }
        let Some(gate) = self.gate.upgrade() else { return Fate::Unsafe };
        let (payload, bytes) = gate.trim(payload);
        let raw = RawMessage {
            tenant: self.source.tenant.clone(),
            source: Arc::clone(&self.source.name),
            topic,
            payload,
            bytes,
            received: self.clock.now(),
            retained: false,
        };
        if !answered {
            return match gate.enter(&self.source, raw, Ack::none()).await {
                Ok(()) => Fate::Safe,
                Err(_) => Fate::Unsafe,
            };
        }
        let (ack, safe) = Ack::watched();
        if gate.enter(&self.source, raw, ack).await.is_err() {
            return Fate::Unsafe;
        }
        // The queue must be able to close while we wait.
        drop(gate);
        if safe.await.is_ok() { Fate::Safe } else { Fate::Unsafe }
    }
}
