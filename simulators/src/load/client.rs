//! One client: sends as the order says, takes acknowledgements, and after a lost connection sends again what nobody confirmed.

use std::collections::VecDeque;
use std::io::{Error, ErrorKind, Result};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use bytes::{Buf, BytesMut};
use model::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::engine::Signals;
use super::ledger::Account;
use super::mqtt;
use super::order::{Order, Promise};
use super::shape::Speech;
use super::tally::Tally;
use super::template::{Filling, Moment, Template};
use super::window::{OnTheWay, Window};
use crate::chance::{key_of, unit};

/// Bytes that are written in one go: a hundred messages or so.
const CHUNK: usize = 32 * 1024;
/// A client that has said nothing for so long says that it is there.
const PING: Duration = Duration::from_secs(mqtt::KEEP_ALIVE as u64 / 2);
const ANSWER: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// Formats that tell only milliseconds apart begin so long ago: fast clients run ahead of the clock, and must not reach the future.
const HEAD_START: i64 = 3_600_000_000_000;

/// One client of a load.
pub(super) struct Client {
    order: Arc<Order>,
    name: String,
    packet: Template,
    speech: Speech,
    signals: Signals,
    tally: Arc<Tally>,
    account: Arc<Mutex<Account>>,
    window: Window,
    /// What is to be sent next: made and not yet sent, or to be sent again.
    queue: VecDeque<OnTheWay>,
    /// The number of the next message.
    next: u64,
    last_nanos: i64,
    moment: Moment,
    sequence: u8,
    key: u64,
    /// Between two messages, and how long after the start the first is due.
    pace: Option<(f64, f64)>,
    latencies: Vec<Duration>,
    /// What the second step of QoS 2 owes to the broker.
    owed: Vec<u8>,
}

impl Client {
    pub(super) fn new(
        order: &Arc<Order>,
        index: usize,
        speech: Speech,
        account: Arc<Mutex<Account>>,
        tally: &Arc<Tally>,
        signals: Signals,
    ) -> Self {
        let name = order.name(index);
        let interval = order.clients as f64 / order.rate;
        Self {
            packet: mqtt::publish_template(&speech.topic, &speech.payload, order.promise),
            window: Window::new(if order.promise == Promise::None { 0 } else { order.in_flight }),
            key: key_of(u64::from(order.run), &name),
            pace: interval.is_finite().then(|| (interval, interval * index as f64 / order.clients as f64)),
            name,
            speech,
            signals,
            tally: Arc::clone(tally),
            account,
            queue: VecDeque::new(),
            next: 0,
            last_nanos: 0,
            moment: Moment::new(),
            sequence: 0,
            latencies: Vec::new(),
            owed: Vec::new(),
            order: Arc::clone(order),
        }
    }

    /// Connects, waits for the start, and speaks until everything is acknowledged or the grace is over.
    ///
    /// # Errors
    /// When the first connection cannot be made.
    pub(super) async fn run(mut self) -> Result<()> {
        let mut stream = self.connect().await?;
        let Some(start) = self.signals.ready().await else { return Ok(()) };
        loop {
            match self.speak(&mut stream, start).await {
                Ok(()) => break,
                Err(error) => tracing::debug!(client = %self.name, %error, "a client of the load lost its connection"),
            }
            self.tally.connected.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
            let mut lost = self.window.empty();
            lost.extend(self.queue.drain(..));
            self.queue.extend(lost);
            match self.connect_again().await {
                Some(again) => stream = again,
                None => return Ok(()),
            }
        }
        self.tally.connected.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
        Ok(())
    }

    async fn connect_again(&mut self) -> Option<TcpStream> {
        let mut pause = FIRST_PAUSE;
        loop {
            if self.signals.is_over() {
                return None;
            }
            sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
            if let Ok(stream) = self.connect().await {
                Tally::add(&self.tally.reconnects, 1);
                return Some(stream);
            }
        }
    }

    async fn connect(&mut self) -> Result<TcpStream> {
        let hello = mqtt::connect(&self.name, self.order.broker.credentials.as_ref());
        let mut stream = open(&self.order.broker.host, self.order.broker.port, &hello).await?;
        let millis = (now_nanos() / 1_000_000).unsigned_abs();
        for (topic, payload) in &self.speech.births {
            stream.write_all(&mqtt::publish(topic, &payload(millis))).await?;
        }
        // Births are counted too.
        self.sequence = self.speech.births.len() as u8;
        self.tally.connected.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Ok(stream)
    }

    async fn speak(&mut self, stream: &mut TcpStream, start: Instant) -> Result<()> {
        let mut out = Vec::with_capacity(CHUNK * 2);
        let mut input = BytesMut::with_capacity(CHUNK);
        let mut last_sent = Instant::now();
        self.owed.clear();
        loop {
            let now = Instant::now();
            out.clear();
            out.append(&mut self.owed);
            let messages = self.produce(start, now, &mut out);
            if out.is_empty() && now >= last_sent + PING {
                out.extend(mqtt::PINGREQ);
            }
            if !out.is_empty() {
                // Before they leave: whatever is stored was sent.
                self.account.lock().unwrap_or_else(PoisonError::into_inner).sent = self.next;
                stream.write_all(&out).await?;
                last_sent = now;
                Tally::add(&self.tally.sent, messages);
                Tally::add(&self.tally.bytes, out.len() as u64);
            }
            if self.is_done(now) || self.signals.is_over() {
                stream.write_all(&mqtt::DISCONNECT).await?;
                return stream.flush().await;
            }
            if out.len() >= CHUNK {
                // There is more to say: take what has come, and go on.
                match stream.try_read_buf(&mut input) {
                    Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
                    Err(error) => return Err(error),
                }
            } else {
                tokio::select! {
                    read = stream.read_buf(&mut input) => {
                        if read? == 0 {
                            return Err(ErrorKind::UnexpectedEof.into());
                        }
                    }
                    () = sleep_until(self.wake(start, now, last_sent)) => continue,
                    () = self.signals.ended(), if self.signals.is_making(now) => continue,
                }
            }
            let used = self.take(&input)?;
            input.advance(used);
        }
    }

    /// Adds what may leave now to `out`; how many messages that is.
    fn produce(&mut self, start: Instant, now: Instant, out: &mut Vec<u8>) -> u64 {
        let wall = now_nanos();
        let mut messages = 0;
        while out.len() < CHUNK {
            if self.order.promise != Promise::None && self.window.is_full() {
                break;
            }
            let Some(message) = self.queue.pop_front() else {
                if self.make(start, now, wall) {
                    continue;
                }
                break;
            };
            let packet_id = self.window.enter(message).unwrap_or_default();
            self.moment.set(message.nanos);
            let filling = Filling { number: message.number, time: &self.moment, packet_id, sequence: self.sequence };
            self.packet.fill(out, filling);
            self.sequence = self.sequence.wrapping_add(1);
            messages += 1;
        }
        messages
    }

    /// Makes the next message, if one is due; it may be overtaken by the one after it, or be sent twice.
    fn make(&mut self, start: Instant, now: Instant, wall: i64) -> bool {
        let due = self.due(start);
        if !self.makes_more(now) || due.is_some_and(|due| due > now) {
            return false;
        }
        let one = |client: &mut Self| {
            let lag = if client.speech.step > 1 { HEAD_START } else { 0 };
            client.last_nanos = (wall - lag).max(client.last_nanos + client.speech.step);
            let message =
                OnTheWay { number: client.next, nanos: client.last_nanos, due: due.unwrap_or(now), taken: false };
            client.next += 1;
            message
        };
        let message = one(self);
        if unit(self.key, message.number) < self.order.overtaken && self.makes_more(now) {
            let faster = one(self);
            self.queue.push_back(faster);
        }
        self.queue.push_back(message);
        if unit(!self.key, message.number) < self.order.twice {
            self.queue.push_back(message);
        }
        true
    }

    /// When the next message is due; `None` when it may always leave.
    fn due(&self, start: Instant) -> Option<Instant> {
        let (interval, offset) = self.pace?;
        Some(start + Duration::from_secs_f64(offset + interval * self.next as f64))
    }

    fn makes_more(&self, now: Instant) -> bool {
        self.signals.is_making(now) && self.order.messages.is_none_or(|most| self.next < most)
    }

    fn is_done(&self, now: Instant) -> bool {
        !self.makes_more(now) && self.queue.is_empty() && self.window.is_empty()
    }

    /// When something is to be done although nothing comes.
    fn wake(&self, start: Instant, now: Instant, last_sent: Instant) -> Instant {
        let ping = last_sent + PING;
        if !self.makes_more(now) {
            return ping.min(self.signals.over_at());
        }
        let ping = ping.min(self.signals.ends_at());
        let has_room = self.order.promise == Promise::None || !self.window.is_full();
        self.due(start).filter(|_| has_room).map_or(ping, |due| ping.min(due))
    }

    /// Takes the answers in `input`; returns how many bytes they were.
    fn take(&mut self, input: &[u8]) -> Result<usize> {
        let now = Instant::now();
        let Self { window, account, latencies, owed, .. } = self;
        let mut account = account.lock().unwrap_or_else(PoisonError::into_inner);
        let used = mqtt::packets(input, |first, body| {
            let Some(id) = mqtt::id(body) else { return };
            let safe = match first >> 4 {
                mqtt::PUBACK => window.leave(id),
                mqtt::PUBREC => {
                    owed.extend(mqtt::pubrel(id));
                    let message = window.get_mut(id).filter(|message| !message.taken);
                    message.map(|message| {
                        message.taken = true;
                        *message
                    })
                }
                mqtt::PUBCOMP => {
                    window.leave(id);
                    None
                }
                _ => None,
            };
            if let Some(message) = safe {
                account.acknowledged.insert(message.number);
                latencies.push(now.saturating_duration_since(message.due));
            }
        })?;
        drop(account);
        Tally::add(&self.tally.acknowledged, latencies.len() as u64);
        self.tally.enter(latencies);
        Ok(used)
    }
}

/// Opens a connection and waits until the broker welcomes it.
///
/// # Errors
/// When nobody listens, or the broker refuses the client.
pub(super) async fn open(host: &str, port: u16, hello: &[u8]) -> Result<TcpStream> {
    let welcome = async {
        let mut stream = TcpStream::connect((host, port)).await?;
        stream.set_nodelay(true)?;
        stream.write_all(hello).await?;
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await?;
        match answer {
            [first, 2, _, 0] if first >> 4 == mqtt::CONNACK => Ok(stream),
            [first, 2, _, code] if first >> 4 == mqtt::CONNACK => {
                Err(Error::new(ErrorKind::ConnectionRefused, format!("the broker refuses the client with code {code}")))
            }
            _ => Err(Error::new(ErrorKind::InvalidData, "what listens there is no MQTT broker")),
        }
    };
    timeout(ANSWER, welcome).await.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into()))
}

fn now_nanos() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}
