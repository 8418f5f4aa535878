//! The books of a source: every message and every reading that came stands in them once, with what became of it.

use std::sync::Arc;

use model::Reason;

use crate::handle::Source;

/// Counts by reason, in the order of [`Reason::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ByReason([u64; Reason::ALL.len()]);

impl ByReason {
    /// Counts more of one reason.
    pub fn add(&mut self, reason: Reason, more: u64) {
        if let Some(count) = self.0.get_mut(reason.index()) {
            *count += more;
        }
    }

    /// How many there are of one reason.
    pub fn of(&self, reason: Reason) -> u64 {
        self.0.get(reason.index()).copied().unwrap_or_default()
    }

    /// How many there are of all.
    pub fn sum(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Each reason with its count.
    pub fn each(&self) -> impl Iterator<Item = (Reason, u64)> {
        Reason::ALL.into_iter().zip(self.0)
    }

    fn join(&mut self, other: &Self) {
        self.0.iter_mut().zip(other.0).for_each(|(count, more)| *count += more);
    }
}

/// What became of messages. `received` is the sum of all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MessageBook {
    /// Messages that were taken.
    pub received: u64,
    /// Understood, and what they said is on disk; also those that say nothing to keep.
    pub stored: u64,
    /// Everything they said was on disk before.
    pub duplicate: u64,
    /// Nothing of what they said was new, and some of it contradicts what is on disk.
    pub conflict: u64,
    /// Refused whole, and on disk as dead letters.
    pub refused: ByReason,
    /// Between clients; they carry no readings.
    pub ignored: u64,
    /// Given up without an acknowledgement, because the program stops: their senders send them again.
    pub shed: u64,
    /// On their way to the disk.
    pub waiting: u64,
}

/// What became of readings. `received` is the sum of all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReadingBook {
    /// Readings that were found in messages.
    pub received: u64,
    /// New, and on disk.
    pub stored: u64,
    /// On disk before, with the same value.
    pub duplicate: u64,
    /// On disk before, with another value, which stays.
    pub conflict: u64,
    /// Refused one by one, and on disk as dead letters.
    pub rejected: ByReason,
    /// Given up without an acknowledgement, because the program stops: their senders send them again.
    pub shed: u64,
    /// On their way to the disk.
    pub waiting: u64,
}

/// Both books of one source, seen at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Books {
    /// Messages.
    pub messages: MessageBook,
    /// Readings.
    pub readings: ReadingBook,
    /// Values that were understood and are no readings (tables, files, raw bytes).
    pub skipped: u64,
}

impl MessageBook {
    /// All that has come to its end.
    pub fn settled(&self) -> u64 {
        self.stored + self.duplicate + self.conflict + self.refused.sum() + self.ignored + self.shed
    }
}

impl ReadingBook {
    /// All that has come to its end.
    pub fn settled(&self) -> u64 {
        self.stored + self.duplicate + self.conflict + self.rejected.sum() + self.shed
    }
}

impl Books {
    /// Whether everything that came stands in them once.
    pub fn balance(&self) -> bool {
        self.messages.received == self.messages.settled() + self.messages.waiting
            && self.readings.received == self.readings.settled() + self.readings.waiting
    }

    /// Enters another source's books below these.
    pub fn join(&mut self, other: &Self) {
        let (mine, theirs) = (&mut self.messages, &other.messages);
        mine.received += theirs.received;
        mine.stored += theirs.stored;
        mine.duplicate += theirs.duplicate;
        mine.conflict += theirs.conflict;
        mine.refused.join(&theirs.refused);
        mine.ignored += theirs.ignored;
        mine.shed += theirs.shed;
        mine.waiting += theirs.waiting;
        let (mine, theirs) = (&mut self.readings, &other.readings);
        mine.received += theirs.received;
        mine.stored += theirs.stored;
        mine.duplicate += theirs.duplicate;
        mine.conflict += theirs.conflict;
        mine.rejected.join(&theirs.rejected);
        mine.shed += theirs.shed;
        mine.waiting += theirs.waiting;
        self.skipped += other.skipped;
    }
}

/// Why a reading of an arrival is not new on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotStored {
    /// It was on disk before.
    Duplicate,
    /// Another value was on disk before.
    Conflict,
    /// The store can never take it; it is a dead letter.
    Unstorable,
}

/// What one source is owed an entry for.
#[derive(Debug)]
struct Party {
    source: Arc<Source>,
    /// Everything of its messages but what the store will say.
    books: Books,
}

/// Whose the messages and readings of an arrival are. It is settled when what became of the readings is known; when it is dropped before, they
/// are entered as shed.
#[derive(Debug, Default)]
pub struct Bill {
    parties: Vec<Party>,
    /// For each message that was understood: whose it is and how many readings it has, in the order of the readings.
    told: Vec<(usize, u32)>,
    issued: bool,
}

/// What a decoder made of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It was understood and has so many readings.
    Told(usize),
    /// It was refused whole.
    Refused(Reason),
    /// It carries no readings by its topic.
    Ignored,
}

impl Bill {
    /// How many readings of the arrival it is about.
    pub fn readings(&self) -> usize {
        self.told.iter().map(|(_, readings)| *readings as usize).sum()
    }

    /// The source of the reading at this place of the arrival.
    pub fn source_of(&self, reading: usize) -> Option<&Arc<str>> {
        let mut end = 0;
        let (party, _) = self.told.iter().find(|(_, readings)| {
            end += *readings as usize;
            reading < end
        })?;
        self.parties.get(*party).map(|party| &party.source.name)
    }

    fn party(&mut self, source: &Arc<Source>) -> usize {
        // Sources are few and come in runs.
        if let Some(at) = self.parties.iter().rposition(|party| Arc::ptr_eq(&party.source, source)) {
            return at;
        }
        self.parties.push(Party { source: Arc::clone(source), books: Books::default() });
        self.parties.len() - 1
    }

    /// Enters one message.
    pub(crate) fn message(&mut self, source: &Arc<Source>, heard: Heard) {
        let at = self.party(source);
        let messages = &mut self.parties[at].books.messages;
        messages.received += 1;
        match heard {
            Heard::Told(readings) => self.told.push((at, u32::try_from(readings).unwrap_or(u32::MAX))),
            Heard::Refused(reason) => messages.refused.add(reason, 1),
            Heard::Ignored => messages.ignored += 1,
        }
    }

    /// Enters what was found in a message: readings in all, those that were refused, and values that are no readings.
    pub(crate) fn found(
        &mut self,
        source: &Arc<Source>,
        readings: u64,
        rejected: impl Iterator<Item = (Reason, u64)>,
        skipped: u64,
    ) {
        let at = self.party(source);
        let books = &mut self.parties[at].books;
        books.readings.received += readings;
        rejected.for_each(|(reason, readings)| books.readings.rejected.add(reason, readings));
        books.skipped += skipped;
    }

    /// Says to the sources that these readings are on their way.
    pub(crate) fn issue(&mut self) {
        if std::mem::replace(&mut self.issued, true) {
            return;
        }
        for party in &self.parties {
            party.source.readings_came(party.books.readings.received);
        }
    }

    /// Enters what became of everything. `first` is the number of this arrival's first reading; `exceptions` are the readings that are not
    /// new on disk, by number in rising order, and may reach beyond this arrival.
    pub fn settle(mut self, first: usize, exceptions: &[(usize, NotStored)]) {
        self.issue();
        let from = exceptions.partition_point(|(number, _)| *number < first);
        let mut exceptions = exceptions[from..].iter().peekable();
        let mut end = first;
        for (party, readings) in std::mem::take(&mut self.told) {
            end += readings as usize;
            let books = &mut self.parties[party].books;
            let (mut duplicates, mut conflicts, mut unstorable) = (0, 0, 0);
            while let Some((_, fate)) = exceptions.next_if(|(number, _)| *number < end) {
                match fate {
                    NotStored::Duplicate => duplicates += 1,
                    NotStored::Conflict => conflicts += 1,
                    NotStored::Unstorable => unstorable += 1,
                }
            }
            let stored = u64::from(readings).saturating_sub(duplicates + conflicts + unstorable);
            books.readings.stored += stored;
            books.readings.duplicate += duplicates;
            books.readings.conflict += conflicts;
            books.readings.rejected.add(Reason::Unstorable, unstorable);
            let messages = &mut books.messages;
            match (stored, duplicates, conflicts, unstorable) {
                (0, 0, 0, 1..) => messages.refused.add(Reason::Unstorable, 1),
                (0, _, 1.., _) => messages.conflict += 1,
                (0, 1.., ..) => messages.duplicate += 1,
                _ => messages.stored += 1,
            }
        }
        for party in self.parties.drain(..) {
            party.source.settle(&party.books);
        }
    }
}

impl Drop for Bill {
    fn drop(&mut self) {
        self.issue();
        for party in self.parties.drain(..) {
            let Books { messages, readings, skipped } = party.books;
            let given_up = Books {
                messages: MessageBook { shed: messages.received, ..MessageBook::default() },
                readings: ReadingBook { shed: readings.received, ..ReadingBook::default() },
                skipped,
            };
            party.source.settle(&given_up);
        }
    }
}

#[cfg(test)]
mod tests {
    use model::TenantId;
    use proptest::prelude::*;

    use super::*;
    use crate::handle::SourceKind;

    fn source(name: &str) -> Arc<Source> {
        Source::new(name, TenantId::new("me").unwrap(), SourceKind::Broker)
    }

    /// A message and what becomes of its readings: `None` is stored.
    #[derive(Debug, Clone)]
    enum Message {
        Told(Vec<Option<NotStored>>, u8),
        Refused(Reason),
        Ignored,
    }

    fn message() -> impl Strategy<Value = Message> {
        let fate = prop_oneof![
            4 => Just(None),
            1 => Just(Some(NotStored::Duplicate)),
            1 => Just(Some(NotStored::Conflict)),
            1 => Just(Some(NotStored::Unstorable)),
        ];
        prop_oneof![
            4 => (proptest::collection::vec(fate, 0..5), 0_u8..3).prop_map(|(fates, rejected)| Message::Told(fates, rejected)),
            1 => proptest::sample::select(&Reason::ALL[..]).prop_map(Message::Refused),
            1 => Just(Message::Ignored),
        ]
    }

    fn enter(bill: &mut Bill, source: &Arc<Source>, message: &Message) {
        source.count_received(10);
        match message {
            Message::Told(fates, rejected) => {
                let all = fates.len() as u64 + u64::from(*rejected);
                bill.found(source, all, std::iter::once((Reason::Range, u64::from(*rejected))), 1);
                bill.message(source, Heard::Told(fates.len()));
            }
            Message::Refused(reason) => bill.message(source, Heard::Refused(*reason)),
            Message::Ignored => bill.message(source, Heard::Ignored),
        }
    }

    proptest! {
        #[test]
        fn the_books_balance_at_every_moment_whatever_comes(
            arrivals in proptest::collection::vec((proptest::collection::vec((0_usize..3, message()), 0..12), any::<bool>()), 1..6)
        ) {
            let sources = ["a", "b", "c"].map(source);
            let balanced = || sources.iter().all(|source| source.books().balance());
            let (mut bills, mut exceptions, mut number) = (Vec::new(), Vec::new(), 0);
            let mut waiting = [0_u64; 3];
            for (messages, kept) in &arrivals {
                let mut bill = Bill::default();
                let first = number;
                for (at, message) in messages {
                    enter(&mut bill, &sources[*at], message);
                    prop_assert!(balanced());
                    let Message::Told(fates, _) = message else { continue };
                    waiting[*at] += fates.len() as u64;
                    for fate in fates {
                        exceptions.extend(fate.map(|fate| (number, fate)));
                        number += 1;
                    }
                }
                bill.issue();
                prop_assert!(balanced());
                bills.push((bill, first, *kept));
            }
            for (bill, first, kept) in bills {
                if kept { bill.settle(first, &exceptions) } else { drop(bill) }
                prop_assert!(balanced());
            }
            let mut all = Books::default();
            sources.iter().for_each(|source| all.join(&source.books()));
            prop_assert!(all.balance());
            prop_assert_eq!((all.messages.waiting, all.readings.waiting), (0, 0));
            let told = |message: &Message| if let Message::Told(fates, _) = message { fates.clone() } else { Vec::new() };
            let fates: Vec<Option<NotStored>> = arrivals.iter().filter(|(_, kept)| *kept)
                .flat_map(|(messages, _)| messages.iter().flat_map(|(_, message)| told(message))).collect();
            let count = |wanted: Option<NotStored>| fates.iter().filter(|fate| **fate == wanted).count() as u64;
            prop_assert_eq!(all.readings.stored, count(None));
            prop_assert_eq!(all.readings.duplicate, count(Some(NotStored::Duplicate)));
            prop_assert_eq!(all.readings.conflict, count(Some(NotStored::Conflict)));
            prop_assert_eq!(all.readings.rejected.of(Reason::Unstorable), count(Some(NotStored::Unstorable)));
        }
    }

    #[test]
    fn a_message_ends_as_its_readings_do() {
        use NotStored::{Conflict, Duplicate, Unstorable};
        let check = |exceptions: &[(usize, NotStored)], expected: fn(&MessageBook) -> u64| {
            let source = source("s");
            let mut bill = Bill::default();
            enter(&mut bill, &source, &Message::Told(vec![None, None], 0));
            bill.issue();
            bill.settle(7, exceptions);
            let books = source.books();
            assert!(books.balance(), "{books:?}");
            assert_eq!(expected(&books.messages), 1, "{exceptions:?} {books:?}");
        };
        check(&[(6, Duplicate), (9, Duplicate)], |book| book.stored);
        check(&[(7, Duplicate)], |book| book.stored);
        check(&[(7, Duplicate), (8, Duplicate)], |book| book.duplicate);
        check(&[(7, Duplicate), (8, Conflict)], |book| book.conflict);
        check(&[(7, Unstorable), (8, Unstorable)], |book| book.refused.of(Reason::Unstorable));
    }

    #[test]
    fn the_source_of_a_reading_is_known() {
        let (a, b) = (source("a"), source("b"));
        let mut bill = Bill::default();
        for (source, readings) in [(&a, 2), (&b, 0), (&b, 1), (&a, 1)] {
            enter(&mut bill, source, &Message::Told(vec![None; readings], 0));
        }
        let names: Vec<_> = (0..5).map(|at| bill.source_of(at).map(|name| name.to_string())).collect();
        let expected = ["a", "a", "b", "a"].map(|name| Some(name.to_owned()));
        assert_eq!(names[..4], expected);
        assert_eq!(names[4], None);
        assert_eq!(bill.readings(), 4);
    }
}
