//! The exchange of one tenant: everything its clients share, and nothing that another tenant could reach.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use model::{Duration, Timestamp};
use tokio::time::{Instant, timeout_at};

use super::message::Message;
use super::retained::Retained;
use super::session::{Delivery, Flying, Outcome};
use super::tree::{LEVELS, Subscriber, Tree, split_share};
use super::wills::{Will, Wills};
use super::{Kick, Options, Session};
use crate::handle::Source;
use crate::mqtt::listener::codec::{Handling, Qos, Reason};
use crate::mqtt::listener::state::{Journal, Note, TenantState};
use crate::topic;

/// How long a newcomer waits for the connection that it replaces to end.
const HANDOVER: Duration = Duration::from_secs(5);
/// Sessions of one tenant, connected or not: ten times the connections of the largest listener.
const SESSIONS: usize = 100_000;

/// What one tenant and one client may make us remember.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    pub(crate) queue_messages: usize,
    pub(crate) queue_bytes: usize,
    pub(crate) retained_messages: usize,
    pub(crate) retained_bytes: usize,
    pub(crate) subscriptions: usize,
    pub(crate) session_seconds: u32,
    pub(crate) return_seconds: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        crate::config::Listener::default().bounds()
    }
}

/// A client that was let in.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) session: Arc<Session>,
    /// Whether it was here before and finds what it left.
    pub(crate) present: bool,
}

/// A client identifier that cannot be had now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused(pub(crate) Reason);

/// What the clients of one tenant share.
pub(crate) struct Exchange {
    pub(crate) source: Arc<Source>,
    bounds: Arc<Bounds>,
    journal: Journal,
    tree: RwLock<Tree>,
    /// Counts changes of the tree, so that others may remember what they found in it.
    version: AtomicU64,
    retained: Mutex<Retained>,
    sessions: Mutex<HashMap<Arc<str>, Arc<Session>>>,
    wills: Mutex<Wills>,
    /// The number of the last will.
    last_will: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Exchange {
    /// An exchange that remembers what `state` says.
    pub(crate) fn new(source: Arc<Source>, bounds: Arc<Bounds>, journal: Journal, state: TenantState) -> Arc<Self> {
        let retained = Retained::new(bounds.retained_messages, bounds.retained_bytes);
        let exchange = Self {
            source,
            bounds,
            journal,
            tree: RwLock::default(),
            version: AtomicU64::new(0),
            retained: Mutex::new(retained),
            sessions: Mutex::default(),
            wills: Mutex::default(),
            last_will: AtomicU64::new(0),
        };
        exchange.restore(state);
        Arc::new(exchange)
    }

    fn restore(&self, state: TenantState) {
        for message in state.retained.into_values() {
            // What no longer has room was kept under larger bounds.
            drop(lock(&self.retained).keep(&message));
        }
        for (client, known) in state.sessions {
            let journal = self.journal.of_client(&client);
            let session = Arc::new(Session::new(Arc::clone(&client), known.owner, Arc::clone(&self.bounds), journal));
            for (filter, options) in known.subscriptions {
                if let Ok((group, plain)) = check(&filter) {
                    session.restore_subscription(&filter, options);
                    self.add(group, plain, &session, options);
                }
            }
            let (mut waiting, mut flying) = (Vec::new(), Vec::new());
            for (number, queued) in known.queue {
                let (message, qos, retain, ids) = (queued.message, queued.qos, queued.retain, queued.ids);
                let delivery = Delivery { message, qos, retain, ids, number };
                match queued.packet {
                    Some(packet) => flying.push(Flying { packet, delivery, released: queued.released, sent: false }),
                    None => waiting.push(delivery),
                }
            }
            session.restore(known.seconds, waiting, flying, known.received.into_iter().collect());
            lock(&self.sessions).insert(client, session);
        }
        for (client, will) in state.wills {
            self.last_will.fetch_max(will.number, Ordering::Relaxed);
            let seconds = self.bounds.return_seconds.max(will.delay);
            lock(&self.wills).restore(client, Instant::now() + Duration::from_secs(seconds.into()), will);
        }
    }

    /// A client has come. If it is here already, the older connection ends first.
    pub(crate) async fn arrive(
        &self,
        client: &Arc<str>,
        owner: &Arc<str>,
        clean: bool,
        expiry: u32,
        kick: &Kick,
    ) -> Result<Arrived, Refused> {
        let deadline = Instant::now() + HANDOVER;
        let mut clean = clean;
        loop {
            let known = lock(&self.sessions).get(client).cloned();
            let Some(session) = known else {
                let session = self.begin(client, owner)?;
                if session.attach(kick, expiry) {
                    self.forgive(client);
                    return Ok(Arrived { session, present: false });
                }
                continue;
            };
            let expired = session.is_expired(Instant::now());
            if !session.belongs_to(owner) && !expired {
                return Err(Refused(Reason::ClientId));
            }
            if let Some(gone) = session.kick(Reason::TakenOver) {
                if timeout_at(deadline, gone.cancelled()).await.is_err() {
                    return Err(Refused(Reason::Busy));
                }
            } else if clean || expired {
                self.forgive(client);
                self.end(&session);
                clean = false;
            } else if session.attach(kick, expiry) {
                let withdrawn = lock(&self.wills).withdraw(client);
                withdrawn.into_iter().for_each(|number| self.will_is_over(client, number));
                return Ok(Arrived { session, present: true });
            } else if Instant::now() > deadline {
                return Err(Refused(Reason::Busy));
            } else {
                // It ended, or somebody else was quicker; whichever, the map will tell.
                tokio::task::yield_now().await;
            }
        }
    }

    fn begin(&self, client: &Arc<str>, owner: &Arc<str>) -> Result<Arc<Session>, Refused> {
        let mut sessions = lock(&self.sessions);
        let count = sessions.len();
        match sessions.entry(Arc::clone(client)) {
            Entry::Occupied(known) => Ok(Arc::clone(known.get())),
            Entry::Vacant(_) if count >= SESSIONS => Err(Refused(Reason::Quota)),
            Entry::Vacant(free) => {
                let (journal, bounds) = (self.journal.of_client(client), Arc::clone(&self.bounds));
                let session = Arc::new(Session::new(Arc::clone(client), Arc::clone(owner), bounds, journal));
                Ok(Arc::clone(free.insert(session)))
            }
        }
    }

    fn forgive(&self, client: &Arc<str>) {
        let forgiven = lock(&self.wills).forgive(client);
        forgiven.into_iter().for_each(|number| self.will_is_over(client, number));
    }

    /// Takes the will of a client that is here, so that it is said even if we end before the client does.
    pub(crate) fn entrust(&self, client: &Arc<str>, message: Message, delay: u32) -> Will {
        let number = self.last_will.fetch_add(1, Ordering::Relaxed) + 1;
        let will = Will { message: Arc::new(message), delay, number };
        let (message, journal) = (Arc::clone(&will.message), self.journal.of_client(client));
        journal.note(|| Note::Will { number, delay, message });
        will
    }

    /// The will was said, or will never have to be.
    pub(crate) fn will_is_over(&self, client: &Arc<str>, number: u64) {
        self.journal.of_client(client).note(|| Note::WillOver { number });
    }

    /// A connection has ended. `will` is what is to be said about it; what is returned is to be said now.
    pub(crate) fn depart(&self, session: &Arc<Session>, expiry: Option<u32>, will: Option<Will>) -> Option<Will> {
        let over = session.detach(expiry);
        let mut now = None;
        if let Some(will) = will {
            if over || will.delay == 0 {
                now = Some(will);
            } else {
                let due = Instant::now() + Duration::from_secs(will.delay.min(session.expiry()).into());
                lock(&self.wills).add(Arc::clone(session.client()), due, will);
            }
        }
        if over {
            self.end(session);
        }
        now
    }

    fn end(&self, session: &Arc<Session>) {
        let mut sessions = lock(&self.sessions);
        if sessions.get(session.client()).is_some_and(|known| Arc::ptr_eq(known, session)) {
            sessions.remove(session.client());
        }
        drop(sessions);
        for filter in session.end() {
            if let Ok((group, plain)) = check(&filter) {
                self.remove(group, plain, session);
            }
        }
        lock(&self.wills).hasten(session.client(), Instant::now());
    }

    fn add(&self, group: Option<&str>, filter: &str, session: &Arc<Session>, options: Options) {
        let subscriber = Subscriber { session: Arc::clone(session), options };
        self.tree.write().unwrap_or_else(PoisonError::into_inner).add(group, filter, subscriber);
        self.version.fetch_add(1, Ordering::Release);
    }

    fn remove(&self, group: Option<&str>, filter: &str, session: &Arc<Session>) {
        self.tree.write().unwrap_or_else(PoisonError::into_inner).remove(group, filter, session);
        self.version.fetch_add(1, Ordering::Release);
    }

    /// Subscribes a session; says the QoS that it gets.
    pub(crate) fn subscribe(&self, session: &Arc<Session>, filter: &str, options: Options) -> Result<Qos, Reason> {
        let (group, plain) = check(filter)?;
        let is_new = session.subscribe(filter, options).ok_or(Reason::Quota)?;
        self.add(group, plain, session, options);
        let wanted = match options.handling {
            Handling::Always => true,
            Handling::IfNew => is_new,
            Handling::Never => false,
        };
        if wanted && group.is_none() {
            session.replay(filter, options);
        }
        Ok(options.qos)
    }

    /// Ends a subscription; says whether there was one.
    pub(crate) fn unsubscribe(&self, session: &Arc<Session>, filter: &str) -> Result<bool, Reason> {
        let (group, plain) = check(filter)?;
        let was = session.unsubscribe(filter);
        if was {
            self.remove(group, plain, session);
        }
        Ok(was)
    }

    /// The state of the subscriptions: while it stays, [`Exchange::anyone`] says the same.
    pub(crate) fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }

    /// Whether anybody is subscribed to this topic.
    pub(crate) fn anyone(&self, topic: &str) -> bool {
        self.tree.read().unwrap_or_else(PoisonError::into_inner).anyone(topic)
    }

    /// Whether a message of this weight can be kept for later subscribers.
    pub(crate) fn can_keep(&self, topic: &str, weight: usize) -> bool {
        lock(&self.retained).has_room(topic, weight)
    }

    /// The next kept message after the topic `last` that a filter covers.
    pub(super) fn kept_after(&self, filter: &str, last: Option<&str>, now: Timestamp) -> Option<Arc<Message>> {
        lock(&self.retained).next(filter, last, now).cloned()
    }

    /// Gives a message to everybody who wants it, each once, and keeps it if it is to be kept.
    pub(crate) fn route(&self, message: &Arc<Message>) {
        if message.retain {
            self.keep(message);
        }
        let mut targets = Vec::<(Subscriber, Vec<u32>)>::new();
        self.tree.read().unwrap_or_else(PoisonError::into_inner).choose(&message.topic, |subscriber| {
            let Subscriber { session, options } = subscriber;
            if options.no_local && *session.client() == message.publisher {
                return;
            }
            match targets.iter_mut().find(|(known, _)| Arc::ptr_eq(&known.session, session)) {
                Some((known, ids)) => {
                    known.options.qos = known.options.qos.max(options.qos);
                    known.options.as_published |= options.as_published;
                    ids.extend(options.id);
                }
                None => targets.push((subscriber.clone(), options.id.into_iter().collect())),
            }
        });
        for (Subscriber { session, options }, ids) in targets {
            let retain = message.retain && options.as_published;
            if session.deliver(message, message.qos.min(options.qos), retain, ids) == Outcome::Dropped {
                self.source.metrics.undelivered.increment(1);
            }
        }
    }

    fn keep(&self, message: &Arc<Message>) {
        let mut retained = lock(&self.retained);
        if retained.keep(message).is_err() {
            // An old value that stays would be worse than none.
            retained.forget(&message.topic);
            tracing::warn!(source = %self.source.name, topic = %message.topic, "no room for another kept message");
            self.journal.note(|| Note::Forgotten { topic: Arc::clone(&message.topic) });
        } else if message.payload.is_empty() {
            self.journal.note(|| Note::Forgotten { topic: Arc::clone(&message.topic) });
        } else {
            self.journal.note(|| Note::Kept { message: Arc::clone(message) });
        }
    }

    /// Ends sessions whose time is over; says the wills that are due.
    pub(crate) fn tidy(&self, now: Instant) -> Vec<Will> {
        let expired = |session: &&Arc<Session>| session.is_expired(now);
        let over = lock(&self.sessions).values().filter(expired).cloned().collect::<Vec<_>>();
        over.iter().for_each(|session| self.end(session));
        lock(&self.wills).due(now)
    }
}

/// A filter that a client may subscribe to, with its share group.
fn check(filter: &str) -> Result<(Option<&str>, &str), Reason> {
    let (group, plain) = split_share(filter).map_err(|_| Reason::FilterInvalid)?;
    if topic::check(plain).is_err() || plain.split('/').count() > LEVELS {
        return Err(Reason::FilterInvalid);
    }
    Ok((group, plain))
}
