//! An acknowledgement that is owed to a sender.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use tokio::sync::{Notify, oneshot};

use crate::Report;

const OWED: u8 = 0;
const CONFIRMED: u8 = 1;
const GIVEN_UP: u8 = 2;

/// An owed acknowledgement. [`Ack::confirm`] says that the message is safe; it never waits and never fails.
/// Dropping it without that means that the message is not safe: the sender hears nothing and its connection is closed, so that it sends again.
#[derive(Debug)]
#[must_use = "a message is sent again when its acknowledgement is dropped"]
pub struct Ack(Debt);

#[derive(Debug)]
enum Debt {
    /// Nobody waits: the message was sent without asking for an answer, or the debt is settled.
    None,
    /// A session with a broker looks at its slots in the order in which the messages came.
    Slot(Arc<Slot>),
    /// A connection of our own listener looks at the page as a whole.
    Page(Arc<Page>),
    /// Somebody waits for exactly this message.
    Waiter(oneshot::Sender<()>),
    /// Somebody waits for exactly this message and asks what became of it.
    Asker(Box<Asker>),
}

#[derive(Debug)]
struct Asker {
    report: Report,
    tell: oneshot::Sender<Report>,
}

impl Ack {
    /// Nobody waits for an answer (QoS 0).
    pub fn none() -> Self {
        Self(Debt::None)
    }

    /// An acknowledgement together with what hears of it: `Ok` when it is confirmed, an error when it is given up.
    pub fn watched() -> (Self, oneshot::Receiver<()>) {
        let (tell, hear) = oneshot::channel();
        (Self(Debt::Waiter(tell)), hear)
    }

    /// An acknowledgement together with what hears of it: what became of the message when it is confirmed, an error when it is given up.
    pub(crate) fn reported() -> (Self, oneshot::Receiver<Report>) {
        let (tell, hear) = oneshot::channel();
        (Self(Debt::Asker(Box::new(Asker { report: Report::default(), tell }))), hear)
    }

    /// Where to write what became of the message, when somebody asks.
    pub(crate) fn report(&mut self) -> Option<&mut Report> {
        if let Debt::Asker(asker) = &mut self.0 { Some(&mut asker.report) } else { None }
    }

    /// An acknowledgement that marks `slot`.
    pub(crate) fn slot(slot: Arc<Slot>) -> Self {
        Self(Debt::Slot(slot))
    }

    /// The message is safe: the sender may forget it.
    pub fn confirm(mut self) {
        match std::mem::replace(&mut self.0, Debt::None) {
            Debt::None => {}
            Debt::Slot(slot) => slot.settle(CONFIRMED),
            Debt::Page(page) => page.settle(),
            // An error means that the sender is gone; it will send again and the store will know the reading already.
            Debt::Waiter(tell) => drop(tell.send(())),
            Debt::Asker(asker) => drop(asker.tell.send(asker.report)),
        }
    }
}

impl Drop for Ack {
    fn drop(&mut self) {
        match &self.0 {
            Debt::Slot(slot) => slot.settle(GIVEN_UP),
            Debt::Page(page) => page.give_up(),
            Debt::None | Debt::Waiter(_) | Debt::Asker(_) => {}
        }
    }
}

/// What became of one message of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Not known yet.
    Owed,
    /// Safe.
    Confirmed,
    /// Not safe and never will be.
    GivenUp,
}

/// The place where the fate of one message is written. One atomic: whoever confirms never waits, and a ledger of slots in the order of arrival makes
/// acknowledgements leave in that order whatever the order of the confirmations.
#[derive(Debug)]
pub(crate) struct Slot {
    state: AtomicU8,
    bell: Arc<Notify>,
}

impl Slot {
    /// A slot whose owner is woken by `bell`.
    pub(crate) fn new(bell: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self { state: AtomicU8::new(OWED), bell })
    }

    fn settle(&self, state: u8) {
        self.state.store(state, Ordering::Release);
        self.bell.notify_one();
    }

    /// What became of the message.
    pub(crate) fn verdict(&self) -> Verdict {
        match self.state.load(Ordering::Acquire) {
            CONFIRMED => Verdict::Confirmed,
            GIVEN_UP => Verdict::GivenUp,
            _ => Verdict::Owed,
        }
    }
}

/// The place where the fate of messages is written that came together. They are answered together too, so one count does for all of them, and its
/// owner is woken once, when the last one is safe. A page that is not closed yet counts itself as owed.
#[derive(Debug)]
pub(crate) struct Page {
    owed: AtomicUsize,
    given_up: AtomicBool,
    bell: Arc<Notify>,
}

impl Page {
    /// An open page whose owner is woken by `bell`.
    pub(crate) fn new(bell: Arc<Notify>) -> Arc<Self> {
        Arc::new(Self { owed: AtomicUsize::new(1), given_up: AtomicBool::new(false), bell })
    }

    /// One more acknowledgement on this page.
    pub(crate) fn owe(self: &Arc<Self>) -> Ack {
        self.owed.fetch_add(1, Ordering::Relaxed);
        Ack(Debt::Page(Arc::clone(self)))
    }

    /// Nothing more is written on this page.
    pub(crate) fn close(&self) {
        self.settle();
    }

    fn settle(&self) {
        if self.owed.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.bell.notify_one();
        }
    }

    fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
        self.bell.notify_one();
    }

    /// What became of its messages: confirmed when all of them are.
    pub(crate) fn verdict(&self) -> Verdict {
        if self.given_up.load(Ordering::Acquire) {
            Verdict::GivenUp
        } else if self.owed.load(Ordering::Acquire) == 0 {
            Verdict::Confirmed
        } else {
            Verdict::Owed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_acknowledgement_is_given_up_and_a_confirmed_one_is_not() {
        let bell = Arc::new(Notify::new());
        let (kept, lost) = (Slot::new(Arc::clone(&bell)), Slot::new(bell));
        assert_eq!(kept.verdict(), Verdict::Owed);
        Ack::slot(Arc::clone(&kept)).confirm();
        drop(Ack::slot(Arc::clone(&lost)));
        assert_eq!((kept.verdict(), lost.verdict()), (Verdict::Confirmed, Verdict::GivenUp));
        let (ack, mut hear) = Ack::watched();
        drop(ack);
        assert!(hear.try_recv().is_err());
    }

    #[test]
    fn a_page_is_confirmed_with_its_last_message_and_given_up_with_any() {
        let bell = Arc::new(Notify::new());
        let page = Page::new(Arc::clone(&bell));
        let (first, second) = (page.owe(), page.owe());
        first.confirm();
        second.confirm();
        assert_eq!(page.verdict(), Verdict::Owed, "it is still open");
        page.close();
        assert_eq!(page.verdict(), Verdict::Confirmed);
        let page = Page::new(bell);
        let (first, second) = (page.owe(), page.owe());
        page.close();
        drop(first);
        assert_eq!(page.verdict(), Verdict::GivenUp);
        second.confirm();
        assert_eq!(page.verdict(), Verdict::GivenUp);
    }
}
