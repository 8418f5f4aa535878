//! From what waits for a client to bytes for its connection, and its answers.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::BytesMut;
use model::Timestamp;

use super::session::{Delivery, Flying, Inner};
use super::{Exchange, Session};
use crate::mqtt::listener::codec::{Outgoing, Qos, Version, pub_release};
use crate::mqtt::listener::state::Note;

/// Messages above QoS 0 that one client may leave unanswered; mosquitto lets 20.
const FLYING: usize = 128;
/// Bytes that are written at once: what is beyond waits as messages, where it is bounded and counted.
const BURST: usize = 64 * 1024;
/// Topics that we give a short name to, for a client that allows it.
const ALIASES: u16 = 32;

/// How one connection wants to be written to.
#[derive(Debug)]
pub(crate) struct Wire {
    version: Version,
    window: usize,
    largest: usize,
    aliases: HashMap<Arc<str>, u16>,
    most_aliases: u16,
}

impl Wire {
    pub(crate) fn new(version: Version, receive_maximum: u16, maximum_packet: u32, aliases: u16) -> Self {
        Self {
            version,
            window: FLYING.min(receive_maximum.into()),
            largest: usize::try_from(maximum_packet).unwrap_or(usize::MAX),
            aliases: HashMap::new(),
            most_aliases: aliases.min(ALIASES),
        }
    }

    /// Writes a message; false when it is larger than the client takes.
    fn write(&mut self, delivery: &Delivery, packet: u16, duplicate: bool, now: Timestamp, out: &mut BytesMut) -> bool {
        let message = &*delivery.message;
        let mut outgoing = Outgoing {
            topic: &message.topic,
            alias: None,
            packet,
            qos: delivery.qos,
            retain: delivery.retain,
            duplicate,
            passed: &message.passed,
            expiry: message.seconds_left(now),
            subscriptions: &delivery.ids,
            payload: &message.payload,
        };
        // Three bytes more with an alias.
        if outgoing.len(self.version) + 3 * usize::from(self.most_aliases > 0) > self.largest {
            return false;
        }
        if let Some(alias) = self.aliases.get(&message.topic) {
            outgoing.alias = Some(*alias);
            outgoing.topic = "";
        } else if self.aliases.len() < self.most_aliases.into() {
            let alias = self.aliases.len() as u16 + 1;
            self.aliases.insert(Arc::clone(&message.topic), alias);
            outgoing.alias = Some(alias);
        }
        outgoing.write(self.version, out);
        true
    }
}

impl Inner {
    fn free_packet(&mut self) -> u16 {
        loop {
            self.last_packet = self.last_packet.wrapping_add(1);
            let packet = self.last_packet;
            if packet != 0 && !self.flying.iter().any(|flying| flying.packet == packet) {
                return packet;
            }
        }
    }

    /// The next message: kept ones of new subscriptions first, so that an old value never comes after a new one.
    fn next(&mut self, exchange: &Exchange, room: bool, now: Timestamp) -> Option<Delivery> {
        while room && let Some(replay) = self.replays.front_mut() {
            if let Some(message) = exchange.kept_after(&replay.filter, replay.last.as_deref(), now) {
                replay.last = Some(Arc::clone(&message.topic));
                let qos = message.qos.min(replay.options.qos);
                let ids = replay.options.id.into_iter().collect();
                return Some(Delivery { message, qos, retain: true, ids, number: 0 });
            }
            self.replays.pop_front();
        }
        if !room && (!self.replays.is_empty() || self.waiting.front().is_some_and(|next| next.qos != Qos::Most)) {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.waiting_bytes -= next.message.weight();
        Some(next)
    }
}

impl Session {
    /// Writes what may be sent now.
    pub(crate) fn fill(&self, exchange: &Exchange, wire: &mut Wire, now: Timestamp, out: &mut BytesMut) {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let sent = inner.flying.iter().filter(|flying| flying.sent).count();
        for flying in inner.flying.iter_mut().filter(|flying| !flying.sent).take(wire.window.saturating_sub(sent)) {
            flying.sent = true;
            if flying.released {
                pub_release(out, flying.packet);
            } else if !wire.write(&flying.delivery, flying.packet, true, now, out) {
                // It will never fit this client: as if it had been received to the end.
                flying.released = true;
                pub_release(out, flying.packet);
            }
        }
        while out.len() <= BURST {
            let room = inner.flying.len() < wire.window;
            let Some(delivery) = inner.next(exchange, room, now) else { return };
            let stale = delivery.message.is_expired(now);
            if delivery.qos == Qos::Most {
                if !stale {
                    wire.write(&delivery, 0, false, now, out);
                }
                continue;
            }
            let packet = inner.free_packet();
            if stale || !wire.write(&delivery, packet, false, now, out) {
                self.settled(&delivery);
                continue;
            }
            if delivery.qos == Qos::Exactly && delivery.number > 0 {
                let number = delivery.number;
                self.journal.note(|| Note::Sent { number, packet });
            }
            inner.flying.push_back(Flying { packet, delivery, released: false, sent: true });
        }
        // The next burst follows when this one is written.
        self.ring();
    }

    fn settled(&self, delivery: &Delivery) {
        if delivery.number > 0 {
            let number = delivery.number;
            self.journal.note(|| Note::Settled { number });
        }
    }

    /// The client has a message of QoS 1.
    pub(crate) fn acknowledged(&self, packet: u16) {
        self.finish(packet, Qos::Least);
    }

    /// The client has a message of QoS 2, or cannot take it. Says whether it is to be told that we know.
    pub(crate) fn received(&self, packet: u16, taken: bool) -> bool {
        if !taken {
            self.finish(packet, Qos::Exactly);
            return false;
        }
        let mut inner = self.lock();
        let found = inner.flying.iter_mut().find(|f| f.packet == packet && f.delivery.qos == Qos::Exactly);
        if let Some(flying) = found {
            flying.released = true;
            if flying.delivery.number > 0 {
                let number = flying.delivery.number;
                self.journal.note(|| Note::Released { number });
            }
        }
        true
    }

    /// The client knows that we know.
    pub(crate) fn completed(&self, packet: u16) {
        self.finish(packet, Qos::Exactly);
    }

    fn finish(&self, packet: u16, qos: Qos) {
        let mut inner = self.lock();
        let at = inner.flying.iter().position(|f| f.packet == packet && f.delivery.qos == qos);
        if let Some(flying) = at.and_then(|at| inner.flying.remove(at)) {
            self.settled(&flying.delivery);
            drop(inner);
            self.ring();
        }
    }
}
