//! The life of a session: connect, subscribe, take messages, acknowledge what is safe, reconnect.

use std::collections::VecDeque;
use std::sync::Arc;

use model::{Duration, Timestamp};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::ledger::{GivenUp, Ledger, Room};
use super::protocol::{Event, Incoming, Protocol, Settings};
use super::subscription::subscriptions;
use super::{tls, v4::V4, v5::V5};
use crate::config::{Broker, Protocol as Version, Route};
use crate::decode::{Command, Host, Presence};
use crate::gate::Gate;
use crate::handle::Source;
use crate::{Ack, Clock, Error, RawMessage, Result};

/// The first pause before a new attempt, and the longest: a broker that comes back is found within 2 s.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(1_500));
/// A connection that lived this long was a good one: the pauses start again. One that ends at once (a store that keeps nothing) must not be tried in a
/// hot loop.
const STEADY: Duration = Duration::from_secs(5);
/// A TCP connection and its CONNACK within this, or a new attempt.
const CONNECT: Duration = Duration::from_secs(10);
/// How long to wait at the end for what was taken to become safe. Later messages are sent again to the next process.
const FAREWELL: Duration = Duration::from_secs(8);

/// A session that has not started yet.
pub(crate) struct Session {
    settings: Settings,
    version: Version,
    topics: Vec<String>,
    /// Ourselves as edge nodes see us on this broker.
    host: Option<Host>,
    source: Arc<Source>,
    clock: Arc<dyn Clock>,
}

/// Why a connection ended.
enum End {
    /// We were asked to stop.
    Stopped,
    /// For this reason; whether it had been connected.
    Lost(String),
}

impl Session {
    /// A session with this broker. Reads its certificate files.
    pub(crate) fn new(broker: &Broker, routes: &[Route], source: Arc<Source>, clock: Arc<dyn Clock>) -> Result<Self> {
        let endpoint = broker
            .endpoint()
            .map_err(|problem| Error::Config { key: format!("brokers.{}.url", broker.name), problem })?;
        let (topics, host) = subscriptions(broker, routes);
        let login =
            (!broker.username.is_empty()).then(|| (broker.username.clone(), broker.password.expose().to_owned()));
        let settings = Settings {
            host: endpoint.host,
            port: endpoint.port,
            client_id: broker.effective_client_id(),
            login,
            tls: tls::configuration(broker)?,
            keep_alive: Duration::from_secs(u64::from(broker.keep_alive_seconds)),
            max_packet: broker.max_packet_bytes,
            in_flight: broker.in_flight,
            session_expiry: broker.session_expiry_seconds,
            clean_session: broker.clean_session,
        };
        Ok(Self { settings, version: broker.protocol, topics, host, source, clock })
    }

    /// Runs until `stop`, however often the connection is lost.
    pub(crate) async fn run(self, gate: Gate, stop: CancellationToken) {
        match self.version {
            Version::V4 => self.keep_connected::<V4>(gate, stop).await,
            Version::V5 => self.keep_connected::<V5>(gate, stop).await,
        }
    }

    async fn keep_connected<P: Protocol>(self, gate: Gate, stop: CancellationToken) {
        let mut pause = PAUSE.0;
        // The broker may keep a session of an earlier run, with other topics: the first connection always subscribes.
        let mut subscribed = false;
        while !stop.is_cancelled() {
            let opened = Instant::now();
            let end = Connection::<P>::open(&self, &gate).serve(&stop, &mut subscribed).await;
            self.source.set_connected(false);
            if opened.elapsed() > STEADY {
                pause = PAUSE.0;
            }
            match end {
                End::Stopped => break,
                End::Lost(why) => {
                    tracing::warn!(broker = %self.source.name, %why, again_in = ?pause, "connection lost");
                    self.source.set_error(why);
                }
            }
            tokio::select! {
                () = stop.cancelled() => break,
                () = sleep(pause) => {}
            }
            pause = (pause * 2).min(PAUSE.1);
        }
        tracing::info!(broker = %self.source.name, "session ended");
    }
}

/// One connection with what is owed on it. A new connection starts with a new client and an empty ledger, so that an acknowledgement of an old
/// connection can never answer for a packet of the new one: the broker sends again what it did not hear about.
struct Connection<'a, P: Protocol> {
    session: &'a Session,
    gate: &'a Gate,
    requests: P::Requests,
    events: P::Events,
    ledger: Ledger,
    bell: Arc<Notify>,
    last_sign: Instant,
    connected: bool,
    /// Whether everything is subscribed to, so that answers to what we say can be heard.
    ready: bool,
    /// What found no room yet.
    unsaid: VecDeque<Command>,
    /// When it began: the will and the birth of a host application have the same time.
    since: Timestamp,
}

/// Says what is to be said, in order. What finds no room is said after the next event.
fn say<P: Protocol>(source: &Source, requests: &P::Requests, unsaid: &mut VecDeque<Command>) {
    // What waits at the source is taken only when nothing waits here, so that its bound holds.
    if unsaid.is_empty() {
        unsaid.extend(source.take_commands());
    }
    while unsaid.front().is_some_and(|command| P::publish(requests, command)) {
        unsaid.pop_front();
    }
}

impl<'a, P: Protocol> Connection<'a, P> {
    fn open(session: &'a Session, gate: &'a Gate) -> Self {
        let since = session.clock.now();
        let will = session.host.as_ref().map(|host| host.state(Presence::Offline, since));
        let (requests, events) = P::open(&session.settings, will.as_ref());
        let ledger = Ledger::new();
        let bell = ledger.bell();
        Self {
            session,
            gate,
            requests,
            events,
            ledger,
            bell,
            last_sign: Instant::now(),
            connected: false,
            ready: false,
            unsaid: VecDeque::new(),
            since,
        }
    }

    async fn serve(mut self, stop: &CancellationToken, subscribed: &mut bool) -> End {
        loop {
            let event = tokio::select! {
                () = stop.cancelled() => {
                    if self.connected {
                        self.farewell().await;
                    }
                    return End::Stopped;
                }
                event = self.next() => event,
            };
            let outcome = match event {
                Ok(Event::Connected { session_present }) => self.greet(session_present, subscribed),
                Ok(Event::Subscribed { refused }) => {
                    *subscribed = true;
                    self.settled(refused);
                    Ok(())
                }
                Ok(Event::Message(message)) => self.take(message).await,
                Ok(Event::Alive | Event::Sent) => Ok(()),
                Err(why) => Err(why),
            };
            if !self.ready && self.connected && *subscribed {
                self.ready = true;
                self.announce();
                self.session.source.set_connected(true);
            }
            if let Err(why) = outcome {
                return End::Lost(why);
            }
        }
    }

    /// Says that we are there, before anything else.
    fn announce(&mut self) {
        if let Some(host) = &self.session.host {
            self.unsaid.push_back(host.state(Presence::Online, self.since));
        }
        self.say();
    }

    fn say(&mut self) {
        if self.ready {
            say::<P>(&self.session.source, &self.requests, &mut self.unsaid);
        }
    }

    /// The next event, while acknowledgements leave as they become due and what is to be said is said. Polling is never given up half way: the client would lose what it was
    /// about to send.
    async fn next(&mut self) -> Result<Event, String> {
        self.say();
        let Self { session, requests, events, ledger, bell, last_sign, connected, ready, unsaid, .. } = self;
        let keep_alive = session.settings.keep_alive;
        // A living broker answers a ping every keep-alive, so silence for half as long again means a dead connection.
        let silence = if *connected { keep_alive.mul_f32(1.5) } else { CONNECT };
        let acknowledge = |ledger: &mut Ledger| {
            ledger
                .settle(|packet| P::acknowledge(requests, packet))
                .map_err(|GivenUp| "a message could not be kept; asking for it again".to_owned())
        };
        let room = acknowledge(ledger)?;
        if room == Room::Left && ledger.len() >= usize::from(session.settings.in_flight) {
            // The broker sends more than we take at a time. Reading stops until something is safe, but not so long that the broker forgets us.
            tokio::select! {
                () = bell.notified() => {}
                () = sleep(keep_alive / 2) => {}
            }
            acknowledge(ledger)?;
        }
        let mut event = std::pin::pin!(P::next(events));
        loop {
            tokio::select! {
                event = &mut event => {
                    let event = event?;
                    if !matches!(event, Event::Sent) {
                        *last_sign = Instant::now();
                    }
                    return Ok(event);
                }
                () = bell.notified() => {
                    acknowledge(ledger)?;
                }
                () = session.source.commanded.notified(), if *ready => {
                    say::<P>(&session.source, requests, unsaid);
                }
                () = sleep_until(*last_sign + silence) => {
                    return Err(if *connected { format!("no sign of life for {silence:?}") } else { format!("no connection within {CONNECT:?}") });
                }
            }
        }
    }

    fn greet(&mut self, session_present: bool, subscribed: &mut bool) -> Result<(), String> {
        self.connected = true;
        *subscribed &= session_present;
        tracing::info!(broker = %self.session.source.name, session_present, "connected");
        if *subscribed || P::subscribe(&self.requests, &self.session.topics) {
            return Ok(());
        }
        Err("the subscription could not be sent".to_owned())
    }

    /// Says which part of the subscription the broker refused; the rest is worth having.
    fn settled(&self, refused: usize) {
        if refused > 0 {
            let why = format!(
                "the broker refused {refused} of {} topics; check the rights of this user",
                self.session.topics.len()
            );
            tracing::error!(broker = %self.session.source.name, "{why}");
            self.session.source.set_error(why);
        }
    }

    async fn take(&mut self, message: Incoming) -> Result<(), String> {
        let Incoming { topic, payload, packet, retained } = message;
        if self.session.host.as_ref().is_some_and(|host| host.topic() == topic) {
            self.hear_ourselves(&payload, packet, retained);
            return Ok(());
        }
        let ack = packet.map_or_else(Ack::none, |packet| self.ledger.owe(packet));
        let (payload, bytes) = self.gate.trim(payload);
        let Session { source, clock, .. } = self.session;
        let raw = RawMessage {
            tenant: source.tenant.clone(),
            source: Arc::clone(&source.name),
            topic: topic.into(),
            payload,
            bytes,
            received: clock.now(),
            retained,
        };
        self.gate.enter(source, raw, ack).await.map_err(|_| "the decoders are gone".to_owned())?;
        // Waiting for room is no silence of the broker.
        self.last_sign = Instant::now();
        Ok(())
    }

    /// Hears what is said about ourselves as a host application. It is no message of a sensor, so it is neither counted nor handed on.
    fn hear_ourselves(&mut self, payload: &[u8], packet: Option<u16>, retained: bool) {
        if let Some(packet) = packet {
            self.ledger.owe(packet).confirm();
        }
        // What is retained was said before our birth, which puts it right.
        let Some(host) = self.session.host.as_ref().filter(|_| !retained && Host::denies(payload)) else { return };
        if !self.unsaid.iter().any(|command| command.topic == host.topic()) {
            self.unsaid.push_back(host.state(Presence::Online, self.since));
        }
    }

    /// Takes nothing more, waits until what was taken is safe or given up, acknowledges it and says goodbye.
    async fn farewell(&mut self) {
        let Self { session, requests, events, ledger, bell, .. } = self;
        let settle = async {
            // Messages that still come are neither taken nor acknowledged: the broker keeps them for the next time.
            let mut event = Box::pin(P::next(events));
            loop {
                if ledger.settle(|packet| P::acknowledge(requests, packet)).is_err() || ledger.len() == 0 {
                    return;
                }
                tokio::select! {
                    outcome = &mut event => match outcome {
                        Ok(_) => {
                            drop(event);
                            event = Box::pin(P::next(events));
                        }
                        Err(_) => return,
                    },
                    () = bell.notified() => {}
                }
            }
        };
        if timeout(FAREWELL, settle).await.is_err() {
            tracing::warn!(broker = %session.source.name, left = self.ledger.len(), "not everything became safe in time; the broker will send it again");
        }
        let Self { session, requests, events, .. } = self;
        let death = session.host.as_ref().map(|host| host.state(Presence::Offline, session.clock.now()));
        let leave = async {
            // A wanted goodbye makes the broker forget our will, so we say ourselves that we are gone.
            while death.as_ref().is_some_and(|death| !P::publish(requests, death)) {
                if P::next(events).await.is_err() {
                    return;
                }
            }
            while !P::disconnect(requests) {
                if P::next(events).await.is_err() {
                    return;
                }
            }
            // Until the broker closes: closing first with something unread would reset the line, and the broker might not read our goodbye.
            while P::next(events).await.is_ok() {}
        };
        if timeout(Duration::from_secs(2), leave).await.is_err() {
            tracing::debug!(broker = %self.session.source.name, "the broker did not take our goodbye");
        }
    }
}
