//! The books of the program as `/metrics` shows them: for every tenant and source what came is what became of it.

use std::collections::BTreeMap;

use crate::city::{Running, get, wait_for};

/// One book: messages or readings of one source.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Book {
    pub(crate) received: u64,
    pub(crate) waiting: u64,
    /// What became of the others; reasons have a name of their own, such as `refused schema`.
    pub(crate) ended: BTreeMap<String, u64>,
}

impl Book {
    pub(crate) fn of(&self, end: &str) -> u64 {
        self.ended.get(end).copied().unwrap_or_default()
    }

    /// All that ended in this way, whatever the reason.
    pub(crate) fn all(&self, end: &str) -> u64 {
        self.ended.iter().filter(|(name, _)| name.split(' ').next() == Some(end)).map(|(_, count)| count).sum()
    }
}

/// Books by tenant, source and kind (`messages`, `readings`).
pub(crate) type Books = BTreeMap<(String, String, String), Book>;

const ENDS: [&str; 7] = ["stored", "duplicate", "conflict", "refused", "rejected", "ignored", "shed"];

/// Reads the books and fails when one of them does not add up.
#[track_caller]
pub(crate) fn assert_books_balance(metrics: &str) -> Books {
    let mut books = Books::new();
    for line in metrics.lines().filter(|line| line.starts_with("specola_ingest_")) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        let labels: BTreeMap<&str, &str> = labels
            .trim_end_matches('}')
            .split(',')
            .filter_map(|label| label.split_once('='))
            .map(|(name, value)| (name, value.trim_matches('"')))
            .collect();
        let name = name.strip_prefix("specola_ingest_").unwrap();
        let Some((kind, end)) = name.split_once('_').filter(|(kind, _)| ["messages", "readings"].contains(kind)) else {
            continue;
        };
        let end = end.trim_end_matches("_total");
        let (Some(tenant), Some(source)) = (labels.get("tenant"), labels.get("source")) else {
            panic!("{name} does not say whose it is: {line}")
        };
        let count = value.parse::<f64>().unwrap() as u64;
        let book = books.entry(((*tenant).to_owned(), (*source).to_owned(), kind.to_owned())).or_default();
        match end {
            "received" => book.received += count,
            "waiting" => book.waiting += count,
            end if ENDS.contains(&end) => {
                let reason = labels.get("reason").map(|reason| format!(" {reason}")).unwrap_or_default();
                if count > 0 {
                    *book.ended.entry(format!("{end}{reason}")).or_default() += count;
                }
            }
            _ => {}
        }
    }
    assert!(!books.is_empty(), "there are no books in\n{metrics}");
    for (whose, book) in &books {
        let ended: u64 = book.ended.values().sum();
        assert_eq!(book.received, ended + book.waiting, "{whose:?} does not add up: {book:?}");
    }
    books
}

/// The books of a running program; they add up however much is on its way.
#[track_caller]
pub(crate) fn books(running: &Running) -> Books {
    let (status, text) = get(running.http, "/metrics", None).unwrap();
    assert_eq!(status, 200);
    assert_books_balance(&text)
}

/// Waits until nothing is on its way any more, and returns the books.
#[track_caller]
pub(crate) fn closed_books(running: &Running) -> Books {
    wait_for("everything on its way to come to its end", || {
        let books = books(running);
        books.values().all(|book| book.waiting == 0).then_some(books)
    })
}

/// One book of the tenant `city`.
#[track_caller]
pub(crate) fn book(books: &Books, source: &str, kind: &str) -> Book {
    books.get(&("city".to_owned(), source.to_owned(), kind.to_owned())).cloned().unwrap_or_default()
}

#[test]
#[should_panic(expected = "does not add up")]
fn a_message_that_nobody_accounts_for_is_found() {
    assert_books_balance(
        "specola_ingest_messages_received_total{tenant=\"city\",source=\"s\"} 5\n\
         specola_ingest_messages_stored_total{tenant=\"city\",source=\"s\"} 3\n\
         specola_ingest_messages_refused_total{tenant=\"city\",source=\"s\",reason=\"schema\"} 1\n\
         specola_ingest_messages_waiting{tenant=\"city\",source=\"s\"} 0\n",
    );
}

#[test]
fn books_that_add_up_are_read() {
    let books = assert_books_balance(
        "# HELP x\n\
         specola_ingest_messages_received_total{tenant=\"city\",source=\"s\"} 6\n\
         specola_ingest_messages_stored_total{tenant=\"city\",source=\"s\"} 3\n\
         specola_ingest_messages_refused_total{source=\"s\",reason=\"schema\",tenant=\"city\"} 1\n\
         specola_ingest_messages_waiting{tenant=\"city\",source=\"s\"} 2\n\
         specola_ingest_queue_messages 2\n",
    );
    let book = book(&books, "s", "messages");
    assert_eq!((book.received, book.waiting, book.of("refused schema"), book.all("refused")), (6, 2, 1, 1));
}
