//! Reads refused messages again: the same bytes, at the time at which they came, by the configuration in force.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use control_room_api::{LetterDesk, LetterFate, Reading, Reread};
use ingest::{Ack, Arrival, Books, NotStored, RawMessage, Trial};
use model::{LetterId, ReadingBatch, Reason, TenantId, Timestamp};
use store::{DeadLetters, Letter, NotKept, Store};
use tokio::sync::mpsc::WeakSender;
use tokio_util::sync::CancellationToken;

/// The source under which messages that are read again stand in the books.
pub(crate) const REPLAY: &str = "replay";
/// Letters read again before what was understood is awaited: some milliseconds of work, and no more memory than as many messages.
const TOGETHER: usize = 64;
/// How often the server looks whether somebody beside it wants letters read again.
const LOOK: Duration = Duration::from_secs(1);

/// Where the readings go.
pub(crate) enum Way {
    /// The way of all readings, in a running server: kept, shown, judged. A weak end, so that the way closes when its sources do.
    River(WeakSender<Arrival>),
    /// Straight into the store, when no server runs.
    Store(Arc<dyn Store>),
    /// Nowhere: only trials are asked.
    Nowhere,
}

/// Reads letters again. Conversations of decoders begin anew with each call, so that nothing live is disturbed.
pub(crate) struct Replayer {
    config: ingest::Config,
    directory: Arc<dyn ingest::Directory>,
    letters: Arc<dyn DeadLetters>,
    way: Way,
    books: Mutex<BTreeMap<TenantId, Books>>,
}

/// What one letter has become, before anything is kept.
struct Heard {
    id: LetterId,
    fate: LetterFate,
    /// How many of its readings were refused.
    refused: u32,
    arrivals: Vec<Arrival>,
}

impl Replayer {
    pub(crate) fn new(
        config: ingest::Config,
        directory: Arc<dyn ingest::Directory>,
        letters: Arc<dyn DeadLetters>,
        way: Way,
    ) -> Self {
        Self { config, directory, letters, way, books: Mutex::default() }
    }

    /// What was read again since the start, by tenant.
    pub(crate) fn books(&self) -> Vec<(TenantId, Books)> {
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.iter().map(|(tenant, books)| (tenant.clone(), *books)).collect()
    }

    /// Reads again what commands beside the running server ask for, until `stop`.
    pub(crate) async fn run(&self, stop: CancellationToken) {
        let mut trouble = false;
        while stop.run_until_cancelled(tokio::time::sleep(LOOK)).await.is_some() {
            match self.read_wanted().await {
                Ok(()) => trouble = false,
                Err(error) => {
                    if !std::mem::replace(&mut trouble, true) {
                        tracing::warn!(%error, "dead letters could not be read again; it is tried again");
                    }
                }
            }
        }
    }

    async fn read_wanted(&self) -> store::Result<()> {
        let wanted = self.letters.wanted_letters(TOGETHER).await?;
        let mut of_tenants: BTreeMap<TenantId, Vec<LetterId>> = BTreeMap::new();
        for (tenant, id) in wanted {
            of_tenants.entry(tenant).or_default().push(id);
        }
        for (tenant, ids) in of_tenants {
            let reread = self.reread(&tenant, &ids, Reading::ForGood).await?;
            tracing::info!(%tenant, letters = ids.len(), stored = reread.stored, "read dead letters again");
        }
        Ok(())
    }

    async fn read_some(
        &self,
        tenant: &TenantId,
        ids: &[LetterId],
        reading: Reading,
        trial: &mut Trial,
    ) -> store::Result<Vec<(LetterId, LetterFate)>> {
        let mut heard = Vec::with_capacity(ids.len());
        for id in ids {
            let letter = self.letters.dead_letter(tenant, *id).await?;
            let moments = match (&letter, reading) {
                (Some(letter), Reading::Trial) => vec![letter.first],
                (Some(_), Reading::ForGood) => self.letters.letter_arrivals(tenant, *id).await?,
                (None, _) => Vec::new(),
            };
            heard.push(hear(trial, *id, letter, &moments));
        }
        if reading == Reading::ForGood {
            let arrivals = heard.iter_mut().flat_map(|heard| std::mem::take(&mut heard.arrivals)).collect();
            self.keep(arrivals).await?;
            self.settle(tenant, &heard).await?;
        }
        Ok(heard.into_iter().map(|heard| (heard.id, heard.fate)).collect())
    }

    /// Returns when all readings are on disk.
    async fn keep(&self, arrivals: Vec<Arrival>) -> store::Result<()> {
        match &self.way {
            Way::River(river) => {
                let mut safe = Vec::with_capacity(arrivals.len());
                for mut arrival in arrivals {
                    let (ack, hear) = Ack::watched();
                    arrival.owed = vec![ack];
                    let river = river.upgrade().ok_or(store::Error::Closing)?;
                    river.send(arrival).await.map_err(|_| store::Error::Closing)?;
                    safe.push(hear);
                }
                for hear in safe {
                    hear.await.map_err(|_| store::Error::Closing)?;
                }
                Ok(())
            }
            Way::Nowhere => Err(store::Error::ReadOnly),
            Way::Store(store) => {
                let (mut readings, mut bills) = (Vec::new(), Vec::new());
                for arrival in arrivals {
                    bills.push((readings.len(), arrival.bill));
                    readings.extend(arrival.readings);
                }
                let mut not_stored = Vec::new();
                if let Some(batch) = ReadingBatch::new(readings) {
                    let receipt = store.append(batch).await?;
                    not_stored.extend(receipt.not_kept.into_iter().map(|(at, why)| {
                        let duplicate = why == NotKept::Duplicate;
                        (at, if duplicate { NotStored::Duplicate } else { NotStored::Conflict })
                    }));
                }
                bills.into_iter().for_each(|(first, bill)| bill.settle(first, &not_stored));
                Ok(())
            }
        }
    }

    /// What was understood leaves the list, what is refused again stays with its new reason.
    async fn settle(&self, tenant: &TenantId, heard: &[Heard]) -> store::Result<()> {
        let understood: Vec<LetterId> = heard
            .iter()
            .filter(|heard| matches!(heard.fate, LetterFate::Understood { .. }))
            .map(|heard| heard.id)
            .collect();
        self.letters.remove_letters(tenant, &understood).await?;
        for Heard { id, fate, refused, .. } in heard {
            match fate {
                LetterFate::Refused { reason, detail } => {
                    self.letters.refuse_again(tenant, *id, *reason, detail, *refused).await?;
                }
                LetterFate::Incomplete => {
                    let detail = "only its first bytes were kept: it must be sent again";
                    self.letters.refuse_again(tenant, *id, Reason::TooLarge, detail, 0).await?;
                }
                LetterFate::Understood { .. } | LetterFate::Unknown => {}
            }
        }
        Ok(())
    }
}

/// What a letter becomes, at each moment at which it came.
fn hear(trial: &mut Trial, id: LetterId, letter: Option<Letter>, moments: &[Timestamp]) -> Heard {
    let mut heard = Heard { id, fate: LetterFate::Unknown, refused: 0, arrivals: Vec::new() };
    let Some(Letter { letter, .. }) = letter else { return heard };
    if !letter.is_whole() {
        heard.fate = LetterFate::Incomplete;
        return heard;
    }
    let (source, topic): (Arc<str>, Arc<str>) = (letter.source.as_str().into(), letter.topic.as_str().into());
    let moments = if moments.is_empty() { std::slice::from_ref(&letter.received) } else { moments };
    let (mut readings, mut refusal) = (0, None);
    for received in moments {
        let message = RawMessage {
            tenant: letter.tenant.clone(),
            source: Arc::clone(&source),
            topic: Arc::clone(&topic),
            payload: letter.payload.clone(),
            bytes: letter.payload.len(),
            received: *received,
            retained: letter.retained,
        };
        let mut arrival = trial.hear(&message);
        // What is said to devices now would be said at the wrong time.
        drop(trial.commands());
        readings += arrival.readings.len() as u64;
        // The letter itself stays in their place.
        for refused in std::mem::take(&mut arrival.refused) {
            heard.refused = heard.refused.saturating_add(refused.readings);
            refusal.get_or_insert((refused.reason, refused.detail));
        }
        heard.arrivals.push(arrival);
    }
    heard.fate = match refusal {
        None => LetterFate::Understood { readings },
        Some((reason, detail)) => LetterFate::Refused { reason, detail },
    };
    heard
}

#[async_trait]
impl LetterDesk for Replayer {
    async fn reread(&self, tenant: &TenantId, ids: &[LetterId], reading: Reading) -> store::Result<Reread> {
        let trial = Trial::new(&self.config, tenant.clone(), Arc::clone(&self.directory));
        let mut trial = trial.map_err(|error| store::Error::unreachable("reading dead letters again", error))?;
        // Births come before what leans on them: letters are numbered in the order in which they came.
        let mut ordered = ids.to_vec();
        ordered.sort_unstable();
        ordered.dedup();
        let mut reread = Reread::default();
        let mut outcome = Ok(());
        for some in ordered.chunks(TOGETHER) {
            match self.read_some(tenant, some, reading, &mut trial).await {
                Ok(letters) => reread.letters.extend(letters),
                Err(error) => {
                    outcome = Err(error);
                    break;
                }
            }
        }
        if reading == Reading::ForGood {
            let books = trial.books();
            let Books { readings, .. } = &books;
            (reread.stored, reread.duplicate, reread.conflict) =
                (readings.stored, readings.duplicate, readings.conflict);
            self.books.lock().unwrap_or_else(PoisonError::into_inner).entry(tenant.clone()).or_default().join(&books);
        }
        outcome.map(|()| reread)
    }
}
