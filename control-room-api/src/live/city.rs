//! The boards of all tenants, and the epoch that names this run of the server.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use model::alarm::Alarm;
use model::{Asset, Reading, TenantId, Timestamp};
use tokio::sync::watch;

use super::board::Board;
use crate::Clock;
use crate::rulebook::RuleBook;

/// What every page sees: one board per tenant.
pub struct Live {
    epoch: Arc<str>,
    clock: Clock,
    rules: watch::Receiver<Arc<RuleBook>>,
    boards: RwLock<HashMap<TenantId, Arc<Board>>>,
    judged_by: std::sync::Mutex<Option<Arc<RuleBook>>>,
    too_slow: AtomicU64,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

impl Live {
    /// An empty picture. The epoch is made from the time and the process, so that no two runs share one.
    pub fn new(clock: Clock, rules: watch::Receiver<Arc<RuleBook>>) -> Self {
        let epoch = format!("{:x}-{:x}", clock().as_nanos(), std::process::id());
        Self {
            epoch: epoch.into(),
            clock,
            rules,
            boards: RwLock::default(),
            judged_by: std::sync::Mutex::default(),
            too_slow: AtomicU64::new(0),
        }
    }

    /// The name of this run of the server.
    pub fn epoch(&self) -> &str {
        &self.epoch
    }

    /// The board of a tenant; an empty one when it has none yet.
    pub fn board(&self, tenant: &TenantId) -> Arc<Board> {
        if let Some(board) = self.boards.read().unwrap_or_else(PoisonError::into_inner).get(tenant) {
            return Arc::clone(board);
        }
        let mut boards = self.boards.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(boards.entry(tenant.clone()).or_default())
    }

    fn rules(&self) -> Arc<RuleBook> {
        Arc::clone(&self.rules.borrow())
    }

    /// Puts assets of a tenant in. New ones get new slots.
    pub fn put_assets(&self, tenant: &TenantId, assets: &[Asset]) {
        self.board(tenant).put_assets(assets, &self.rules(), (self.clock)());
    }

    /// Shows readings that were kept, of any tenants: one lock and one wake-up for each run of readings of one tenant.
    pub fn show(&self, readings: &[Reading]) {
        let (rules, now) = (self.rules(), (self.clock)());
        for run in readings.chunk_by(|a, b| a.series.tenant == b.series.tenant) {
            self.board(&run[0].series.tenant).show(run.iter(), &rules, now);
        }
    }

    /// Shows what the store remembers as newest, after a restart; not counted as flow.
    pub fn restore(&self, readings: &[Reading]) {
        let (rules, now) = (self.rules(), (self.clock)());
        for run in readings.chunk_by(|a, b| a.series.tenant == b.series.tenant) {
            self.board(&run[0].series.tenant).restore(run.iter(), &rules, now);
        }
    }

    /// Shows alarms as they are now, of any tenants.
    pub fn show_alarms(&self, alarms: &[Alarm]) {
        for run in alarms.chunk_by(|a, b| a.tenant == b.tenant) {
            self.board(&run[0].tenant).show_alarms(run);
        }
    }

    /// Marks what has grown stale and takes changed rules in. The running service calls it once a second.
    pub fn sweep(&self, now: Timestamp) {
        let rules = self.rules();
        let mut judged_by = self.judged_by.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = !judged_by.as_ref().is_some_and(|known| Arc::ptr_eq(known, &rules));
        *judged_by = Some(Arc::clone(&rules));
        drop(judged_by);
        let boards: Vec<_> =
            self.boards.read().unwrap_or_else(PoisonError::into_inner).values().map(Arc::clone).collect();
        for board in boards {
            if changed {
                board.judge_anew(&rules);
            }
            board.sweep(now);
        }
    }

    /// How many sockets are open, of all tenants.
    pub fn sockets(&self) -> usize {
        self.boards.read().unwrap_or_else(PoisonError::into_inner).values().map(|board| board.sockets()).sum()
    }

    /// How many sockets were given up since the start because their page did not read.
    pub fn too_slow(&self) -> u64 {
        self.too_slow.load(Ordering::Relaxed)
    }

    pub(crate) fn gave_up_on_one(&self) {
        self.too_slow.fetch_add(1, Ordering::Relaxed);
    }
}
