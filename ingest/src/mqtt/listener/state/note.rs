//! What is written down, and the state it adds up to.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use model::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::mqtt::listener::codec::Qos;
use crate::mqtt::listener::exchange::{Message, Options, Will};

/// One change of what is remembered.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Note {
    /// A message is kept for later subscribers.
    Kept {
        message: Arc<Message>,
    },
    /// It is kept no longer.
    Forgotten {
        topic: Arc<str>,
    },
    /// A session begins to outlive its connections.
    Known {
        owner: Arc<str>,
        seconds: u32,
        subscriptions: Vec<(Box<str>, Options)>,
    },
    /// It is to be kept for another time.
    Expiry {
        seconds: u32,
    },
    /// It ended.
    Ended,
    Subscribed {
        filter: Box<str>,
        options: Options,
    },
    Unsubscribed {
        filter: Box<str>,
    },
    /// A message waits for the client.
    Queued {
        number: u64,
        qos: Qos,
        retain: bool,
        ids: Vec<u32>,
        message: Arc<Message>,
    },
    /// A message of QoS 2 was sent under this number.
    Sent {
        number: u64,
        packet: u16,
    },
    /// The client has it.
    Released {
        number: u64,
    },
    /// The client has it and needs nothing more.
    Settled {
        number: u64,
    },
    /// A message of QoS 2 came and is safe.
    Received {
        packet: u16,
    },
    /// Its number is free again.
    Finished {
        packet: u16,
    },
    /// What is to be said when the client is lost.
    Will {
        number: u64,
        delay: u32,
        message: Arc<Message>,
    },
    /// It was said, or will never have to be.
    WillOver {
        number: u64,
    },
}

/// A note and whom it is about; kept messages are about no client.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Record {
    #[serde(rename = "t")]
    pub(super) tenant: Arc<str>,
    #[serde(rename = "c")]
    pub(super) client: Arc<str>,
    #[serde(rename = "n")]
    pub(super) note: Note,
}

/// A message that waits for a client.
#[derive(Debug, Clone)]
pub(crate) struct Queued {
    pub(crate) qos: Qos,
    pub(crate) retain: bool,
    pub(crate) ids: Vec<u32>,
    pub(crate) message: Arc<Message>,
    pub(crate) packet: Option<u16>,
    pub(crate) released: bool,
}

/// One session that outlives its connections.
#[derive(Debug, Clone, Default)]
pub(crate) struct SessionState {
    pub(crate) owner: Arc<str>,
    pub(crate) seconds: u32,
    pub(crate) subscriptions: BTreeMap<Box<str>, Options>,
    pub(crate) queue: BTreeMap<u64, Queued>,
    pub(crate) received: BTreeSet<u16>,
}

/// What is remembered of one tenant.
#[derive(Debug, Clone, Default)]
pub(crate) struct TenantState {
    pub(crate) retained: BTreeMap<Arc<str>, Arc<Message>>,
    pub(crate) sessions: BTreeMap<Arc<str>, SessionState>,
    pub(crate) wills: BTreeMap<Arc<str>, Will>,
}

/// What is remembered of all tenants.
#[derive(Debug, Clone, Default)]
pub(super) struct State(pub(super) BTreeMap<Arc<str>, TenantState>);

impl State {
    /// Takes one change in. A note about something unknown changes nothing: what it was about has ended.
    pub(super) fn apply(&mut self, record: Record) {
        let Record { tenant, client, note } = record;
        let tenant = self.0.entry(tenant).or_default();
        let session = tenant.sessions.get_mut(&client);
        match (note, session) {
            (Note::Kept { message }, _) => drop(tenant.retained.insert(Arc::clone(&message.topic), message)),
            (Note::Forgotten { topic }, _) => drop(tenant.retained.remove(&topic)),
            (Note::Known { owner, seconds, subscriptions }, _) => {
                let subscriptions = subscriptions.into_iter().collect();
                let known = SessionState { owner, seconds, subscriptions, ..SessionState::default() };
                tenant.sessions.insert(client, known);
            }
            (Note::Ended, _) => drop(tenant.sessions.remove(&client)),
            // A will is of a client and not of its session: also those have one that leave nothing else behind.
            (Note::Will { number, delay, message }, _) => {
                tenant.wills.insert(client, Will { message, delay, number });
            }
            (Note::WillOver { number }, _) => {
                if tenant.wills.get(&client).is_some_and(|will| will.number == number) {
                    tenant.wills.remove(&client);
                }
            }
            (_, None) => {}
            (Note::Expiry { seconds }, Some(session)) => session.seconds = seconds,
            (Note::Subscribed { filter, options }, Some(session)) => {
                session.subscriptions.insert(filter, options);
            }
            (Note::Unsubscribed { filter }, Some(session)) => drop(session.subscriptions.remove(&filter)),
            (Note::Queued { number, qos, retain, ids, message }, Some(session)) => {
                let queued = Queued { qos, retain, ids, message, packet: None, released: false };
                session.queue.insert(number, queued);
            }
            (Note::Sent { number, packet }, Some(session)) => {
                if let Some(queued) = session.queue.get_mut(&number) {
                    queued.packet = Some(packet);
                }
            }
            (Note::Released { number }, Some(session)) => {
                if let Some(queued) = session.queue.get_mut(&number) {
                    queued.released = true;
                }
            }
            (Note::Settled { number }, Some(session)) => drop(session.queue.remove(&number)),
            (Note::Received { packet }, Some(session)) => drop(session.received.insert(packet)),
            (Note::Finished { packet }, Some(session)) => drop(session.received.remove(&packet)),
        }
    }

    /// The shortest list of notes that adds up to this state.
    pub(super) fn notes(&self) -> impl Iterator<Item = Record> {
        self.0.iter().flat_map(|(tenant, state)| {
            let record =
                move |client: &Arc<str>, note| Record { tenant: Arc::clone(tenant), client: Arc::clone(client), note };
            let nobody: Arc<str> = "".into();
            let kept = state.retained.values().map(move |m| record(&nobody, Note::Kept { message: Arc::clone(m) }));
            let sessions = state
                .sessions
                .iter()
                .flat_map(move |(client, session)| session.notes().into_iter().map(move |note| record(client, note)));
            let wills = state.wills.iter().map(move |(client, will)| {
                let Will { message, delay, number } = will.clone();
                record(client, Note::Will { number, delay, message })
            });
            kept.chain(sessions).chain(wills)
        })
    }
}

impl SessionState {
    fn notes(&self) -> Vec<Note> {
        let subscriptions = self.subscriptions.iter().map(|(filter, options)| (filter.clone(), *options)).collect();
        let mut notes = vec![Note::Known { owner: Arc::clone(&self.owner), seconds: self.seconds, subscriptions }];
        for (&number, queued) in &self.queue {
            let Queued { qos, retain, ids, message, packet, released } = queued.clone();
            notes.push(Note::Queued { number, qos, retain, ids, message });
            notes.extend(packet.map(|packet| Note::Sent { number, packet }));
            notes.extend(released.then_some(Note::Released { number }));
        }
        notes.extend(self.received.iter().map(|&packet| Note::Received { packet }));
        notes
    }
}

/// The form of a message in the file.
#[derive(Serialize, Deserialize)]
struct Written<'a> {
    topic: Arc<str>,
    payload: String,
    qos: Qos,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    passed: std::borrow::Cow<'a, str>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expires: Option<i64>,
    publisher: Arc<str>,
    retain: bool,
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Written {
            topic: Arc::clone(&self.topic),
            payload: STANDARD.encode(&self.payload),
            qos: self.qos,
            passed: STANDARD.encode(&self.passed).into(),
            expires: self.expires.map(Timestamp::as_nanos),
            publisher: Arc::clone(&self.publisher),
            retain: self.retain,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        let decode = |text: &str| STANDARD.decode(text).map_err(serde::de::Error::custom);
        Ok(Self {
            topic: written.topic,
            payload: Bytes::from(decode(&written.payload)?),
            qos: written.qos,
            retain: written.retain,
            passed: decode(&written.passed)?.into(),
            expires: written.expires.map(Timestamp::from_nanos),
            publisher: written.publisher,
        })
    }
}
