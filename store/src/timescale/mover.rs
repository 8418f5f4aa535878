//! Moves the parts of the folder into the database, the oldest first, and waits while the database is away.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use model::Reading;
use sqlx_postgres::PgConnection;
use tokio::sync::{mpsc, oneshot};

use super::database::Database;
use super::days::Days;
use super::line::{connect, migrate, within};
use super::remember::remember;
use super::take::{Batch, Taken, take};
use crate::columnar::{Leaving, Parcel};
use crate::error::BoxError;
use crate::unstorable::unstorable;
use crate::{DeadLetters, Error, Result, metrics};

/// How often the folder is looked at: rows get to the database so much later at most.
const LOOK: Duration = Duration::from_millis(250);
/// How often a database that is away is called.
const CALL: Duration = Duration::from_secs(1);
/// How often a database that has nothing to do is asked whether it is there.
const PING: Duration = Duration::from_secs(5);
/// A transaction that takes longer will not end: half of the connection may have died without a word.
const PATIENCE: Duration = Duration::from_secs(120);
/// Changes of the tables, the dictionary and what is newest may take so long.
const BEGIN: Duration = Duration::from_secs(600);

/// Asks the mover to move everything that waits now.
pub(super) type Order = oneshot::Sender<Result<()>>;

/// The task that moves.
pub(super) struct Mover {
    pub(super) database: Arc<Database>,
    pub(super) leaving: Leaving,
    pub(super) letters: Arc<dyn DeadLetters>,
    pub(super) orders: mpsc::Receiver<Order>,
    /// Bytes that wait in the folder.
    pub(super) spool: Arc<AtomicU64>,
    pub(super) line: Option<(PgConnection, Days)>,
    /// What went wrong the last time, if nothing has gone right since.
    pub(super) told: Option<String>,
}

/// Why something did not get to the database.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the database is away")]
    Away(#[source] sqlx::Error),
    #[error("the folder cannot be read or written")]
    Folder(#[source] BoxError),
}

impl Mover {
    /// Works until nobody can ask any more. `begun` hears when the database was called for the first time, whether it answered or not.
    pub(super) async fn run(mut self, begun: oneshot::Sender<()>) {
        self.called().await;
        let _ = begun.send(());
        let mut next_call = Instant::now() + CALL;
        loop {
            let order = match tokio::time::timeout(LOOK, self.orders.recv()).await {
                Ok(None) => return,
                Ok(Some(order)) => Some(order),
                Err(_) => None,
            };
            let due = Instant::now() >= next_call;
            let outcome = if order.is_some() || due || self.line.is_some() { self.work(due).await } else { Ok(()) };
            if due || outcome.is_err() {
                next_call = Instant::now() + if self.line.is_some() { PING } else { CALL };
            }
            if let Err(trouble) = &outcome {
                self.failed(trouble);
            }
            let (parts, bytes) = self.leaving.waiting();
            self.spool.store(bytes, Ordering::Relaxed);
            metrics::spool(parts, bytes);
            if let Some(answer) = order {
                let _ = answer.send(outcome.map_err(|trouble| Error::unreachable("moving readings", trouble)));
            }
        }
    }

    async fn called(&mut self) {
        if let Err(trouble) = self.work(true).await {
            self.failed(&trouble);
        }
    }

    /// Told once: the next hundred calls say the same.
    fn failed(&mut self, trouble: &Trouble) {
        let before = self.told.replace(trouble.to_string());
        if before.as_ref() != self.told.as_ref() {
            tracing::warn!(error = crate::error::with_causes(trouble), "readings wait in the folder");
        }
        self.line = None;
        self.database.set_reachable(false);
        metrics::move_failed();
    }

    /// Calls the database if it was away, and moves everything that waits.
    async fn work(&mut self, ask: bool) -> Result<(), Trouble> {
        if !self.database.is_reachable() {
            self.line = None;
        }
        if let Some((connection, _)) = &mut self.line {
            if ask {
                within(CALL * 5, sqlx::Connection::ping(connection)).await.map_err(Trouble::Away)?;
            }
        } else {
            self.line = Some(self.begin().await.map_err(Trouble::Away)?);
        }
        // Who closes does not wait for hours of backlog: what has not gone stays in the folder.
        while !self.orders.is_closed()
            && let Some(parcel) = self.oldest().await?
        {
            self.carry(parcel).await?;
        }
        Ok(())
    }

    /// Connects; the first time in this process the tables are brought up to date, and what the folder does not know is learnt.
    async fn begin(&mut self) -> sqlx::Result<(PgConnection, Days)> {
        let mut connection = connect(&self.database.options).await?;
        let line = within(BEGIN, async {
            if !self.database.is_ready() {
                migrate(&mut connection).await?;
                self.database.names.load(&mut connection).await?;
                let highest: i64 =
                    sqlx::query_scalar("select max(part) from progress").fetch_one(&mut connection).await?;
                self.leaving.number_from(highest.unsigned_abs() + 1);
                remember(&mut connection, &self.database.names, &self.leaving).await?;
            }
            let days = Days::of(&mut connection).await?;
            Ok::<_, sqlx::Error>((connection, days))
        })
        .await?;
        self.database.set_ready();
        self.database.set_reachable(true);
        tracing::info!("the database is there");
        self.told = None;
        Ok(line)
    }

    async fn oldest(&mut self) -> Result<Option<Parcel>, Trouble> {
        let leaving = self.leaving.clone();
        tokio::task::spawn_blocking(move || leaving.oldest()).await.map_err(|error| Trouble::Folder(error.into()))
    }

    async fn carry(&mut self, parcel: Parcel) -> Result<(), Trouble> {
        let started = Instant::now();
        let parcel = Arc::new(parcel);
        // One piece is read while the one before is written.
        let (out, mut pieces) = mpsc::channel::<Result<Vec<Reading>, BoxError>>(1);
        let reading = Arc::clone(&parcel);
        let reader = tokio::task::spawn_blocking(move || match reading.readings() {
            Ok(mut all) => {
                let _ = all.try_for_each(|piece| out.blocking_send(piece));
            }
            Err(error) => {
                let _ = out.blocking_send(Err(error));
            }
        });
        while let Some(piece) = pieces.recv().await {
            if self.orders.is_closed() {
                return Ok(());
            }
            self.hand_over(&parcel, &piece.map_err(Trouble::Folder)?).await?;
        }
        reader.await.map_err(|error| Trouble::Folder(error.into()))?;
        let (leaving, gone) = (self.leaving.clone(), Arc::clone(&parcel));
        let let_go = tokio::task::spawn_blocking(move || leaving.let_go(&gone)).await;
        let_go.map_err(|error| Trouble::Folder(error.into()))?.map_err(Trouble::Folder)?;
        tracing::debug!(part = parcel.number(), readings = parcel.count(), took = ?started.elapsed(), "moved");
        Ok(())
    }

    /// Hands some readings of a parcel over. What the database can never take is kept as dead letters before the parcel goes.
    async fn hand_over(&mut self, parcel: &Parcel, readings: &[Reading]) -> Result<(), Trouble> {
        let Some((connection, days)) = &mut self.line else { return Err(Trouble::Away(sqlx::Error::PoolClosed)) };
        let part = i64::try_from(parcel.number()).unwrap_or(i64::MAX);
        let batch = Batch { part, tenant: parcel.tenant(), day: parcel.day(), readings };
        let taken = within(PATIENCE, take(connection, &self.database.names, days, &batch)).await;
        let Taken { new, known, refused } = taken.map_err(Trouble::Away)?;
        metrics::moved(new, known, refused.len() as u64);
        if refused.is_empty() {
            return Ok(());
        }
        let letters: Vec<_> = refused
            .iter()
            .map(|(place, error)| {
                let reading = &readings[*place];
                tracing::error!(%error, device = %reading.series.device, "the database refuses a reading");
                unstorable(reading, "database", format!("the database refuses it: {error}"))
            })
            .collect();
        self.letters.bury(&letters).await.map_err(|error| Trouble::Folder(error.into()))
    }
}
