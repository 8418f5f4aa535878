//! Keeping letters: the same message once, with the moments at which it came.

use std::collections::HashMap;

use model::{DeadLetter, Reason, TenantId, Timestamp};
use sha2::{Digest, Sha256};

use super::super::Registry;
use super::super::database::Connection;
use super::super::failure::Failure;
use super::super::rows::{self, CHUNK};
use crate::metrics::Forgotten;

/// Arrivals of one letter that are remembered one by one: a day of a message every ten seconds. More are only counted.
pub(super) const ARRIVALS: i64 = 10_000;
/// What an arrival counts towards the room.
pub(super) const ARRIVAL_BYTES: i64 = 24;
/// What a letter counts towards the room beside its own bytes: its row and its places in four indexes.
const LETTER_BYTES: usize = 256;
/// Rows per statement: 15 columns each.
const LETTERS: usize = 200;

/// What makes a letter the same as another.
pub(super) type Key = [u8; 32];

/// The key of a message that was refused for `reason`.
pub(super) fn key(letter: &DeadLetter, reason: Reason) -> Key {
    let mut hash = Sha256::new();
    let texts = [letter.tenant.as_str(), &letter.source, &letter.topic, reason.as_str()];
    for part in texts.map(str::as_bytes) {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    hash.update([u8::from(letter.retained)]);
    hash.update(letter.bytes.to_le_bytes());
    hash.update(&letter.payload);
    hash.finalize().into()
}

/// What a letter counts towards the room, without its arrivals.
fn size(letter: &DeadLetter) -> i64 {
    let bytes = LETTER_BYTES + letter.source.len() + letter.topic.len() + letter.detail.len() + letter.payload.len();
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Equal letters of one call.
struct Folded<'a> {
    key: Key,
    /// The last of them.
    letter: &'a DeadLetter,
    arrivals: Vec<Timestamp>,
}

impl Folded<'_> {
    fn times(&self) -> i64 {
        i64::try_from(self.arrivals.len()).unwrap_or(i64::MAX)
    }

    fn first(&self) -> Timestamp {
        self.arrivals.iter().min().copied().unwrap_or(self.letter.received)
    }

    fn last(&self) -> Timestamp {
        self.arrivals.iter().max().copied().unwrap_or(self.letter.received)
    }
}

/// Each letter once, in the order in which they came.
fn fold(letters: &[DeadLetter]) -> Vec<Folded<'_>> {
    let mut places: HashMap<Key, usize> = HashMap::with_capacity(letters.len());
    let mut folded: Vec<Folded<'_>> = Vec::new();
    for letter in letters {
        let key = key(letter, letter.reason);
        let at = *places.entry(key).or_insert(folded.len());
        match folded.get_mut(at) {
            Some(known) => {
                known.letter = letter;
                known.arrivals.push(letter.received);
            }
            None => folded.push(Folded { key, letter, arrivals: vec![letter.received] }),
        }
    }
    folded
}

impl Registry {
    pub(super) async fn insert_letters(&self, letters: &[DeadLetter]) -> Result<(), Failure> {
        let Some(now) = letters.iter().map(|letter| letter.received).max() else { return Ok(()) };
        let folded = fold(letters);
        let mut transaction = self.write().await?;
        for chunk in folded.chunks(LETTERS) {
            insert(&mut transaction, chunk).await?;
        }
        let mut tenants: Vec<&TenantId> = letters.iter().map(|letter| &letter.tenant).collect();
        tenants.sort_unstable();
        tenants.dedup();
        let mut forgotten = Forgotten::default();
        for tenant in tenants {
            let gone = self.make_room(&mut transaction, tenant, now).await?;
            forgotten.aged += gone.aged;
            forgotten.crowded += gone.crowded;
        }
        transaction.commit().await?;
        crate::metrics::letters_forgotten(forgotten);
        Ok(())
    }
}

async fn insert(connection: &mut Connection, folded: &[Folded<'_>]) -> Result<(), Failure> {
    let columns = |mut row: rows::Columns<'_>, folded: &Folded<'_>| {
        let Folded { key, letter, .. } = folded;
        row.push_bind(&key[..]);
        row.push_bind(letter.tenant.as_str());
        row.push_bind(letter.source.as_str());
        row.push_bind(letter.topic.as_str());
        row.push_bind(letter.reason.as_str());
        row.push_bind(letter.detail.as_str());
        row.push_bind(i64::from(letter.readings));
        row.push_bind(i64::from(letter.retained));
        row.push_bind(i64::try_from(letter.bytes).unwrap_or(i64::MAX));
        row.push_bind(folded.first().as_nanos());
        row.push_bind(folded.last().as_nanos());
        row.push_bind(folded.times());
        row.push_bind(size(letter) + ARRIVAL_BYTES * folded.times().min(ARRIVALS));
        row.push_bind(&letter.payload[..]);
    };
    let written: Vec<(i64, Vec<u8>, i64)> = rows::insert(
        "insert into dead_letter (key, tenant, source, topic, reason, detail, readings, retained, bytes, first, last, times, size, payload)",
        folded,
        columns,
        "on conflict (key) do update set detail = excluded.detail, readings = excluded.readings,
           first = case when excluded.first < dead_letter.first then excluded.first else dead_letter.first end,
           last = case when excluded.last > dead_letter.last then excluded.last else dead_letter.last end,
           size = dead_letter.size + case when dead_letter.times >= 10000 then 0 else 24 * excluded.times end,
           times = dead_letter.times + excluded.times
         returning id, key, times",
    )
    .build_query_as()
    .fetch_all(&mut *connection)
    .await?;
    let by_key: HashMap<&[u8], &Folded<'_>> = folded.iter().map(|folded| (&folded.key[..], folded)).collect();
    let mut arrivals: Vec<(i64, i64)> = Vec::new();
    for (id, key, times) in &written {
        let Some(folded) = by_key.get(key.as_slice()) else { continue };
        let known = times - folded.times();
        let room = usize::try_from(ARRIVALS - known).unwrap_or(0);
        arrivals.extend(folded.arrivals.iter().take(room).map(|received| (*id, received.as_nanos())));
    }
    for chunk in arrivals.chunks(CHUNK) {
        let columns = |mut row: rows::Columns<'_>, (letter, received): &(i64, i64)| {
            row.push_bind(*letter);
            row.push_bind(*received);
        };
        rows::insert("insert into dead_letter_arrival (letter, received)", chunk, columns, "on conflict do nothing")
            .build()
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statement_counts_arrivals_as_the_code_does() {
        // The statement is a constant text, so its numbers stand in it.
        assert_eq!((ARRIVALS, ARRIVAL_BYTES), (10_000, 24));
    }

    #[test]
    fn a_letter_is_the_same_only_when_everything_that_matters_is() {
        let one = DeadLetter {
            tenant: TenantId::new("me").unwrap(),
            source: "s".into(),
            topic: "t".into(),
            received: Timestamp::EPOCH,
            retained: false,
            reason: Reason::Schema,
            detail: "a".into(),
            readings: 0,
            payload: bytes::Bytes::from_static(b"{}"),
            bytes: 2,
        };
        let same = DeadLetter { received: Timestamp::from_nanos(9), detail: "b".into(), ..one.clone() };
        assert_eq!(key(&one, one.reason), key(&same, one.reason));
        for other in [
            DeadLetter { source: "st".into(), topic: String::new(), ..one.clone() },
            DeadLetter { retained: true, ..one.clone() },
            DeadLetter { payload: bytes::Bytes::from_static(b"{]"), ..one.clone() },
            DeadLetter { reason: Reason::Malformed, ..one.clone() },
        ] {
            assert_ne!(key(&one, one.reason), key(&other, other.reason), "{other:?}");
        }
        let folded = fold(std::slice::from_ref(&one));
        assert_eq!((folded.len(), folded[0].times(), folded[0].first()), (1, 1, Timestamp::EPOCH));
    }
}
