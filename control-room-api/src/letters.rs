//! Where refused messages are handed in to be read again.

use async_trait::async_trait;
use model::{LetterId, Reason, TenantId};

/// Whether reading again may change anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// What is understood is kept, and the letter leaves the list.
    ForGood,
    /// Nothing is changed.
    Trial,
}

/// What became of a letter that was read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LetterFate {
    /// All of it was understood.
    Understood {
        /// Readings that it has, over all its arrivals.
        readings: u64,
    },
    /// It, or a part of it, is refused again.
    Refused {
        /// Why, now.
        reason: Reason,
        /// The same for people.
        detail: String,
    },
    /// Only its first bytes were kept: it was too large to be taken.
    Incomplete,
    /// This tenant has no such letter any more.
    Unknown,
}

/// What became of letters that were read again.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reread {
    /// Each letter with its fate, in the order asked.
    pub letters: Vec<(LetterId, LetterFate)>,
    /// Readings that were new and are on disk.
    pub stored: u64,
    /// Readings that were on disk before.
    pub duplicate: u64,
    /// Readings of which another value was on disk before.
    pub conflict: u64,
}

/// Reads refused messages again, as if they came through the same door at the same time, by the configuration in force.
#[async_trait]
pub trait LetterDesk: Send + Sync {
    /// Reads letters again. When it returns, what was understood is on disk, unless it was a trial.
    async fn reread(&self, tenant: &TenantId, ids: &[LetterId], reading: Reading) -> store::Result<Reread>;
}

/// What a person can change so that a message refused for this reason is understood: in Italian and in English.
pub const fn advice(reason: Reason) -> (&'static str, &'static str) {
    match reason {
        Reason::Malformed => (
            "Il messaggio non si può leggere nel formato della sua rotta: se il formato è un altro, correggere la rotta (ingest.routes) e rileggere; altrimenti correggere chi lo invia.",
            "It cannot be read in the format of its route: if it is in another format, correct the route (ingest.routes) and replay; else correct its sender.",
        ),
        Reason::Schema => (
            "Si legge, ma manca qualcosa o ha un altro tipo: correggere il mapping della rotta (device, time, fields) e provarlo con `specola letters replay --dry-run`.",
            "It can be read, but something is missing or of another type: correct the mapping of the route (device, time, fields) and try it with `specola letters replay --dry-run`.",
        ),
        Reason::Range => (
            "Un valore non è un numero finito: correggere il sensore o escludere il campo nel mapping (exclude).",
            "A value is no finite number: correct the sensor, or leave the field out in the mapping (exclude).",
        ),
        Reason::Timestamp => (
            "L'ora è nel futuro o troppo vecchia: correggere l'orologio del dispositivo, il formato dell'ora nel mapping (time), o i limiti ingest.future_tolerance_seconds e ingest.oldest.",
            "Its time is ahead or too old: correct the device's clock, the format of the time in the mapping (time), or the limits ingest.future_tolerance_seconds and ingest.oldest.",
        ),
        Reason::TooLarge => (
            "È più grande di ingest.max_message_bytes: ne sono rimasti solo i primi byte, quindi deve essere inviato di nuovo, in pezzi più piccoli o con un limite più alto.",
            "It is larger than ingest.max_message_bytes: only its first bytes are kept, so it must be sent again, in smaller pieces or with a higher limit.",
        ),
        Reason::TooDeep => (
            "È annidato oltre ingest.max_depth: alzare il limite e rileggere, o correggere chi lo invia.",
            "It is nested deeper than ingest.max_depth: raise the limit and replay, or correct its sender.",
        ),
        Reason::DuplicateKey => (
            "La stessa chiave compare due volte, e nessuno sa quale vale: correggere chi lo invia.",
            "The same key stands there twice, and nobody knows which one holds: correct its sender.",
        ),
        Reason::UnknownFormat => (
            "Nessuna rotta comprende questo topic: aggiungerne una (ingest.routes) e rileggere, o elencare il topic in ingest.ignored_topics.",
            "No route covers this topic: add one (ingest.routes) and replay, or list the topic in ingest.ignored_topics.",
        ),
        Reason::UnknownAlias => (
            "Un'abbreviazione che nessuna nascita ha spiegato: il nodo deve inviare di nuovo la sua nascita (BIRTH).",
            "A shorthand that no birth explained: the node must send its birth again.",
        ),
        Reason::UnknownDevice => (
            "Il dispositivo non è registrato: registrarlo e rileggere, o cambiare ingest.unknown_devices.",
            "The device is not registered: register it and replay, or change ingest.unknown_devices.",
        ),
        Reason::Unstorable => (
            "L'archivio non ha potuto scrivere questa lettura: vedere il dettaglio e il registro, poi rileggere.",
            "The store could not write this reading: see the detail and the log, then replay.",
        ),
    }
}
