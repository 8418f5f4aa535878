//! What the folder asks of the database.

use std::sync::Arc;

use async_trait::async_trait;
use futures::stream::{self, BoxStream, StreamExt};
use model::{Reading, Series, SeriesSelection, Timestamp, Value};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::database::Database;
use super::judge::{Judge, PATIENCE};
use super::{history, scan};
use crate::columnar::{Archive, Ours, Share, Wanted};
use crate::{Error, Result};

/// Batches on their way from the database to a query; more than this would only fill memory.
const ON_THE_WAY: usize = 4;

/// The database as the folder sees it.
#[derive(Debug)]
pub(super) struct Behind {
    database: Arc<Database>,
    judge: Arc<Judge>,
}

impl Behind {
    pub(super) fn new(database: Arc<Database>) -> Self {
        Self { database, judge: Arc::default() }
    }
}

#[async_trait]
impl Archive for Behind {
    fn kept(&self, keys: Vec<(Arc<Series>, Timestamp)>) -> Option<Vec<Option<Value>>> {
        if !self.database.is_ready() || !self.database.is_reachable() {
            return None;
        }
        let (answer, answered) = std::sync::mpsc::sync_channel(1);
        let (database, judge) = (Arc::clone(&self.database), Arc::clone(&self.judge));
        self.database.handle().ok()?.spawn(async move {
            let _ = answer.send(judge.kept(&database, &keys).await);
        });
        match answered.recv_timeout(PATIENCE * 2) {
            Ok(Ok(values)) => Some(values),
            outcome => {
                let error = outcome.map_or_else(
                    |error| error.to_string(),
                    |answer| answer.err().map_or_else(String::new, |error| error.to_string()),
                );
                tracing::warn!(%error, "the database cannot tell which late readings it has; it will when they get there");
                self.database.set_reachable(false);
                None
            }
        }
    }

    async fn shares(&self, selection: &SeriesSelection, edges: Vec<Timestamp>, ours: Ours) -> Result<Vec<Share>> {
        let work = history::shares(Arc::clone(&self.database), selection.clone(), edges, ours);
        self.database.aside("reading history in the database", work).await
    }

    async fn readings(&self, selection: &SeriesSelection, limit: usize, ours: Ours) -> Result<Vec<Reading>> {
        let work = history::readings(Arc::clone(&self.database), selection.clone(), limit, ours);
        self.database.aside("reading in the database", work).await
    }

    fn scan(&self, wanted: Wanted) -> BoxStream<'static, Result<Vec<Reading>>> {
        const DOING: &str = "asking the database";
        let fail = |error: Error| stream::once(async move { Err(error) }).boxed();
        if !self.database.is_ready() {
            return fail(Error::unreachable(DOING, "the database has not been reached yet"));
        }
        let handle = match self.database.handle() {
            Ok(handle) => handle,
            Err(error) => return fail(error),
        };
        let (out, arriving) = mpsc::channel(ON_THE_WAY);
        let database = Arc::clone(&self.database);
        // Dropped with the stream: then the question to the database ends.
        let mut running = JoinSet::new();
        running.spawn_on(
            async move {
                if let Err(error) = scan::scan(&database, &wanted, &out).await {
                    let _ = out.send(Err(Error::unreachable(DOING, error))).await;
                }
            },
            &handle,
        );
        stream::unfold((arriving, running), |(mut arriving, mut running)| async move {
            match arriving.recv().await {
                Some(batch) => Some((batch, (arriving, running))),
                // Nothing comes any more: because everything came, or because it failed on the way.
                None => match running.join_next().await {
                    Some(Err(failed)) => Some((Err(Error::unreachable(DOING, failed)), (arriving, running))),
                    _ => None,
                },
            }
        })
        .boxed()
    }
}
