//! What a connection owes its client: pages of messages in the order in which they came, answered in that order when they are safe.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::BytesMut;
use tokio::sync::{Notify, watch};

use crate::ack::{Page, Verdict};
use crate::mqtt::listener::codec::{Reason, Version, pub_answer};
use crate::mqtt::listener::exchange::Message;

/// What a client is told about one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing: QoS 0.
    Nothing,
    /// PUBACK.
    Acknowledge(u16, Reason),
    /// PUBREC.
    Receive(u16, Reason),
    /// PUBCOMP.
    Complete(u16, Reason),
}

impl Answer {
    /// Whether the client keeps the number of its message until it releases it. One of MQTT 5 that hears a refusal does not: it may take the
    /// number for another message at once, and that one must not be taken for this.
    pub(super) fn holds_number(self, version: Version) -> bool {
        matches!(self, Self::Receive(_, reason) if reason == Reason::Success || version != Version::V5)
    }
}

/// One message that came.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) answer: Answer,
    /// The message, if anybody is to get it once it is safe.
    pub(super) message: Option<Arc<Message>>,
}

/// A message was given up: the connection must end, so that its sender sends it again.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GivenUp;

/// Everything owed on one connection.
pub(super) struct Ledger {
    pages: VecDeque<(Arc<Page>, Vec<Entry>)>,
    /// Answers that also wait for the journal, up to a mark.
    settled: VecDeque<(u64, Vec<Entry>)>,
    /// Entries that are not answered yet, with and without an answer.
    owed: usize,
    /// Those of them that a client waits for.
    answers: usize,
    bell: Arc<Notify>,
    durable: watch::Receiver<u64>,
}

impl Ledger {
    pub(super) fn new(durable: watch::Receiver<u64>) -> Self {
        let (pages, settled) = (VecDeque::new(), VecDeque::new());
        Self { pages, settled, owed: 0, answers: 0, bell: Arc::new(Notify::new()), durable }
    }

    /// Rings when a page was confirmed or given up.
    pub(super) fn bell(&self) -> &Arc<Notify> {
        &self.bell
    }

    /// Waits until more of the journal is durable; for ever when there is none.
    pub(super) async fn kept_more(durable: &mut watch::Receiver<u64>) {
        if durable.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// What says how much of the journal is durable.
    pub(super) fn durable(&self) -> watch::Receiver<u64> {
        self.durable.clone()
    }

    /// These messages came together.
    pub(super) fn owe(&mut self, page: Arc<Page>, entries: Vec<Entry>) {
        self.owed += entries.len();
        self.answers += entries.iter().filter(|entry| entry.answer != Answer::Nothing).count();
        self.pages.push_back((page, entries));
    }

    /// This answer is due once the journal is durable up to `mark`.
    pub(super) fn owe_after(&mut self, mark: u64, answer: Answer) {
        self.owed += 1;
        self.settled.push_back((mark, vec![Entry { answer, message: None }]));
    }

    /// Takes every page that is safe, in order. `safe` is told each of its messages and says up to which mark the journal must be durable.
    pub(super) fn settle(&mut self, mut safe: impl FnMut(&Entry), mark: impl Fn() -> u64) -> Result<(), GivenUp> {
        while let Some((page, _)) = self.pages.front() {
            match page.verdict() {
                Verdict::Owed => break,
                Verdict::GivenUp => return Err(GivenUp),
                Verdict::Confirmed => {
                    let Some((_, entries)) = self.pages.pop_front() else { break };
                    entries.iter().for_each(&mut safe);
                    self.settled.push_back((mark(), entries));
                }
            }
        }
        Ok(())
    }

    /// Writes the answers that are due.
    pub(super) fn answer(&mut self, version: Version, out: &mut BytesMut) {
        let durable = *self.durable.borrow();
        while self.settled.front().is_some_and(|(mark, _)| *mark <= durable) {
            let Some((_, entries)) = self.settled.pop_front() else { break };
            self.owed -= entries.len();
            for entry in entries {
                let (first, packet, reason) = match entry.answer {
                    Answer::Nothing => continue,
                    Answer::Acknowledge(packet, reason) => (0x40, packet, reason),
                    Answer::Receive(packet, reason) => (0x50, packet, reason),
                    Answer::Complete(packet, reason) => (0x70, packet, reason),
                };
                if first != 0x70 {
                    self.answers -= 1;
                }
                pub_answer(out, version, first, packet, reason);
            }
        }
    }

    /// Whether some answers wait for the journal only.
    pub(super) fn waits_for_journal(&self) -> bool {
        !self.settled.is_empty()
    }

    /// Messages that are not answered yet.
    pub(super) fn owed(&self) -> usize {
        self.owed
    }

    /// Messages whose answer the client waits for.
    pub(super) fn answers(&self) -> usize {
        self.answers
    }

    /// Whether nothing is owed.
    pub(super) fn is_empty(&self) -> bool {
        self.pages.is_empty() && self.settled.is_empty()
    }

    /// Gives up every answer: the client is gone. What others are to get is still owed to them.
    pub(super) fn forget_answers(&mut self, mut unsafe_packet: impl FnMut(u16)) {
        for (_, entries) in &mut self.pages {
            for entry in &mut *entries {
                if let Answer::Receive(packet, _) = entry.answer {
                    // It may not be safe yet, so nothing may answer for it: the client sends it again and it is taken then, once.
                    unsafe_packet(packet);
                    entry.message = None;
                }
                entry.answer = Answer::Nothing;
            }
            entries.retain(|entry| entry.message.is_some());
        }
        self.pages.retain(|(_, entries)| !entries.is_empty());
        self.settled.clear();
        self.owed = self.pages.iter().map(|(_, entries)| entries.len()).sum();
        self.answers = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(packet: u16) -> Entry {
        Entry { answer: Answer::Acknowledge(packet, Reason::Success), message: None }
    }

    fn sent(ledger: &mut Ledger, mark: u64) -> Result<Vec<u8>, GivenUp> {
        let mut out = BytesMut::new();
        ledger.settle(|_| {}, || mark)?;
        ledger.answer(Version::V311, &mut out);
        Ok(out.chunks(4).map(|packet| packet[3]).collect())
    }

    #[test]
    fn answers_leave_in_the_order_of_the_messages() {
        let (_durable, watch) = watch::channel(0);
        let mut ledger = Ledger::new(watch);
        let pages = [1, 2, 3].map(|packet| {
            let page = Page::new(Arc::clone(ledger.bell()));
            let ack = page.owe();
            page.close();
            ledger.owe(page, vec![entry(packet)]);
            ack
        });
        let [first, second, third] = pages;
        second.confirm();
        assert_eq!(sent(&mut ledger, 0), Ok(vec![]));
        first.confirm();
        assert_eq!(sent(&mut ledger, 0), Ok(vec![1, 2]));
        assert_eq!((ledger.owed(), ledger.answers()), (1, 1));
        drop(third);
        assert_eq!(sent(&mut ledger, 0), Err(GivenUp));
    }

    #[test]
    fn an_answer_waits_for_the_journal_too() {
        let (durable, watch) = watch::channel(4);
        let mut ledger = Ledger::new(watch);
        let page = Page::new(Arc::clone(ledger.bell()));
        page.close();
        ledger.owe(page, vec![entry(7)]);
        assert_eq!(sent(&mut ledger, 5), Ok(vec![]));
        durable.send_replace(5);
        assert_eq!(sent(&mut ledger, 0), Ok(vec![7]));
        assert!(ledger.is_empty());
    }
}
