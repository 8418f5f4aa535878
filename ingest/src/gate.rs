//! The queue between the sources and the decoders, bounded in messages and in bytes.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use model::DeadLetter;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::config::Config;
use crate::handle::Source;
use crate::{Ack, RawMessage};

/// Bytes that one permit stands for: the number of permits of a semaphore is bounded, and small messages have a cost beyond their payload.
const GRAIN: usize = 512;

/// One message on its way to the decoders.
pub(crate) struct Waiting {
    pub(crate) message: RawMessage,
    pub(crate) source: Arc<Source>,
    pub(crate) ack: Ack,
    /// Given back when the message has been decoded, or the last of those that came with it; when it is refused, when its bytes are kept.
    pub(crate) room: Room,
}

/// The room of messages in the queue. Their bytes wait in memory as long as somebody holds it.
#[derive(Debug)]
pub struct Room {
    _permit: Arc<OwnedSemaphorePermit>,
}

/// Where sources put messages. Cloned for each of them; the decoders end when the last clone is gone.
#[derive(Clone)]
pub(crate) struct Gate {
    queue: mpsc::Sender<Waiting>,
    room: Arc<Semaphore>,
    max_message: usize,
    permits: usize,
}

/// The queue was closed: the decoders are gone.
#[derive(Debug)]
pub(crate) struct Closed;

/// A gate that keeps nobody inside: it does not hold the queue open.
#[derive(Clone)]
pub(crate) struct WeakGate {
    queue: mpsc::WeakSender<Waiting>,
    room: Arc<Semaphore>,
    max_message: usize,
    permits: usize,
}

impl Gate {
    /// A gate and the end from which the decoders take.
    pub(crate) fn new(config: &Config) -> (Self, mpsc::Receiver<Waiting>) {
        let (queue, waiting) = mpsc::channel(config.queue.messages);
        let permits = (config.queue.bytes / GRAIN).clamp(1, Semaphore::MAX_PERMITS);
        let gate =
            Self { queue, room: Arc::new(Semaphore::new(permits)), max_message: config.max_message_bytes, permits };
        (gate, waiting)
    }

    /// Cuts a payload that is too large to its first bytes, so that it takes no room; says how many bytes it had.
    pub(crate) fn trim(&self, payload: Bytes) -> (Bytes, usize) {
        let bytes = payload.len();
        if bytes <= self.max_message {
            return (payload, bytes);
        }
        (Bytes::copy_from_slice(&payload[..DeadLetter::HEAD_BYTES.min(bytes)]), bytes)
    }

    /// Puts a message in, waiting for room: this is where the pressure of a slow disk reaches the sources. It is counted when it is in, so that
    /// a sender who stops waiting leaves no message in the books that never came to an end.
    pub(crate) async fn enter(&self, source: &Arc<Source>, message: RawMessage, ack: Ack) -> Result<(), Closed> {
        let grains = (1 + message.payload.len() / GRAIN).min(self.permits);
        let permits = u32::try_from(grains).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(permits).await.map_err(|_| Closed)?;
        let place = self.queue.reserve().await.map_err(|_| Closed)?;
        source.count_received(message.bytes);
        source.heard_at(message.received);
        place.send(Waiting { message, source: Arc::clone(source), ack, room: Room { _permit: Arc::new(room) } });
        Ok(())
    }

    /// Puts messages in that came together, in their order: one wait and one wake-up for many. Those for which the wait was given up stay in `batch`.
    pub(crate) async fn enter_all(
        &self,
        source: &Arc<Source>,
        batch: &mut VecDeque<(RawMessage, Ack)>,
    ) -> Result<(), Closed> {
        while !batch.is_empty() {
            let count = batch.len().min(self.queue.max_capacity());
            let grains: usize = batch.range(..count).map(|(message, _)| 1 + message.payload.len() / GRAIN).sum();
            let permits = u32::try_from(grains.min(self.permits)).unwrap_or(u32::MAX);
            let room = Arc::clone(&self.room).acquire_many_owned(permits).await.map_err(|_| Closed)?;
            let room = Arc::new(room);
            let places = self.queue.reserve_many(count).await.map_err(|_| Closed)?;
            // Counted before the decoders can see them, so that the books never show more that ended than came.
            source.count_all_received(count, batch.range(..count).map(|(message, _)| message.bytes).sum());
            source.heard_at(batch[count - 1].0.received);
            for (place, (message, ack)) in places.zip(batch.drain(..count)) {
                let room = Room { _permit: Arc::clone(&room) };
                place.send(Waiting { message, source: Arc::clone(source), ack, room });
            }
        }
        Ok(())
    }

    /// How many messages wait now.
    pub(crate) fn depth(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// The same gate for somebody who must not hold the queue open.
    pub(crate) fn downgrade(&self) -> WeakGate {
        let Self { queue, room, max_message, permits } = self;
        WeakGate { queue: queue.downgrade(), room: Arc::clone(room), max_message: *max_message, permits: *permits }
    }
}

impl WeakGate {
    /// The gate, while somebody holds it open.
    pub(crate) fn upgrade(&self) -> Option<Gate> {
        let Self { queue, room, max_message, permits } = self;
        Some(Gate { queue: queue.upgrade()?, room: Arc::clone(room), max_message: *max_message, permits: *permits })
    }
}
