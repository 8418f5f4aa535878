//! The books of ingest in the words of the API.

use control_room_api::{Account, SourceKind, SourceReport};
use model::Timestamp;

use super::replay::REPLAY;

/// How one source is doing.
pub(super) fn of(source: ingest::SourceStatus, books: &ingest::Books, now: Timestamp) -> SourceReport {
    SourceReport {
        name: source.name,
        kind: match source.kind {
            ingest::SourceKind::Listener => SourceKind::Listener,
            ingest::SourceKind::Broker => SourceKind::Broker,
            ingest::SourceKind::Http => SourceKind::Http,
        },
        connected: source.connected,
        connections: source.connections as u64,
        since: source.unchanged_for.map(|span| now.minus(span)),
        last_message: source.last_message,
        last_error: source.last_error,
        messages: messages(books),
        readings: readings(books),
    }
}

/// What became of refused messages that were read again.
pub(super) fn of_replay(books: &ingest::Books) -> SourceReport {
    SourceReport {
        name: REPLAY.to_owned(),
        kind: SourceKind::Replay,
        connected: true,
        connections: 0,
        since: None,
        last_message: None,
        last_error: None,
        messages: messages(books),
        readings: readings(books),
    }
}

fn messages(books: &ingest::Books) -> Account {
    let book = &books.messages;
    Account {
        received: book.received,
        stored: book.stored,
        duplicate: book.duplicate,
        conflict: book.conflict,
        refused: book.refused.each().filter(|(_, count)| *count > 0).collect(),
        ignored: book.ignored,
        shed: book.shed,
        waiting: book.waiting,
    }
}

fn readings(books: &ingest::Books) -> Account {
    let book = &books.readings;
    Account {
        received: book.received,
        stored: book.stored,
        duplicate: book.duplicate,
        conflict: book.conflict,
        refused: book.rejected.each().filter(|(_, count)| *count > 0).collect(),
        ignored: 0,
        shed: book.shed,
        waiting: book.waiting,
    }
}
