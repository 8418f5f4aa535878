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

use super::facts::Facts;
use super::keep::Kept;
use super::metrics as names;
use super::stages::Stages;
use super::watchman::Watchman;

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
    /// Who judges ourselves.
    pub(super) watchman: Watchman,
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

/// An answer whose facts are on their way to the journal.
struct Pending {
    outcome: Vec<(AlarmId, Option<NotAcknowledged>)>,
    reply: oneshot::Sender<Vec<(AlarmId, Result<Alarm, NotAcknowledged>)>>,
}

impl Judge {
    /// Runs until `kept` closes. While facts wait for the journal nothing new of the city is judged; only how we are doing ourselves is.
    pub(crate) async fn run(
        mut self,
        mut kept: mpsc::Receiver<Kept>,
        mut answers: mpsc::Receiver<Acknowledge>,
        mut books: watch::Receiver<Arc<RuleBook>>,
    ) {
        let mut facts = Facts::new(Arc::clone(&self.store), Arc::clone(&self.stages));
        facts.add(std::mem::take(&mut self.remembered));
        let mut pending: Option<Pending> = None;
        let mut ticker = tokio::time::interval(TICK);
        let mut added = false;
        ticker.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            let free = facts.is_empty();
            tokio::select! {
                alarms = facts.kept() => {
                    self.live.show_alarms(&alarms);
                    if let Some(pending) = pending.take() {
                        pending.reply(&alarms);
                    }
                }
                input = kept.recv(), if free => match input {
                    None => break,
                    Some(Kept::Readings(readings)) => {
                        metrics::gauge!(names::QUEUE, "stage" => "judge").set(kept.len() as f64);
                        facts.add(self.engine.observe(&readings, (self.clock)()));
                    }
                    Some(Kept::Assets(assets)) => {
                        // Many may come one after another: the engine plans anew once a tick.
                        added = true;
                        self.assets.extend(assets.into_iter().map(|asset| ((asset.tenant.clone(), asset.id.clone()), asset)));
                    }
                },
                Some(answer) = answers.recv(), if free => pending = self.acknowledge(answer, &mut facts),
                Ok(()) = books.changed(), if free => {
                    let book = books.borrow_and_update().clone();
                    tracing::info!(rules = book.in_force().count(), version = book.version(), "rules are in force");
                    facts.add(self.engine.replace_rules(book, (self.clock)()));
                }
                _ = ticker.tick() => {
                    let now = (self.clock)();
                    if free {
                        if std::mem::take(&mut added) {
                            facts.add(self.engine.replace_assets(self.assets.values().cloned(), now));
                        }
                        facts.add(self.engine.tick(now));
                    }
                    let (ours, alarms) = self.watchman.look(self.stages.nothing_kept_for(), now);
                    self.live.show_alarms(&alarms);
                    facts.add(ours);
                    let open = self.engine.open_alarms().count() + self.watchman.open_alarms();
                    self.open.store(open as u64, Ordering::Relaxed);
                }
            }
        }
    }

    /// A person's answer; what is returned waits for the facts that follow from it.
    fn acknowledge(&mut self, answer: Acknowledge, facts: &mut Facts) -> Option<Pending> {
        let now = (self.clock)();
        let Acknowledge { tenant, ids, user, note, reply } = answer;
        let mut outcome: Vec<(AlarmId, Option<NotAcknowledged>)> = Vec::with_capacity(ids.len());
        let mut found = Vec::new();
        for id in ids {
            let known = match self.engine.acknowledge(&tenant, id, user.clone(), note.clone(), now) {
                Err(AcknowledgeError::Unknown(_)) => {
                    self.watchman.acknowledge(&tenant, id, user.clone(), note.clone(), now)
                }
                known => known,
            };
            match known {
                Ok(fact) => {
                    found.push(fact);
                    outcome.push((id, None));
                }
                Err(AcknowledgeError::Unknown(_)) => outcome.push((id, Some(NotAcknowledged::Unknown))),
                Err(AcknowledgeError::AlreadyAcknowledged(_)) => {
                    outcome.push((id, Some(NotAcknowledged::AlreadyAcknowledged)));
                }
            }
        }
        let pending = Pending { outcome, reply };
        if found.is_empty() {
            pending.reply(&[]);
            return None;
        }
        facts.add(found);
        Some(pending)
    }
}

impl Pending {
    /// Tells the person which alarms are acknowledged now.
    fn reply(self, alarms: &[Alarm]) {
        let told = |(id, refused): (AlarmId, Option<NotAcknowledged>)| {
            let alarm = alarms.iter().find(|alarm| alarm.id == id);
            (id, refused.map_or_else(|| alarm.cloned().ok_or(NotAcknowledged::NotKept), Err))
        };
        if self.reply.send(self.outcome.into_iter().map(told).collect()).is_err() {
            tracing::debug!("nobody waits for the answer any more");
        }
    }
}
