//! The board of one tenant: newest values, states and open alarms, each with its version. A slow page misses steps, never the truth.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use model::alarm::Alarm;
use model::{Asset, AssetId, Bounds, Domain, MetricName, Reading, Timestamp};
use tokio::sync::watch;

use super::catalogue::{Catalogue, Placed};
use super::columns::{Columns, Flow};
use super::frame::Frame;
use super::ringing::{News, Ringing};
use super::selection::Selection;
use crate::rulebook::RuleBook;
use crate::wire;

/// How far each part of the board has come; sockets wake when it changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Marks {
    pub(crate) version: u64,
    pub(crate) alarms: u64,
    pub(crate) assets: u64,
}

/// The living picture of one tenant. Locks are taken in the order catalogue, ringing, columns, and never held across an await.
#[derive(Debug)]
pub struct Board {
    catalogue: RwLock<Catalogue>,
    ringing: Mutex<Ringing>,
    columns: Mutex<Columns>,
    moved: watch::Sender<Marks>,
    sockets: Arc<AtomicUsize>,
}

/// A place at the table of live sockets; given back when dropped.
#[derive(Debug)]
pub(crate) struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A panic elsewhere leaves columns that are old at worst, never torn: every write is a plain assignment.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Board {
    fn default() -> Self {
        Self {
            catalogue: RwLock::default(),
            ringing: Mutex::default(),
            columns: Mutex::default(),
            moved: watch::Sender::new(Marks::default()),
            sockets: Arc::default(),
        }
    }
}

impl Board {
    /// Puts assets in. New ones get new slots; pages are told to load the list again.
    pub fn put_assets(&self, assets: &[Asset], rules: &RuleBook, now: Timestamp) {
        let mut catalogue = self.catalogue.write().unwrap_or_else(PoisonError::into_inner);
        let mut ringing = locked(&self.ringing);
        let mut columns = locked(&self.columns);
        let mut changed = false;
        for asset in assets {
            let (slot, before) = match catalogue.put(asset) {
                Placed::Same => continue,
                Placed::Added(slot) => (slot, None),
                Placed::Changed(slot, before) => (slot, Some(before)),
            };
            changed = true;
            columns.place(slot, asset, before.as_deref(), |metric| rules.stale_after(asset, metric), now);
            columns.mark(slot, ringing.marks_of(&asset.id));
            let about: Vec<_> = ringing.naming(&asset.id).collect();
            for alarm in about {
                let shape = wire::alarm::Alarm::of(&alarm, &catalogue);
                ringing.reword(alarm.id, shape);
            }
        }
        let marks = (columns.version(), ringing.version());
        drop((catalogue, ringing, columns));
        if changed {
            self.moved.send_modify(|moved| {
                moved.raise(marks.0, marks.1);
                moved.assets += 1;
            });
        }
    }

    /// Shows readings that were kept: one lock and one wake-up for all of them.
    pub(crate) fn show<'a>(
        &self,
        readings: impl ExactSizeIterator<Item = &'a Reading> + Clone,
        rules: &RuleBook,
        now: Timestamp,
    ) {
        let arrived = readings.clone().map(|reading| reading.received).max();
        let count = readings.len() as u64;
        self.take_in(readings, rules, now, |columns| {
            columns.count(count, arrived.map(|arrived| now.since(arrived)).unwrap_or_default());
        });
    }

    /// Shows what a store remembers after a restart; not counted as flow.
    pub(crate) fn restore<'a>(&self, readings: impl Iterator<Item = &'a Reading>, rules: &RuleBook, now: Timestamp) {
        self.take_in(readings, rules, now, |_| ());
    }

    fn take_in<'a>(
        &self,
        readings: impl Iterator<Item = &'a Reading>,
        rules: &RuleBook,
        now: Timestamp,
        count: impl FnOnce(&mut Columns),
    ) {
        let mut found = Vec::new();
        let mut columns = locked(&self.columns);
        let changed = columns.show(readings, now, &mut found);
        count(&mut columns);
        let version = columns.version();
        drop(columns);
        if !found.is_empty() {
            self.set_stale_after(rules, Some(&found));
        }
        if changed {
            self.moved.send_modify(|moved| moved.raise(version, 0));
        }
    }

    fn set_stale_after(&self, rules: &RuleBook, only: Option<&[u32]>) {
        let catalogue = self.assets();
        let assets = catalogue.all();
        let every = || (0..u32::try_from(assets.len()).expect("slots are numbered by u32")).collect();
        let slots = only.map_or_else(every, <[u32]>::to_vec);
        let mains: Vec<(u32, Option<MetricName>)> = {
            let columns = locked(&self.columns);
            slots.into_iter().map(|slot| (slot, columns.main_metric(slot))).collect()
        };
        // Many rules for many assets take a while: readings are shown meanwhile.
        let judged: Vec<_> = mains
            .iter()
            .filter_map(|(slot, main)| Some((*slot, rules.stale_after(assets.get(*slot as usize)?, main.as_ref()?))))
            .collect();
        let mut columns = locked(&self.columns);
        for (slot, stale_after) in judged {
            columns.set_stale_after(slot, stale_after);
        }
    }

    /// Takes new rules in: how old values may grow.
    pub(crate) fn judge_anew(&self, rules: &RuleBook) {
        self.set_stale_after(rules, None);
    }

    /// Shows alarms as they are now: one wake-up for all of them.
    pub fn show_alarms<'a>(&self, alarms: impl IntoIterator<Item = &'a Alarm>) {
        let catalogue = self.assets();
        let mut ringing = locked(&self.ringing);
        let mut touched = HashSet::new();
        let mut changed = false;
        for alarm in alarms {
            changed |= ringing.show(alarm, |alarm| wire::alarm::Alarm::of(alarm, &catalogue), &mut touched);
        }
        let mut columns = locked(&self.columns);
        for asset in touched {
            if let Some(slot) = catalogue.slot(&asset) {
                columns.mark(slot, ringing.marks_of(&asset));
            }
        }
        let marks = (columns.version(), ringing.version());
        drop((catalogue, ringing, columns));
        if changed {
            self.moved.send_modify(|moved| moved.raise(marks.0, marks.1));
        }
    }

    /// Marks what has grown stale. Called once a second.
    pub fn sweep(&self, now: Timestamp) {
        let mut columns = locked(&self.columns);
        let changed = columns.sweep(now);
        let version = columns.version();
        drop(columns);
        if changed {
            self.moved.send_modify(|moved| moved.raise(version, 0));
        }
    }

    /// The states of a selection: all of them (`None`), or those newer than the version that a page has seen.
    pub fn since(&self, seen: Option<u64>, selection: &Selection) -> Frame {
        let columns = locked(&self.columns);
        columns.frame(seen.filter(|seen| *seen <= columns.version()), selection)
    }

    /// The version of the newest change of an asset's value or state.
    pub fn version(&self) -> u64 {
        locked(&self.columns).version()
    }

    /// The version of the newest change of an alarm.
    pub fn alarm_version(&self) -> u64 {
        locked(&self.ringing).version()
    }

    pub(crate) fn news(&self, seen: Option<u64>) -> News {
        locked(&self.ringing).since(seen)
    }

    pub(crate) fn flow(&self) -> (Flow, usize) {
        let open = locked(&self.ringing).open();
        (locked(&self.columns).flow(), open)
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Marks> {
        self.moved.subscribe()
    }

    pub(crate) fn assets(&self) -> RwLockReadGuard<'_, Catalogue> {
        self.catalogue.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn asset(&self, id: &AssetId) -> Option<(u32, Arc<Asset>)> {
        self.assets().get(id).map(|(slot, asset)| (slot, Arc::clone(asset)))
    }

    pub(crate) fn overview(&self) -> (BTreeMap<Domain, usize>, Option<Bounds>) {
        self.assets().overview()
    }

    /// The open alarms that name an asset.
    pub(crate) fn alarms_naming(&self, asset: &AssetId) -> Vec<Arc<Alarm>> {
        locked(&self.ringing).naming(asset).collect()
    }

    /// A seat for one more socket, unless `limit` are taken.
    pub(crate) fn take_seat(&self, limit: usize) -> Option<Seat> {
        let seat = |taken| (taken < limit).then_some(taken + 1);
        self.sockets.fetch_update(Ordering::Relaxed, Ordering::Relaxed, seat).ok()?;
        Some(Seat(Arc::clone(&self.sockets)))
    }

    /// How many sockets are open.
    pub fn sockets(&self) -> usize {
        self.sockets.load(Ordering::Relaxed)
    }
}

impl Marks {
    fn raise(&mut self, version: u64, alarms: u64) {
        self.version = self.version.max(version);
        self.alarms = self.alarms.max(alarms);
    }
}
