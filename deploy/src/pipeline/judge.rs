//! Gives the rule engine what was kept, keeps the facts that follow, and only then tells.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use control_room_api::{Clock, Live, NotAcknowledged};
use model::alarm::{Alarm, Fact};
use model::{AlarmId, Asset, AssetId, TenantId, UserName};
use rules::{AcknowledgeError, Engine, RuleBook};
use store::Store;
use tokio::sync::{mpsc, oneshot, watch};

use super::keep::Kept;
use super::metrics as names;
use super::stages::Stages;

/// A person's answer to alarms, and where to send what became of it.
pub(crate) struct Acknowledge {
    pub(crate) tenant: TenantId,
    pub(crate) ids: Vec<AlarmId>,
    pub(crate) user: UserName,
    pub(crate) note: Option<String>,
    pub(crate) reply: oneshot::Sender<Vec<(AlarmId, Result<Alarm, NotAcknowledged>)>>,
}

/// The stage that owns the engine.
pub(crate) struct Judge {
    pub(crate) engine: Engine,
    /// Everything the engine watches; it is given all of it anew when something is added.
    pub(crate) assets: BTreeMap<(TenantId, AssetId), Asset>,
    /// What followed from what the store remembered.
    pub(crate) remembered: Vec<Fact>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) live: Arc<Live>,
    pub(crate) stages: Arc<Stages>,
    pub(crate) clock: Clock,
    pub(crate) open: Arc<AtomicU64>,
}

/// How often timers are looked at and old values marked: a tenth of the promise that an alarm appears within seconds.
const TICK: Duration = Duration::from_millis(500);
/// How long to wait before a store that cannot be reached is asked again.
const PAUSE: Duration = Duration::from_millis(200);

impl Judge {
    /// Runs until `kept` closes.
    pub(crate) async fn run(
        mut self,
        mut kept: mpsc::Receiver<Kept>,
        mut answers: mpsc::Receiver<Acknowledge>,
        mut books: watch::Receiver<Arc<RuleBook>>,
    ) {
        let facts = std::mem::take(&mut self.remembered);
        self.publish(&facts).await;
        let mut ticker = tokio::time::interval(TICK);
        let mut added = false;
        ticker.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                input = kept.recv() => match input {
                    None => break,
                    Some(Kept::Readings(readings)) => {
                        metrics::gauge!(names::QUEUE, "stage" => "judge").set(kept.len() as f64);
                        let facts = self.engine.observe(&readings, (self.clock)());
                        self.publish(&facts).await;
                    }
                    Some(Kept::Assets(assets)) => {
                        // Many may come one after another: the engine plans anew once a tick.
                        added = true;
                        self.assets.extend(assets.into_iter().map(|asset| ((asset.tenant.clone(), asset.id.clone()), asset)));
                    }
                },
                Some(answer) = answers.recv() => self.acknowledge(answer).await,
                Ok(()) = books.changed() => {
                    let book = books.borrow_and_update().clone();
                    tracing::info!(rules = book.in_force().count(), version = book.version(), "rules are in force");
                    let facts = self.engine.replace_rules(book, (self.clock)());
                    self.publish(&facts).await;
                }
                _ = ticker.tick() => {
                    let now = (self.clock)();
                    if std::mem::take(&mut added) {
                        let facts = self.engine.replace_assets(self.assets.values().cloned(), now);
                        self.publish(&facts).await;
                    }
                    let facts = self.engine.tick(now);
                    self.publish(&facts).await;
                    self.open.store(self.engine.open_alarms().count() as u64, Ordering::Relaxed);
                }
            }
        }
    }

    /// Keeps facts until they are kept, then shows the alarms as they are now.
    async fn publish(&self, facts: &[Fact]) -> Vec<Alarm> {
        if facts.is_empty() {
            return Vec::new();
        }
        loop {
            match self.store.record(facts).await {
                Ok(alarms) => {
                    self.stages.recovered("judge");
                    self.live.show_alarms(&alarms);
                    return alarms;
                }
                Err(error) if error.is_temporary() => {
                    self.stages.troubled("judge", &error);
                    metrics::counter!(names::RETRIES, "stage" => "judge").increment(1);
                    tokio::time::sleep(PAUSE).await;
                }
                Err(error) => {
                    tracing::error!(%error, facts = facts.len(), "facts of alarms could not be kept and are not shown");
                    self.stages.troubled("judge", &error);
                    return Vec::new();
                }
            }
        }
    }

    async fn acknowledge(&mut self, answer: Acknowledge) {
        let now = (self.clock)();
        let mut facts = Vec::new();
        let mut outcome: Vec<(AlarmId, Option<NotAcknowledged>)> = Vec::with_capacity(answer.ids.len());
        for id in answer.ids {
            match self.engine.acknowledge(&answer.tenant, id, answer.user.clone(), answer.note.clone(), now) {
                Ok(fact) => {
                    facts.push(fact);
                    outcome.push((id, None));
                }
                Err(AcknowledgeError::Unknown(_)) => outcome.push((id, Some(NotAcknowledged::Unknown))),
                Err(AcknowledgeError::AlreadyAcknowledged(_)) => {
                    outcome.push((id, Some(NotAcknowledged::AlreadyAcknowledged)));
                }
            }
        }
        let alarms = self.publish(&facts).await;
        let reply = outcome
            .into_iter()
            .map(|(id, refused)| match (refused, alarms.iter().find(|alarm| alarm.id == id)) {
                (Some(refused), _) => (id, Err(refused)),
                (None, Some(alarm)) => (id, Ok(alarm.clone())),
                (None, None) => (id, Err(NotAcknowledged::NotKept)),
            })
            .collect();
        if answer.reply.send(reply).is_err() {
            tracing::debug!("nobody waits for the answer any more");
        }
    }
}
