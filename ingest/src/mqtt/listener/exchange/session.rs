//! What is remembered of one client: its subscriptions, what waits for it, what it has not answered yet.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::tree::Options;
use super::{Bounds, Message};
use crate::mqtt::listener::codec::{Qos, Reason};
use crate::mqtt::listener::state::{Journal, Note};

/// One message for one client.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub(super) message: Arc<Message>,
    pub(super) qos: Qos,
    pub(super) retain: bool,
    pub(super) ids: Vec<u32>,
    /// Counts the deliveries of a session, for the journal.
    pub(super) number: u64,
}

/// A delivery that the client has not answered to the end.
#[derive(Debug)]
pub(super) struct Flying {
    pub(super) packet: u16,
    pub(super) delivery: Delivery,
    /// The client has it (PUBREC came), and is to be told that we know.
    pub(super) released: bool,
    /// Whether it was sent on the present connection.
    pub(super) sent: bool,
}

/// Kept messages that a new subscription is still to get. A place in the order of topics instead of a list, so that it takes no memory.
#[derive(Debug)]
pub(super) struct Replay {
    pub(super) filter: Box<str>,
    pub(super) options: Options,
    pub(super) last: Option<Arc<str>>,
}

/// Tells a connection to end, and why.
#[derive(Debug, Clone)]
pub(crate) struct Kick {
    token: CancellationToken,
    reason: Arc<AtomicU8>,
    gone: CancellationToken,
}

/// What is to be said to a connection that is told to end.
const ENDINGS: [Reason; 3] = [Reason::TakenOver, Reason::Quota, Reason::ShuttingDown];

impl Kick {
    /// For a connection that also ends with `stop`.
    pub(crate) fn new(stop: &CancellationToken) -> Self {
        let reason = Arc::new(AtomicU8::new(Reason::ShuttingDown.code()));
        Self { token: stop.child_token(), reason, gone: CancellationToken::new() }
    }

    fn kick(&self, reason: Reason) {
        if !self.token.is_cancelled() {
            self.reason.store(reason.code(), Ordering::Release);
            self.token.cancel();
        }
    }

    /// Waits until the connection is to end.
    pub(crate) async fn kicked(&self) {
        self.token.cancelled().await;
    }

    /// Why it is to end.
    pub(crate) fn reason(&self) -> Reason {
        let code = self.reason.load(Ordering::Acquire);
        ENDINGS.into_iter().find(|reason| reason.code() == code).unwrap_or(Reason::ShuttingDown)
    }
}

#[derive(Default)]
pub(super) struct Inner {
    pub(super) link: Option<Kick>,
    /// Seconds that it is kept after the connection ended.
    expiry: u32,
    left: Option<Instant>,
    pub(super) subscriptions: HashMap<Box<str>, Options>,
    pub(super) waiting: VecDeque<Delivery>,
    pub(super) waiting_bytes: usize,
    pub(super) flying: VecDeque<Flying>,
    pub(super) replays: VecDeque<Replay>,
    pub(super) last_packet: u16,
    last_number: u64,
    /// Messages of QoS 2 that came and were not released yet.
    received: HashSet<u16>,
    /// Whether the last message found no room: told once, not for each of them.
    full: bool,
    over: bool,
}

/// One client of one tenant, connected or not.
pub(crate) struct Session {
    client: Arc<str>,
    /// The user it belongs to: nobody else may have it.
    owner: Arc<str>,
    pub(super) bounds: Arc<Bounds>,
    pub(super) journal: Journal,
    connected: AtomicBool,
    /// Rung when there may be something to send.
    bell: Notify,
    inner: Mutex<Inner>,
}

/// What became of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Taken,
    /// There was no room.
    Dropped,
    /// Nobody is there and the message is not one that waits.
    Missed,
}

impl Session {
    pub(super) fn new(client: Arc<str>, owner: Arc<str>, bounds: Arc<Bounds>, journal: Journal) -> Self {
        Self {
            client,
            owner,
            bounds,
            journal,
            connected: AtomicBool::new(false),
            bell: Notify::new(),
            inner: Mutex::new(Inner::default()),
        }
    }

    /// A session for tests of what is around it.
    #[cfg(test)]
    pub(super) fn quiet(client: &str) -> Arc<Self> {
        Arc::new(Self::new(client.into(), "".into(), Arc::new(Bounds::default()), Journal::off()))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its client identifier.
    pub(crate) fn client(&self) -> &Arc<str> {
        &self.client
    }

    /// There may be something to send.
    pub(crate) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Whether it belongs to this user.
    pub(super) fn belongs_to(&self, owner: &str) -> bool {
        *self.owner == *owner
    }

    /// Whether its client is connected.
    pub(super) fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    /// Waits until there may be something to send.
    pub(crate) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Tells the connection to end, if there is one; what is returned ends when it is gone.
    pub(super) fn kick(&self, reason: Reason) -> Option<CancellationToken> {
        let inner = self.lock();
        let link = inner.link.as_ref()?;
        link.kick(reason);
        Some(link.gone.clone())
    }

    /// Ties the session to a connection. False when another one was quicker, or the session has ended.
    pub(super) fn attach(&self, kick: &Kick, expiry: u32) -> bool {
        let mut inner = self.lock();
        if inner.link.is_some() || inner.over {
            return false;
        }
        inner.link = Some(kick.clone());
        inner.left = None;
        self.note_expiry(&mut inner, expiry);
        inner.flying.iter_mut().for_each(|flying| flying.sent = false);
        self.connected.store(true, Ordering::Relaxed);
        self.bell.notify_one();
        true
    }

    fn note_expiry(&self, inner: &mut Inner, expiry: u32) {
        if (inner.expiry > 0) != (expiry > 0) {
            self.journal.note(|| if expiry > 0 { self.known(inner, expiry) } else { Note::Ended });
        } else if inner.expiry != expiry {
            self.journal.note(|| Note::Expiry { seconds: expiry });
        }
        inner.expiry = expiry;
    }

    fn known(&self, inner: &Inner, seconds: u32) -> Note {
        let subscriptions = inner.subscriptions.iter().map(|(filter, options)| (filter.clone(), *options)).collect();
        Note::Known { owner: Arc::clone(&self.owner), seconds, subscriptions }
    }

    /// Frees the session of its connection. True when it is to end now.
    pub(crate) fn detach(&self, expiry: Option<u32>) -> bool {
        let mut inner = self.lock();
        // A client that gave up its session when it connected cannot ask for one when it leaves.
        if let Some(expiry) = expiry.filter(|_| inner.expiry > 0) {
            let expiry = expiry.min(self.bounds.session_seconds);
            self.note_expiry(&mut inner, expiry);
        }
        self.connected.store(false, Ordering::Relaxed);
        inner.left = Some(Instant::now());
        inner.waiting.retain(|delivery| delivery.qos != Qos::Most);
        inner.waiting_bytes = inner.waiting.iter().map(|delivery| delivery.message.weight()).sum();
        if let Some(link) = inner.link.take() {
            link.gone.cancel();
        }
        inner.expiry == 0
    }

    /// How long it is kept after its connection ends.
    pub(crate) fn expiry(&self) -> u32 {
        self.lock().expiry
    }

    /// Whether nobody came back in time.
    pub(super) fn is_expired(&self, now: Instant) -> bool {
        let inner = self.lock();
        let gone = inner.left.map(|left| now.saturating_duration_since(left).as_secs());
        inner.link.is_none() && gone.is_some_and(|seconds| seconds >= inner.expiry.into())
    }

    /// Ends it for good; says which filters it had.
    pub(super) fn end(&self) -> Vec<Box<str>> {
        let mut inner = self.lock();
        if inner.expiry > 0 {
            self.journal.note(|| Note::Ended);
        }
        let filters = inner.subscriptions.drain().map(|(filter, _)| filter).collect();
        let link = inner.link.take();
        *inner = Inner { link, over: true, ..Inner::default() };
        filters
    }

    /// Remembers a subscription; says whether it is new, or `None` when there are too many.
    pub(super) fn subscribe(&self, filter: &str, options: Options) -> Option<bool> {
        let mut inner = self.lock();
        let is_new = !inner.subscriptions.contains_key(filter);
        if is_new && inner.subscriptions.len() >= self.bounds.subscriptions {
            return None;
        }
        inner.subscriptions.insert(filter.into(), options);
        if inner.expiry > 0 {
            self.journal.note(|| Note::Subscribed { filter: filter.into(), options });
        }
        Some(is_new)
    }

    /// Forgets a subscription; says whether there was one.
    pub(super) fn unsubscribe(&self, filter: &str) -> bool {
        let mut inner = self.lock();
        let was = inner.subscriptions.remove(filter).is_some();
        inner.replays.retain(|replay| *replay.filter != *filter);
        if was && inner.expiry > 0 {
            self.journal.note(|| Note::Unsubscribed { filter: filter.into() });
        }
        was
    }

    /// Kept messages are to be sent for this subscription.
    pub(super) fn replay(&self, filter: &str, options: Options) {
        let mut inner = self.lock();
        inner.replays.retain(|replay| *replay.filter != *filter);
        inner.replays.push_back(Replay { filter: filter.into(), options, last: None });
        self.bell.notify_one();
    }

    /// Puts a message where its client will get it.
    pub(super) fn deliver(&self, message: &Arc<Message>, qos: Qos, retain: bool, ids: Vec<u32>) -> Outcome {
        let mut inner = self.lock();
        if inner.over || (inner.link.is_none() && (qos == Qos::Most || inner.expiry == 0)) {
            return Outcome::Missed;
        }
        let weight = message.weight();
        let full = inner.waiting.len() >= self.bounds.queue_messages
            || inner.waiting_bytes + weight > self.bounds.queue_bytes && !inner.waiting.is_empty();
        if full {
            // Whoever does not read must not make us remember everything: at QoS 0 a message is lost, above it the connection.
            if let Some(link) = inner.link.as_ref().filter(|_| qos != Qos::Most) {
                link.kick(Reason::Quota);
            }
            if !std::mem::replace(&mut inner.full, true) {
                let (client, waiting) = (&self.client, inner.waiting.len());
                tracing::warn!(%client, waiting, "too much waits for a subscriber; what comes meanwhile is not kept for it");
            }
            return Outcome::Dropped;
        }
        inner.full = false;
        let message = Arc::clone(message);
        // 0 is the number of what needs not outlive us.
        let mut number = 0;
        if qos != Qos::Most && inner.expiry > 0 {
            inner.last_number += 1;
            number = inner.last_number;
            let (message, ids) = (Arc::clone(&message), ids.clone());
            self.journal.note(|| Note::Queued { number, qos, retain, ids, message });
        }
        inner.waiting_bytes += weight;
        inner.waiting.push_back(Delivery { message, qos, retain, ids, number });
        drop(inner);
        self.bell.notify_one();
        Outcome::Taken
    }

    /// A message of QoS 2 came; says whether it is a new one.
    pub(crate) fn receive(&self, packet: u16) -> bool {
        self.lock().received.insert(packet)
    }

    /// A message of QoS 2 is safe: it must not be taken a second time, not even after a restart.
    pub(crate) fn keep_received(&self, packet: u16) {
        let inner = self.lock();
        if inner.expiry > 0 {
            self.journal.note(|| Note::Received { packet });
        }
    }

    /// A message of QoS 2 was released, or was never safe: its number is free again. Says whether it was known.
    pub(crate) fn release(&self, packet: u16) -> bool {
        let mut inner = self.lock();
        let known = inner.received.remove(&packet);
        if known && inner.expiry > 0 {
            self.journal.note(|| Note::Finished { packet });
        }
        known
    }

    /// How many messages of QoS 2 are not released yet.
    pub(crate) fn unreleased(&self) -> usize {
        self.lock().received.len()
    }

    /// The state that a journal told.
    pub(super) fn restore(&self, expiry: u32, waiting: Vec<Delivery>, flying: Vec<Flying>, received: Vec<u16>) {
        let mut inner = self.lock();
        inner.expiry = expiry;
        inner.left = Some(Instant::now());
        inner.last_packet = flying.iter().map(|flying| flying.packet).max().unwrap_or(0);
        inner.last_number =
            waiting.iter().chain(flying.iter().map(|flying| &flying.delivery)).map(|d| d.number).max().unwrap_or(0);
        inner.waiting_bytes = waiting.iter().map(|delivery| delivery.message.weight()).sum();
        inner.waiting = waiting.into();
        inner.flying = flying.into();
        inner.received = received.into_iter().collect();
    }

    /// The subscriptions it has.
    pub(super) fn restore_subscription(&self, filter: &str, options: Options) {
        self.lock().subscriptions.insert(filter.into(), options);
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("client", &self.client).finish_non_exhaustive()
    }
}
