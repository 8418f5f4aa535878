//! From waiting messages to arrivals: decode, count, collect by size and age.

use std::sync::Arc;

use bytes::Bytes;
use model::{DeadLetter, Duration, Reason, Timestamp};
use tokio::sync::mpsc::{Receiver, Sender};
use tokio::time::{Instant, timeout_at};

use crate::config::Config;
use crate::decode::Command;
use crate::gate::Waiting;
use crate::handle::{Handle, Source};
use crate::judge::{Found, Judge};
use crate::metrics::QUEUE_MESSAGES;
use crate::routes::{Meaning, Routes};
use crate::{Ack, Arrival, Clock, Directory, RawMessage, Refused, Result};

/// Messages taken from the queue at once: one wake-up for many.
const TAKE: usize = 256;
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
        })
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
            let deadline = Instant::now() + self.patience;
            self.hear_all(&mut taken);
            while !self.is_full() {
                let room = TAKE.min(self.batch_messages - self.messages);
                match timeout_at(deadline, waiting.recv_many(&mut taken, room)).await {
                    Ok(0) | Err(_) => break,
                    Ok(_) => self.hear_all(&mut taken),
                }
            }
            depth.set(handle.queue_depth() as f64);
            if arrivals.send(self.leave()).await.is_err() {
                tracing::warn!("nobody takes arrivals any more; what waits is not acknowledged");
                return;
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
        for mut waiting in taken.drain(..) {
            let (readings, refused) = (self.found.readings.len(), self.refused.len());
            self.hear(&waiting.message, &waiting.source);
            if let Some(report) = waiting.ack.report() {
                report.accepted = (self.found.readings.len() - readings) as u64;
                report.refused = self.refused[refused..].iter().map(Refused::of).collect();
                report.lines = std::mem::take(&mut self.found.lines);
            }
            self.found.lines.clear();
            self.owed.push(waiting.ack);
            self.messages += 1;
        }
    }

    /// Everything since the last time.
    pub(crate) fn leave(&mut self) -> Arrival {
        let (readings, seen, places) = self.found.take();
        Arrival {
            readings,
            refused: std::mem::take(&mut self.refused),
            owed: std::mem::take(&mut self.owed),
            seen,
            places,
            messages: std::mem::take(&mut self.messages),
        }
    }

    /// Decodes one message; every way it can end is counted once.
    pub(crate) fn hear(&mut self, raw: &RawMessage, source: &Source) {
        let (format, decoder) = match self.routes.meaning(&raw.topic) {
            Meaning::Ignored => return source.metrics.ignored.increment(1),
            // An empty retained message only tells the broker to forget what it kept.
            Meaning::Speaks(..) | Meaning::Unknown if raw.retained && raw.bytes == 0 => {
                return source.metrics.ignored.increment(1);
            }
            Meaning::Unknown => {
                source.count_refused(Reason::UnknownFormat);
                let detail = "no route names this topic; add one to routes, or list the topic in ignored_topics";
                return self.refused.push(letter(raw, Reason::UnknownFormat, detail.to_owned(), 0));
            }
            Meaning::Speaks(format, decoder) => (format, decoder),
        };
        if raw.bytes > self.max_message {
            source.count_refused(Reason::TooLarge);
            let detail = format!("{} bytes; the limit max_message_bytes is {}", raw.bytes, self.max_message);
            return self.refused.push(letter(raw, Reason::TooLarge, detail, 0));
        }
        let before = self.found.readings.len();
        let heard = self.judge.hear(raw, format, decoder, &mut self.found);
        for command in self.found.commands.drain(..) {
            source.command(command);
        }
        source.metrics.skipped.increment(std::mem::take(&mut self.found.skipped));
        match heard {
            Err(refusal) => {
                source.count_refused(refusal.reason);
                self.refused.push(letter(raw, refusal.reason, refusal.detail, 0));
            }
            Ok(rejected) => {
                source.metrics.mark(std::mem::take(&mut self.found.marks));
                let readings = self.found.readings.len() - before;
                match rejected.first() {
                    Some(first) if readings == 0 => source.count_refused(first.reason),
                    _ => source.metrics.accepted.increment(1),
                }
                source.count_readings(readings);
                for rejected in rejected {
                    source.metrics.reject(rejected.reason, u64::from(rejected.readings));
                    self.refused.push(letter(raw, rejected.reason, rejected.detail, rejected.readings));
                }
            }
        }
    }
}

fn letter(raw: &RawMessage, reason: Reason, detail: String, readings: u32) -> DeadLetter {
    tracing::debug!(source = %raw.source, topic = %raw.topic, reason = reason.as_str(), %detail, "refused");
    let head: &Bytes = &raw.payload;
    DeadLetter {
        tenant: raw.tenant.clone(),
        source: raw.source.to_string(),
        topic: raw.topic.clone(),
        received: raw.received,
        reason,
        detail,
        readings,
        head: head[..head.len().min(DeadLetter::HEAD_BYTES)].to_vec(),
        bytes: raw.bytes as u64,
    }
}
