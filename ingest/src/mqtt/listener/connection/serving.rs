//! The connection's own loop: read, hand on, answer, deliver. One task, woken once for a batch.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use model::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::time::{Instant, sleep_until};

use super::inbound::{FEW, Familiar};
use super::ledger::{Answer, Entry, Ledger};
use super::parting::Ending;
use crate::mqtt::listener::codec::{Frame, Version};
use crate::mqtt::listener::exchange::{Exchange, Kick, Session, Will, Wire};
use crate::mqtt::listener::limits::Bucket;
use crate::mqtt::listener::reception::Reception;
use crate::mqtt::listener::rights::Rights;
use crate::{Ack, RawMessage};

/// How much is read at once, at least and at most: a device that sends little keeps little memory.
const READ: std::ops::RangeInclusive<usize> = 1_024..=65_536;
/// Bytes that may wait to be written before nothing more is read: a client that asks must also listen.
const UNWRITTEN: usize = 256 * 1024;
/// Bytes below which more deliveries are written.
const REFILL: usize = 32 * 1024;
/// What an idle connection keeps for writing at most.
const SMALL_OUT: usize = 8 * 1024;
/// How long a client may leave everything unread that is written to it.
const UNREAD: Duration = Duration::from_secs(30);
/// As good as never.
const LONG: Duration = Duration::from_secs(86_400);

/// One client's connection.
pub(in crate::mqtt::listener) struct Connection {
    pub(super) reception: Arc<Reception>,
    pub(super) exchange: Arc<Exchange>,
    pub(super) session: Arc<Session>,
    pub(super) kick: Kick,
    pub(super) rights: Rights,
    pub(super) version: Version,
    pub(super) wire: Wire,
    pub(super) will: Option<Will>,
    keep_alive: Option<Duration>,
    pub(super) inbuf: BytesMut,
    pub(super) out: BytesMut,
    pub(super) frames: Vec<Frame>,
    pub(super) batch: VecDeque<(RawMessage, Ack)>,
    pub(super) ledger: Ledger,
    pub(super) aliases: Vec<Option<Arc<str>>>,
    pub(super) familiar: Familiar,
    /// Messages of QoS 2 that the client has not released.
    pub(super) unreleased: usize,
    pub(super) bucket: Bucket,
    heard: Instant,
    /// Since when nothing could be written.
    stuck: Option<Instant>,
    read_size: usize,
    /// Whether packets may be there that were not looked at.
    more: bool,
}

impl Connection {
    #[expect(clippy::too_many_arguments, reason = "called once, with what the greeting found out")]
    pub(super) fn new(
        reception: &Arc<Reception>,
        exchange: &Arc<Exchange>,
        session: Arc<Session>,
        kick: Kick,
        rights: Rights,
        version: Version,
        wire: Wire,
        will: Option<Will>,
        keep_alive: u16,
        inbuf: BytesMut,
        out: BytesMut,
    ) -> Self {
        let now = Instant::now();
        let config = &reception.config;
        Self {
            bucket: Bucket::new(config.max_messages_per_second, config.max_bytes_per_second, now),
            ledger: Ledger::new(reception.journal.durable()),
            reception: Arc::clone(reception),
            exchange: Arc::clone(exchange),
            unreleased: session.unreleased(),
            session,
            kick,
            rights,
            version,
            wire,
            will,
            // One and a half times what the client promised, as the standard says.
            keep_alive: (keep_alive > 0).then(|| Duration::from_millis(u64::from(keep_alive) * 1_500)),
            more: !inbuf.is_empty(),
            inbuf,
            out,
            frames: Vec::new(),
            batch: VecDeque::new(),
            aliases: Vec::new(),
            familiar: Familiar::default(),
            heard: now,
            stuck: None,
            read_size: *READ.start(),
        }
    }

    /// Serves the client until the connection ends, one way or another.
    pub(in crate::mqtt::listener) async fn serve<S>(mut self: Box<Self>, socket: S)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        self.exchange.source.count_client(true);
        let (mut reader, mut writer) = tokio::io::split(socket);
        let ending = self.converse(&mut reader, &mut writer).await;
        // The client is no longer there, whatever is still to be done about it.
        self.exchange.source.count_client(false);
        // Its room is not needed before.
        Box::pin(self.part(ending, &mut reader, &mut writer)).await;
    }

    async fn converse<S>(&mut self, reader: &mut ReadHalf<S>, writer: &mut WriteHalf<S>) -> Ending
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let kick = self.kick.clone();
        let session = Arc::clone(&self.session);
        let bell = Arc::clone(self.ledger.bell());
        let mut durable = self.ledger.durable();
        let mut alarm = pin!(sleep_until(Instant::now() + LONG));
        loop {
            let now = Instant::now();
            let closed_until = self.bucket.closed_until(now);
            let may_read = closed_until.is_none() && self.may_read();
            if !may_read {
                self.heard = now;
            }
            if let Some(ending) = self.overdue(now) {
                return ending;
            }
            let due = self.due(closed_until, now);
            if due < alarm.deadline() || alarm.is_elapsed() {
                alarm.as_mut().reset(due);
            }
            let ready = self.more && may_read;
            if may_read && !ready {
                self.inbuf.reserve(self.read_size);
            }
            tokio::select! {
                biased;
                () = kick.kicked() => return Ending::Kicked(kick.reason()),
                wrote = writer.write_buf(&mut self.out), if !self.out.is_empty() => match wrote {
                    Ok(0) | Err(_) => return Ending::Closed,
                    Ok(_) => self.wrote(now),
                },
                () = bell.notified() => {
                    if let Err(ending) = self.settle() {
                        return ending;
                    }
                }
                () = Ledger::kept_more(&mut durable), if self.ledger.waits_for_journal() => {
                    self.ledger.answer(self.version, &mut self.out);
                }
                () = session.rung(), if self.out.len() < REFILL => {
                    let now = self.reception.clock.now();
                    self.session.fill(&self.exchange, &mut self.wire, now, &mut self.out);
                }
                () = std::future::ready(()), if ready => {
                    if let Err(ending) = self.take(&kick).await {
                        return ending;
                    }
                }
                read = reader.read_buf(&mut self.inbuf), if may_read && !ready => match read {
                    Ok(0) | Err(_) => return Ending::Closed,
                    Ok(bytes) => {
                        self.heard = now;
                        self.resize(bytes);
                        if let Err(ending) = self.take(&kick).await {
                            return ending;
                        }
                    }
                },
                () = &mut alarm => {}
            }
        }
    }

    /// Looks at what came and hands it on. Waits while there is no room: then nothing more is read, and the pressure reaches the client.
    async fn take(&mut self, kick: &Kick) -> Result<(), Ending> {
        let outcome = self.digest();
        self.more = *outcome.as_ref().unwrap_or(&false);
        if self.batch.is_empty() {
            return outcome.map(drop);
        }
        let Some(gate) = self.reception.gate.upgrade() else { return Err(Ending::GivenUp) };
        let entered = tokio::select! {
            biased;
            entered = gate.enter_all(&self.exchange.source, &mut self.batch) => entered.map_err(|_| Ending::GivenUp),
            () = kick.kicked() => Err(Ending::Kicked(kick.reason())),
        };
        self.batch.clear();
        self.batch.shrink_to(FEW);
        // Time that we made the client wait is no silence of its own.
        self.heard = Instant::now();
        entered?;
        outcome.map(drop)
    }

    /// Passes on and answers what has become safe.
    pub(super) fn settle(&mut self) -> Result<(), Ending> {
        let Self { ledger, exchange, session, reception, version, .. } = self;
        let journaled = std::cell::Cell::new(false);
        let safe = |entry: &Entry| {
            if let Some(message) = &entry.message {
                exchange.route(message);
                journaled.set(true);
            }
            if let Answer::Receive(packet, _) = entry.answer
                && entry.answer.holds_number(*version)
            {
                session.keep_received(packet);
                journaled.set(true);
            }
        };
        let mark = || if journaled.get() { reception.journal.mark() } else { 0 };
        let settled = ledger.settle(safe, mark);
        self.ledger.answer(self.version, &mut self.out);
        settled.map_err(|_| Ending::GivenUp)
    }

    fn may_read(&self) -> bool {
        let room = match self.version {
            // Such a client was told how much it may send; that it sends more must be seen.
            Version::V5 => 2 * usize::from(self.reception.config.in_flight) + 1,
            Version::V31 | Version::V311 => self.reception.config.in_flight.into(),
        };
        self.ledger.owed() < room
            && self.out.len() < UNWRITTEN
            && !(self.ledger.waits_for_journal() && self.reception.journal.is_behind())
    }

    fn wrote(&mut self, now: Instant) {
        self.stuck = (!self.out.is_empty()).then_some(now);
        if self.out.is_empty() {
            if self.out.capacity() > SMALL_OUT {
                self.out = BytesMut::new();
            }
            // Deliveries that had no room.
            self.session.ring();
        }
    }

    fn overdue(&mut self, now: Instant) -> Option<Ending> {
        if self.out.is_empty() {
            self.stuck = None;
        } else if self.stuck.get_or_insert(now).elapsed() > UNREAD {
            return Some(Ending::Unread);
        }
        let silent = now.saturating_duration_since(self.heard);
        self.keep_alive.filter(|limit| silent > *limit).map(|_| Ending::Silent)
    }

    fn due(&self, closed_until: Option<Instant>, now: Instant) -> Instant {
        let silent = self.keep_alive.map(|limit| self.heard + limit + Duration::from_millis(1));
        let unread = self.stuck.map(|since| since + UNREAD + Duration::from_millis(1));
        [closed_until, silent, unread].into_iter().flatten().min().unwrap_or(now + LONG)
    }

    fn resize(&mut self, bytes: usize) {
        if bytes >= self.read_size {
            self.read_size = (self.read_size * 4).min(*READ.end());
        } else if bytes < self.read_size / 8 {
            self.read_size = (self.read_size / 2).max(*READ.start());
        }
    }

    /// Cuts a payload that is too large, so that it takes no room.
    pub(super) fn trim(&self, payload: Bytes) -> (Bytes, usize) {
        match self.reception.gate.upgrade() {
            Some(gate) => gate.trim(payload),
            None => {
                let bytes = payload.len();
                (payload, bytes)
            }
        }
    }
}
