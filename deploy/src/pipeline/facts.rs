//! Facts of alarms on their way to the journal: kept in their order, one attempt at a time, as often as it takes, without holding up who found them.

use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;
use model::alarm::{Alarm, Fact};
use store::Store;

use super::keep::may_be_mended;
use super::metrics as names;
use super::stages::Stages;

/// How long to wait before a store that cannot be reached is asked again.
const PAUSE: Duration = Duration::from_millis(200);

/// Facts that are not kept yet. While there are some, the judge looks at nothing new, so they stay few.
pub(super) struct Facts {
    store: Arc<dyn Store>,
    stages: Arc<Stages>,
    unkept: Vec<Fact>,
    /// The attempt under way, with how many facts it is about.
    attempt: Option<(usize, BoxFuture<'static, store::Result<Vec<Alarm>>>)>,
    failed: bool,
}

impl Facts {
    pub(super) fn new(store: Arc<dyn Store>, stages: Arc<Stages>) -> Self {
        Self { store, stages, unkept: Vec::new(), attempt: None, failed: false }
    }

    /// Facts that follow those before.
    pub(super) fn add(&mut self, facts: Vec<Fact>) {
        self.unkept.extend(facts);
    }

    /// Whether everything is kept.
    pub(super) fn is_empty(&self) -> bool {
        self.unkept.is_empty()
    }

    /// Waits until facts are kept; returns the alarms they lead to. For ever while there are none. May be given up at any time and asked again.
    pub(super) async fn kept(&mut self) -> Vec<Alarm> {
        loop {
            if self.unkept.is_empty() {
                return std::future::pending().await;
            }
            let Self { store, unkept, failed, .. } = self;
            let (count, attempt) = self.attempt.get_or_insert_with(|| {
                let (store, facts, again) = (Arc::clone(store), unkept.clone(), *failed);
                let attempt = async move {
                    if again {
                        tokio::time::sleep(PAUSE).await;
                    }
                    store.record(&facts).await
                };
                (unkept.len(), Box::pin(attempt))
            });
            let (count, outcome) = (*count, attempt.await);
            self.attempt = None;
            if let Some(alarms) = self.settle(count, outcome) {
                return alarms;
            }
        }
    }

    /// What an attempt led to; `None` when it is to be made again.
    fn settle(&mut self, count: usize, outcome: store::Result<Vec<Alarm>>) -> Option<Vec<Alarm>> {
        self.failed = false;
        match outcome {
            Ok(alarms) => {
                self.unkept.drain(..count);
                self.stages.recovered("judge");
                Some(alarms)
            }
            Err(error) if may_be_mended(&error) => {
                self.failed = true;
                self.stages.troubled("judge", &error);
                metrics::counter!(names::RETRIES, "stage" => "judge").increment(1);
                None
            }
            Err(error) => {
                tracing::error!(%error, facts = count, "facts of alarms could not be kept and are not shown");
                self.stages.troubled("judge", &error);
                self.unkept.drain(..count);
                Some(Vec::new())
            }
        }
    }
}
