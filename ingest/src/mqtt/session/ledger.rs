//! What a session owes its broker: one slot for each message, in the order in which the messages came.

use std::collections::VecDeque;
use std::sync::Arc;

use tokio::sync::Notify;

use crate::Ack;
use crate::ack::{Slot, Verdict};

/// Owed acknowledgements of one connection. Dropped with the connection: what was owed on it is sent again by the broker.
pub(super) struct Ledger {
    owed: VecDeque<(u16, Arc<Slot>)>,
    bell: Arc<Notify>,
}

/// A message was given up: the connection must end, so that the broker sends it again.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GivenUp;

/// Whether the client took all acknowledgements that were due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Room {
    /// It did; what is left is not confirmed yet.
    Left,
    /// It did not: it must be polled before it takes more.
    Full,
}

impl Ledger {
    pub(super) fn new() -> Self {
        Self { owed: VecDeque::new(), bell: Arc::new(Notify::new()) }
    }

    /// Rings whenever something was confirmed or given up.
    pub(super) fn bell(&self) -> Arc<Notify> {
        Arc::clone(&self.bell)
    }

    /// Notes that this packet must be acknowledged.
    pub(super) fn owe(&mut self, packet: u16) -> Ack {
        let slot = Slot::new(Arc::clone(&self.bell));
        self.owed.push_back((packet, Arc::clone(&slot)));
        Ack::slot(slot)
    }

    /// Hands confirmed packets to `send`, oldest first, until one is not confirmed yet or `send` has no room. What had no room stays.
    pub(super) fn settle(&mut self, mut send: impl FnMut(u16) -> bool) -> Result<Room, GivenUp> {
        while let Some((packet, slot)) = self.owed.front() {
            match slot.verdict() {
                Verdict::Owed => break,
                Verdict::GivenUp => return Err(GivenUp),
                Verdict::Confirmed if send(*packet) => drop(self.owed.pop_front()),
                Verdict::Confirmed => return Ok(Room::Full),
            }
        }
        Ok(Room::Left)
    }

    /// How many are owed.
    pub(super) fn len(&self) -> usize {
        self.owed.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settle(ledger: &mut Ledger, mut room: usize) -> Result<Vec<u16>, GivenUp> {
        let mut sent = Vec::new();
        ledger.settle(|packet| {
            let fits = room > 0;
            if fits {
                room -= 1;
                sent.push(packet);
            }
            fits
        })?;
        Ok(sent)
    }

    #[test]
    fn acknowledgements_leave_in_the_order_of_the_messages() {
        let mut ledger = Ledger::new();
        let (first, second, third) = (ledger.owe(1), ledger.owe(2), ledger.owe(3));
        second.confirm();
        assert_eq!(settle(&mut ledger, 9), Ok(vec![]));
        first.confirm();
        assert_eq!(settle(&mut ledger, 9), Ok(vec![1, 2]));
        third.confirm();
        assert_eq!(settle(&mut ledger, 9), Ok(vec![3]));
        assert_eq!(ledger.len(), 0);
    }

    #[test]
    fn an_acknowledgement_without_room_is_kept_for_later() {
        let mut ledger = Ledger::new();
        let acks = [ledger.owe(1), ledger.owe(2), ledger.owe(3)];
        acks.into_iter().for_each(Ack::confirm);
        assert_eq!(settle(&mut ledger, 2), Ok(vec![1, 2]));
        assert_eq!(settle(&mut ledger, 2), Ok(vec![3]));
    }

    #[test]
    fn a_message_that_was_given_up_ends_the_connection() {
        let mut ledger = Ledger::new();
        let (first, second) = (ledger.owe(1), ledger.owe(2));
        drop(first);
        second.confirm();
        assert_eq!(settle(&mut ledger, 9), Err(GivenUp));
    }
}
