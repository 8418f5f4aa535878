//! What a client's packets mean.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use model::Timestamp;

use super::ledger::{Answer, Entry};
use super::parting::Ending;
use super::serving::Connection;
use crate::ack::Page;
use crate::mqtt::listener::codec::{
    Answered, Fault, Frame, Kind, Publish, Qos, Reason, Subscribe, Version, answered, farewell, measure, ping_answer,
    pub_answer, pub_release, subscribed, unsubscribe, unsubscribed,
};
use crate::mqtt::listener::exchange::{Message, Options};
use crate::{Ack, RawMessage};

/// Topic aliases per client: enough for a gateway, little enough for 10,000 clients.
pub(super) const ALIASES: u16 = 64;
/// Packets that are looked at before what came of them is handed on: they are answered together.
const TOGETHER: usize = 256;

/// What a connection keeps room for while nothing comes.
pub(super) const FEW: usize = 8;

/// What is known about the topic of the last message; senders rarely change it.
#[derive(Default)]
pub(super) struct Familiar {
    topic: Arc<str>,
    allowed: bool,
    wanted: bool,
    version: u64,
}

impl Connection {
    /// Looks at the packets that are there as a whole, up to a number. What is to be handed on is in `batch`; says whether there may be more.
    pub(super) fn digest(&mut self) -> Result<bool, Ending> {
        let mut end = 0;
        let mut fault = None;
        self.frames.clear();
        while self.frames.len() < TOGETHER {
            match measure(&self.inbuf[end..], self.reception.config.max_packet_bytes) {
                Ok(None) => break,
                Ok(Some(frame)) => {
                    self.frames.push(frame);
                    end += frame.len();
                }
                Err(found) => {
                    fault = Some(found);
                    break;
                }
            }
        }
        let more = self.frames.len() == TOGETHER;
        let chunk = self.inbuf.split_to(end).freeze();
        let frames = std::mem::take(&mut self.frames);
        let now = self.reception.clock.now();
        let page = Page::new(Arc::clone(self.ledger.bell()));
        let mut entries = Vec::new();
        let mut at = 0;
        let mut outcome = Ok(());
        for frame in &frames {
            let body = at + frame.head..at + frame.len();
            at += frame.len();
            outcome = if frame.kind == Kind::Publish {
                self.bucket.take(1, frame.len());
                self.publish(*frame, &chunk, body, now, &page, &mut entries)
            } else {
                self.control(*frame, &chunk[body])
            };
            if outcome.is_err() {
                break;
            }
        }
        self.frames = frames;
        self.frames.shrink_to(FEW);
        page.close();
        if !entries.is_empty() {
            self.ledger.owe(page, entries);
        }
        outcome?;
        fault.map_or(Ok(more), |fault| Err(Ending::Fault(fault)))
    }

    fn publish(
        &mut self,
        frame: Frame,
        chunk: &Bytes,
        body: Range<usize>,
        now: Timestamp,
        page: &Arc<Page>,
        entries: &mut Vec<Entry>,
    ) -> Result<(), Ending> {
        let publish = Publish::read(frame, &chunk[body.clone()], self.version).map_err(Ending::Fault)?;
        self.recognise(&publish)?;
        let Publish { packet, qos, retain, ref passed, .. } = publish;
        let waiting = self.ledger.answers() + entries.len() + self.unreleased;
        if self.version == Version::V5 && qos != Qos::Most && waiting >= self.reception.config.in_flight.into() {
            return Err(Ending::Fault(Fault::new(Reason::ReceiveMaximum, "more unanswered messages than it was told")));
        }
        let answer = |reason| match qos {
            Qos::Most => Answer::Nothing,
            Qos::Least => Answer::Acknowledge(packet, reason),
            Qos::Exactly => Answer::Receive(packet, reason),
        };
        if !self.familiar.allowed {
            return self.deny(answer(Reason::NotAuthorized), entries);
        }
        if qos == Qos::Exactly {
            // A message that is sent anew under a number that was not freed was never heard of by its sender again: its release was lost.
            let is_new = self.session.receive(packet) || !publish.duplicate;
            if !is_new {
                entries.push(Entry { answer: answer(Reason::Success), message: None });
                return Ok(());
            }
            self.unreleased = self.session.unreleased();
        }
        let payload = chunk.slice(body.end - publish.payload..body.end);
        let mut reason = Reason::Success;
        let mut message = None;
        if passed.is_text && std::str::from_utf8(&payload).is_err() {
            reason = Reason::PayloadFormat;
        } else if retain || self.familiar.wanted {
            let whole = Message {
                topic: Arc::clone(&self.familiar.topic),
                // A copy: one message must not hold on to all that was read with it.
                payload: Bytes::copy_from_slice(&payload),
                qos,
                retain,
                passed: passed.bytes.as_slice().into(),
                expires: Message::expiry(passed, now),
                publisher: Arc::clone(self.session.client()),
            };
            if retain && !payload.is_empty() && !self.exchange.can_keep(&whole.topic, whole.weight()) {
                reason = Reason::Quota;
            }
            message = Some(Arc::new(whole));
        }
        if qos == Qos::Exactly && !answer(reason).holds_number(self.version) {
            self.session.release(packet);
            self.unreleased = self.session.unreleased();
        }
        let topic = &self.familiar.topic;
        let ack = if message.is_some() || qos != Qos::Most { page.owe() } else { Ack::none() };
        if topic.starts_with('$') || (retain && payload.is_empty()) {
            self.exchange.source.ignore(payload.len());
            ack.confirm();
        } else {
            let (payload, bytes) = self.trim(payload);
            let source = &self.exchange.source;
            let (tenant, source, topic) = (source.tenant.clone(), Arc::clone(&source.name), Arc::clone(topic));
            let raw = RawMessage { tenant, source, topic, payload, bytes, received: now, retained: false };
            self.batch.push_back((raw, ack));
        }
        if message.is_some() || qos != Qos::Most {
            entries.push(Entry { answer: answer(reason), message });
        }
        Ok(())
    }

    /// Makes `familiar` what is known about the topic of this message.
    fn recognise(&mut self, publish: &Publish<'_>) -> Result<(), Ending> {
        const INVALID: Ending = Ending::Fault(Fault::new(Reason::AliasInvalid, "a topic alias that was not given"));
        let mut topic = None;
        if let Some(alias) = publish.alias {
            let at = usize::from(alias) - 1;
            if alias > ALIASES {
                return Err(INVALID);
            }
            if publish.topic.is_empty() {
                topic = Some(self.aliases.get(at).cloned().flatten().ok_or(INVALID)?);
            } else {
                self.aliases.resize(self.aliases.len().max(at + 1), None);
                self.aliases[at] = Some(publish.topic.into());
            }
        }
        let name = topic.as_deref().unwrap_or(publish.topic);
        let version = self.exchange.version();
        if *self.familiar.topic != *name {
            let allowed = self.rights.may_publish(name);
            let topic = topic.clone().unwrap_or_else(|| name.into());
            self.familiar = Familiar { allowed, wanted: self.exchange.anyone(&topic), version, topic };
        } else if self.familiar.version != version {
            self.familiar.wanted = self.exchange.anyone(name);
            self.familiar.version = version;
        }
        Ok(())
    }

    fn deny(&mut self, answer: Answer, entries: &mut Vec<Entry>) -> Result<(), Ending> {
        let (client, topic) = (self.session.client(), &self.familiar.topic);
        tracing::warn!(%client, %topic, "a client may not publish on this topic");
        self.exchange.source.metrics.denied.increment(1);
        if self.version != Version::V5 && answer != Answer::Nothing {
            // Older clients can be told in this way only: an acknowledgement would say that the message is safe.
            return Err(Ending::Fault(Fault::new(Reason::NotAuthorized, "a topic that it may not publish on")));
        }
        if answer != Answer::Nothing {
            entries.push(Entry { answer, message: None });
        }
        Ok(())
    }

    fn control(&mut self, frame: Frame, body: &[u8]) -> Result<(), Ending> {
        match frame.kind {
            Kind::PubAck | Kind::PubRec | Kind::PubRel | Kind::PubComp => {
                let answered = answered(body, self.version).map_err(Ending::Fault)?;
                self.answered(frame.kind, answered);
            }
            Kind::Subscribe => self.subscribe(&Subscribe::read(body, self.version).map_err(Ending::Fault)?),
            Kind::Unsubscribe => {
                let (packet, filters) = unsubscribe(body, self.version).map_err(Ending::Fault)?;
                self.unsubscribe(packet, &filters);
            }
            Kind::PingReq => ping_answer(&mut self.out),
            Kind::Disconnect => return Err(Ending::Farewell(farewell(body, self.version).map_err(Ending::Fault)?)),
            Kind::Connect => return Err(Ending::Fault(Fault::protocol("a second CONNECT"))),
            Kind::Auth => return Err(Ending::Fault(Fault::protocol("AUTH without a method"))),
            Kind::Publish => {}
        }
        Ok(())
    }

    fn answered(&mut self, kind: Kind, Answered { packet, taken }: Answered) {
        match kind {
            Kind::PubAck => self.session.acknowledged(packet),
            Kind::PubComp => self.session.completed(packet),
            Kind::PubRec => {
                if self.session.received(packet, taken) {
                    pub_release(&mut self.out, packet);
                }
            }
            _ => {
                let known = self.session.release(packet);
                self.unreleased = self.session.unreleased();
                let reason = if known { Reason::Success } else { Reason::UnknownPacket };
                if known && self.session.expiry() > 0 {
                    // The number is free when that is written: else a restart would take the next message under it for this one.
                    self.ledger.owe_after(self.reception.journal.mark(), Answer::Complete(packet, reason));
                    self.ledger.answer(self.version, &mut self.out);
                } else {
                    pub_answer(&mut self.out, self.version, 0x70, packet, reason);
                }
            }
        }
    }

    fn subscribe(&mut self, subscribe: &Subscribe<'_>) {
        let mut codes = Vec::with_capacity(subscribe.wishes.len());
        for wish in &subscribe.wishes {
            let plain = wish.filter.strip_prefix("$share/").and_then(|rest| rest.split_once('/'));
            let outcome = if self.rights.may_subscribe(plain.map_or(wish.filter, |(_, filter)| filter)) {
                self.exchange.subscribe(&self.session, wish.filter, Options::new(wish, subscribe.id))
            } else {
                let client = self.session.client();
                tracing::warn!(%client, filter = wish.filter, "a client may not subscribe to this");
                Err(Reason::NotAuthorized)
            };
            codes.push(outcome.map_or_else(Reason::code, |qos| qos as u8));
        }
        subscribed(&mut self.out, self.version, subscribe.packet, &codes);
    }

    fn unsubscribe(&mut self, packet: u16, filters: &[&str]) {
        let code = |filter: &&str| match self.exchange.unsubscribe(&self.session, filter) {
            Ok(true) => Reason::Success.code(),
            Ok(false) => Reason::NoSubscription.code(),
            Err(reason) => reason.code(),
        };
        let codes = filters.iter().map(code).collect::<Vec<_>>();
        unsubscribed(&mut self.out, self.version, packet, &codes);
    }
}
