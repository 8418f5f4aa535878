//! From waiting messages to arrivals: decode, count, collect by size and age.

use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use model::{DeadLetter, Duration, Reason, Timestamp};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::{Instant, timeout_at};

use crate::books::{Bill, Heard};
use crate::config::Config;
use crate::decode::Command;
use crate::gate::{Room, Waiting};
use crate::handle::{Handle, Source};
use crate::judge::{self, Found, Judge};
use crate::ledger::Books as Ledger;
use crate::metrics::QUEUE_MESSAGES;
use crate::routes::{Meaning, Routes};
use crate::{Ack, Arrival, Clock, Directory, RawMessage, Refused, Result};

/// Messages taken from the queue at once: one wake-up for many.
const TAKE: usize = 256;
/// Messages or readings that are worth a write of their own: what a write costs beside its bytes is little for each of so many.
const ENOUGH: usize = 64;
/// After such a silence nothing more is expected: whoever would speak waits for an answer. The shortest time that can be waited.
const SILENCE: Duration = Duration::from_millis(1);
/// How often decoders are asked whether something is due: a tenth of the seconds that a conversation waits for a missing message.
const TICK: Duration = Duration::from_millis(200);

/// The decoding stage. Ends when every source is gone and the queue is empty.
pub(crate) struct Stage {
    routes: Routes,
    judge: Judge,
    clock: Arc<dyn Clock>,
    max_message: usize,
    batch_readings: usize,
    batch_messages: usize,
    patience: Duration,
    found: Found,
    refused: Vec<DeadLetter>,
    owed: Vec<Ack>,
    messages: usize,
    bill: Bill,
    rooms: Vec<Room>,
    /// Who should have spoken; locked once for many messages.
    ledger: Arc<Mutex<Ledger>>,
}

impl Stage {
    /// A stage for this configuration.
    pub(crate) fn new(config: &Config, directory: Arc<dyn Directory>, clock: Arc<dyn Clock>) -> Result<Self> {
        Ok(Self {
            routes: Routes::new(config),
            judge: Judge::new(config, directory)?,
            clock,
            max_message: config.max_message_bytes,
            batch_readings: config.batch_readings,
            batch_messages: config.batch_messages,
            patience: Duration::from_millis(config.batch_millis),
            found: Found::default(),
            refused: Vec::new(),
            owed: Vec::new(),
            messages: 0,
            bill: Bill::default(),
            rooms: Vec::new(),
            ledger: Arc::new(Mutex::new(Ledger::new(config.known_series))),
        })
    }

    /// Who should have spoken and did not.
    pub(crate) fn ledger(&self) -> Arc<Mutex<Ledger>> {
        Arc::clone(&self.ledger)
    }

    /// Takes messages until the sources are gone, and sends arrivals on. When nobody takes arrivals any more, what was not handed on is not
    /// acknowledged and will be sent again.
    pub(crate) async fn run(mut self, mut waiting: Receiver<Waiting>, arrivals: Sender<Arrival>, handle: Handle) {
        let depth = metrics::gauge!(QUEUE_MESSAGES);
        let mut taken = Vec::with_capacity(TAKE);
        let mut next_tick = Instant::now() + TICK;
        loop {
            let room = TAKE.min(self.batch_messages);
            let came = timeout_at(next_tick, waiting.recv_many(&mut taken, room)).await;
            if Instant::now() >= next_tick {
                next_tick = Instant::now() + TICK;
                self.speak(&handle);
            }
            match came {
                Ok(0) => return,
                Ok(_) => {}
                Err(_) => continue,
            }
            self.hear_all(&mut taken);
            self.gather(&mut waiting, &mut taken, &arrivals).await;
            depth.set(handle.queue_depth() as f64);
            if arrivals.send(self.leave()).await.is_err() {
                tracing::warn!("nobody takes arrivals any more; what waits is not acknowledged");
                waiting.close();
                while let Ok(given_up) = waiting.try_recv() {
                    given_up.source.shed();
                }
                return;
            }
        }
    }

    /// Takes more messages, until the batch is full or waiting for more gains nothing. As long as the keeper is busy, waiting costs nobody anything:
    /// the batch grows. When it is free, what is worth a write leaves at once, because senders may be waiting for their answers before they say more;
    /// a few messages wait for company, but not in a silence.
    async fn gather(&mut self, waiting: &mut Receiver<Waiting>, taken: &mut Vec<Waiting>, arrivals: &Sender<Arrival>) {
        let deadline = Instant::now() + self.patience;
        let mut yielded = false;
        while !self.is_full() {
            let room = TAKE.min(self.batch_messages - self.messages);
            match waiting.recv_many(taken, room).now_or_never() {
                Some(0) => return,
                Some(_) => {
                    self.hear_all(taken);
                    yielded = false;
                    continue;
                }
                None => {}
            }
            let is_free = || arrivals.capacity() == arrivals.max_capacity();
            let is_worth_it = self.messages >= ENOUGH || self.found.readings.len() >= ENOUGH;
            if is_worth_it && is_free() {
                if yielded {
                    return;
                }
                // Those who are about to hand something in come first.
                yielded = true;
                tokio::task::yield_now().await;
                continue;
            }
            let silence = Instant::now() + SILENCE;
            match timeout_at(silence.min(deadline), waiting.recv_many(taken, room)).await {
                Ok(0) => return,
                Ok(_) => self.hear_all(taken),
                Err(_) if silence >= deadline || is_free() => return,
                Err(_) => {}
            }
        }
    }

    /// Says what the decoders want to say without having heard anything.
    fn speak(&mut self, handle: &Handle) {
        for (name, command) in self.due(self.clock.now()) {
            if let Some(source) = handle.sources.iter().find(|source| source.name == name) {
                source.command(command);
            }
        }
    }

    /// What the decoders want to say without having heard anything, each with the source it goes to.
    pub(crate) fn due(&mut self, now: Timestamp) -> Vec<(Arc<str>, Command)> {
        self.routes.tick(now)
    }

    fn is_full(&self) -> bool {
        self.messages >= self.batch_messages || self.found.readings.len() >= self.batch_readings
    }

    fn hear_all(&mut self, taken: &mut Vec<Waiting>) {
        let ledger = self.ledger();
        let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
        for mut waiting in taken.drain(..) {
            let (readings, refused) = (self.found.readings.len(), self.refused.len());
            self.hear(&waiting.message, &waiting.source, &mut ledger);
            if let Some(report) = waiting.ack.report() {
                report.accepted = (self.found.readings.len() - readings) as u64;
                report.refused = self.refused[refused..].iter().map(Refused::of).collect();
                report.lines = std::mem::take(&mut self.found.lines);
            }
            self.found.lines.clear();
            if self.refused.len() > refused {
                self.rooms.push(waiting.room);
            }
            self.owed.push(waiting.ack);
            self.messages += 1;
        }
    }

    /// Everything since the last time.
    pub(crate) fn leave(&mut self) -> Arrival {
        let (readings, seen, places) = self.found.take();
        let mut bill = std::mem::take(&mut self.bill);
        bill.issue();
        Arrival {
            readings,
            refused: std::mem::take(&mut self.refused),
            owed: std::mem::take(&mut self.owed),
            seen,
            places,
            messages: std::mem::take(&mut self.messages),
            bill,
            rooms: std::mem::take(&mut self.rooms),
        }
    }

    /// Decodes one message; every way it can end is entered once.
    pub(crate) fn hear(&mut self, raw: &RawMessage, source: &Arc<Source>, ledger: &mut Ledger) {
        let heard = self.understand(raw, source, ledger);
        if matches!(heard, Heard::Refused(_)) {
            source.count_refused();
        }
        self.bill.message(source, heard);
    }

    fn understand(&mut self, raw: &RawMessage, source: &Arc<Source>, ledger: &mut Ledger) -> Heard {
        let (format, decoder) = match self.routes.meaning(&raw.topic) {
            Meaning::Ignored => return Heard::Ignored,
            // An empty retained message only tells the broker to forget what it kept.
            Meaning::Speaks(..) | Meaning::Unknown if raw.retained && raw.bytes == 0 => return Heard::Ignored,
            Meaning::Unknown => {
                let detail = "no route names this topic; add one to routes, or list the topic in ignored_topics";
                self.refused.push(letter(raw, Reason::UnknownFormat, detail.to_owned(), 0));
                return Heard::Refused(Reason::UnknownFormat);
            }
            Meaning::Speaks(format, decoder) => (format, decoder),
        };
        if raw.bytes > self.max_message {
            let detail = format!("{} bytes; the limit max_message_bytes is {}", raw.bytes, self.max_message);
            self.refused.push(letter(raw, Reason::TooLarge, detail, 0));
            return Heard::Refused(Reason::TooLarge);
        }
        let before = self.found.readings.len();
        let heard = self.judge.hear(raw, format, decoder, &mut self.found, ledger);
        for command in self.found.commands.drain(..) {
            source.command(command);
        }
        let skipped = std::mem::take(&mut self.found.skipped);
        match heard {
            Err(refusal) => {
                self.bill.found(source, 0, std::iter::empty(), skipped);
                let reason = refusal.reason;
                self.refused.push(letter(raw, reason, refusal.detail, 0));
                Heard::Refused(reason)
            }
            Ok(judge::Heard { offered, rejected }) => {
                source.metrics.mark(std::mem::take(&mut self.found.marks));
                let readings = self.found.readings.len() - before;
                source.count_readings(readings);
                let by_reason = rejected.iter().map(|one| (one.reason, u64::from(one.readings)));
                self.bill.found(source, offered, by_reason, skipped);
                let first = rejected.first().map(|one| one.reason);
                for rejected in rejected {
                    self.refused.push(letter(raw, rejected.reason, rejected.detail, rejected.readings));
                }
                match first {
                    Some(reason) if readings == 0 => Heard::Refused(reason),
                    _ => Heard::Told(readings),
                }
            }
        }
    }
}

fn letter(raw: &RawMessage, reason: Reason, detail: String, readings: u32) -> DeadLetter {
    tracing::debug!(source = %raw.source, topic = %raw.topic, reason = reason.as_str(), %detail, "refused");
    DeadLetter {
        tenant: raw.tenant.clone(),
        source: raw.source.to_string(),
        topic: raw.topic.to_string(),
        received: raw.received,
        retained: raw.retained,
        reason,
        detail,
        readings,
        payload: raw.payload.clone(),
        bytes: raw.bytes as u64,
    }
}

#[cfg(test)]
mod tests {
    use std::task::Poll;

    use model::{TenantId, Timestamp};
    use tokio::sync::mpsc;

    use super::*;
    use crate::config::Queue;
    use crate::gate::Gate;
    use crate::handle::SourceKind;
    use crate::{Door, EverybodyIsNew, SystemClock};

    /// A message that no decoder understands.
    fn garbage(source: &Source) -> RawMessage {
        RawMessage {
            tenant: source.tenant.clone(),
            source: Arc::clone(&source.name),
            topic: "specola/v1/me/gw/readings".into(),
            payload: vec![b'x'; 10_000].into(),
            bytes: 10_000,
            received: Timestamp::EPOCH,
            retained: false,
        }
    }

    fn handle(config: &Config, source: &Arc<Source>, gate: &Gate) -> Handle {
        Handle {
            sources: Arc::new(vec![Arc::clone(source)]),
            door: Door::new(config, gate.downgrade(), Arc::new(SystemClock)),
            gate: gate.downgrade(),
            listener: None,
            secure: None,
            ledger: Arc::default(),
        }
    }

    #[tokio::test]
    async fn a_flood_of_garbage_waits_at_the_gate_until_what_was_refused_is_kept() {
        let config = Config { queue: Queue { bytes: 100_000, ..Queue::default() }, ..Config::default() };
        let (gate, waiting) = Gate::new(&config);
        let source = Source::new("s", TenantId::new("me").unwrap(), SourceKind::Broker);
        let stage = Stage::new(&config, Arc::new(EverybodyIsNew), Arc::new(SystemClock)).unwrap();
        let (sender, mut arrivals) = mpsc::channel(64);
        let handle = handle(&config, &source, &gate);
        let stage = tokio::spawn(stage.run(waiting, sender, handle.clone()));
        let mut entered = 0;
        let mut next = Box::pin(gate.enter(&source, garbage(&source), Ack::none()));
        let mut turns = 0;
        // The stage runs while this task yields: whatever room it gives back is used at once.
        while turns < 1_000 {
            match futures::poll!(&mut next) {
                Poll::Ready(done) => {
                    done.unwrap();
                    entered += 1;
                    assert!(entered < 100, "nothing bounds what was refused");
                    next = Box::pin(gate.enter(&source, garbage(&source), Ack::none()));
                }
                Poll::Pending => turns += 1,
            }
            tokio::task::yield_now().await;
        }
        assert!((5..=10).contains(&entered), "{entered} messages of 10,000 bytes found room in 100,000");
        let mut letters = 0;
        while letters < entered {
            let arrival = arrivals.recv().await.unwrap();
            letters += arrival.refused.len();
            arrival.bill.settle(0, &[]);
        }
        next.await.unwrap();
        let (_, books) = handle.books().remove(0);
        assert!(books.balance(), "{books:?}");
        assert_eq!((books.messages.refused.of(Reason::Malformed), books.messages.waiting), (entered as u64, 1));
        drop(gate);
        stage.await.unwrap();
    }

    #[tokio::test]
    async fn what_nobody_takes_is_shed_and_stands_in_the_books() {
        let config = Config::default();
        let (gate, waiting) = Gate::new(&config);
        let source = Source::new("s", TenantId::new("me").unwrap(), SourceKind::Broker);
        let stage = Stage::new(&config, Arc::new(EverybodyIsNew), Arc::new(SystemClock)).unwrap();
        let (sender, arrivals) = mpsc::channel(1);
        drop(arrivals);
        for _ in 0..600 {
            gate.enter(&source, garbage(&source), Ack::none()).await.unwrap();
        }
        let handle = handle(&config, &source, &gate);
        stage.run(waiting, sender, handle.clone()).await;
        let (_, books) = handle.books().remove(0);
        assert_eq!((books.messages.received, books.messages.shed, books.messages.waiting), (600, 600, 0), "{books:?}");
    }
}
