//! What all connections of the listener share, and how something is said that no connection carries: wills and commands.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use model::{Duration, TenantId};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::codec::Qos;
use super::credentials::Credentials;
use super::exchange::{Exchange, Message, Will};
use super::limits::Places;
use super::state::Journal;
use crate::ack::{Page, Verdict};
use crate::config::Listener;
use crate::decode::{Command, Host, Presence};
use crate::gate::WeakGate;
use crate::{Clock, RawMessage};

/// How often sessions and wills are looked at: they are counted in seconds.
const TIDY: Duration = Duration::from_millis(250);

/// Shared by all connections.
pub(super) struct Reception {
    pub(super) config: Listener,
    pub(super) credentials: Credentials,
    pub(super) places: Arc<Places>,
    pub(super) exchanges: HashMap<TenantId, Arc<Exchange>>,
    pub(super) journal: Journal,
    pub(super) gate: WeakGate,
    pub(super) clock: Arc<dyn Clock>,
    /// Who we are to edge nodes that want to know whether anybody listens.
    pub(super) host: Option<Host>,
    /// Nobody is let in any more.
    pub(super) stop: CancellationToken,
    /// Those who are here must go; a moment later, so that they hear that we go.
    pub(super) closing: CancellationToken,
}

impl Reception {
    /// Says something on behalf of a client that is gone: to the decoders, and when that is safe to subscribers. False when it could not be made safe.
    pub(super) async fn say(&self, exchange: &Exchange, will: Will) -> bool {
        let Will { message, number, .. } = will;
        let bell = Arc::new(Notify::new());
        let page = Page::new(Arc::clone(&bell));
        if !message.topic.starts_with('$') {
            let Some(gate) = self.gate.upgrade() else { return false };
            let (payload, bytes) = gate.trim(message.payload.clone());
            let raw = RawMessage {
                tenant: exchange.source.tenant.clone(),
                source: Arc::clone(&exchange.source.name),
                topic: Arc::clone(&message.topic),
                payload,
                bytes,
                received: self.clock.now(),
                retained: false,
            };
            if gate.enter_all(&exchange.source, &mut VecDeque::from([(raw, page.owe())])).await.is_err() {
                return false;
            }
        }
        page.close();
        loop {
            match page.verdict() {
                Verdict::Confirmed => break,
                Verdict::GivenUp => return false,
                Verdict::Owed => bell.notified().await,
            }
        }
        exchange.route(&message);
        exchange.will_is_over(&message.publisher, number);
        true
    }

    /// Gives subscribers what the decoders have to say to devices, until the end.
    pub(super) async fn pass_commands(self: Arc<Self>, exchange: Arc<Exchange>) {
        loop {
            tokio::select! {
                () = exchange.source.commanded.notified() => {}
                () = self.stop.cancelled() => return,
            }
            for command in exchange.source.take_commands() {
                tell(&exchange, command);
            }
        }
    }

    /// Ends sessions whose time is over and publishes wills that are due, until the end.
    pub(super) async fn tidy(self: Arc<Self>) {
        let mut beat = tokio::time::interval(TIDY);
        loop {
            tokio::select! {
                _ = beat.tick() => {}
                () = self.stop.cancelled() => return,
            }
            for exchange in self.exchanges.values() {
                for will in exchange.tidy(Instant::now()) {
                    if !self.say(exchange, will).await {
                        tracing::warn!(tenant = %exchange.source.tenant, "a will could not be kept and was not published; it is after the next start");
                    }
                }
            }
        }
    }

    /// Tells the edge nodes of every tenant whether we are there, if they are to know.
    pub(super) fn announce(&self, presence: Presence) {
        let Some(host) = &self.host else { return };
        for exchange in self.exchanges.values() {
            tell(exchange, host.state(presence, self.clock.now()));
        }
    }
}

/// Gives subscribers something that we say ourselves.
fn tell(exchange: &Exchange, command: Command) {
    let Command { topic, payload, assured, retain } = command;
    let (topic, publisher) = (topic.into(), "".into());
    let qos = if assured { Qos::Least } else { Qos::Most };
    exchange.route(&Arc::new(Message {
        topic,
        payload,
        qos,
        retain,
        passed: Box::default(),
        expires: None,
        publisher,
    }));
}
