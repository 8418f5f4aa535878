//! The open alarms of one tenant and those that closed lately, by version, and what they say about each asset.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;

use model::alarm::Alarm;
use model::{AlarmId, AssetId};

use super::state::{both, marks};
use crate::wire;

/// Closed alarms that are remembered, so that a page that was away learns that they are over; one that was away longer gets the whole
/// list anew. 10,000 are a flood's worth and about 10 MiB.
const CLOSED_REMEMBERED: usize = 10_000;

#[derive(Debug)]
struct Entry {
    version: u64,
    seq: u32,
    open: Option<Arc<Alarm>>,
    marks: Vec<(AssetId, u8)>,
}

/// What a page is missing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct News {
    /// Whether `items` replace the page's list.
    pub(crate) reset: bool,
    /// Alarms with their versions, oldest version first.
    pub(crate) items: Vec<(u64, Arc<wire::alarm::Alarm>)>,
    /// The version after all of them.
    pub(crate) version: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Ringing {
    version: u64,
    entries: HashMap<AlarmId, Entry>,
    log: BTreeMap<u64, Arc<wire::alarm::Alarm>>,
    about: HashMap<AssetId, Vec<(AlarmId, u8)>>,
    closed: VecDeque<AlarmId>,
    forgotten: u64,
    open: usize,
}

impl Ringing {
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    pub(crate) fn open(&self) -> usize {
        self.open
    }

    /// Takes an alarm in as it is now; the assets that look different because of it are put into `touched`. An older state of a known
    /// alarm, and a closed one that was not known, change nothing.
    pub(crate) fn show(
        &mut self,
        alarm: &Alarm,
        shape: impl FnOnce(&Alarm) -> wire::alarm::Alarm,
        touched: &mut HashSet<AssetId>,
    ) -> bool {
        let open = alarm.state.is_open();
        match self.entries.get(&alarm.id) {
            Some(known) if known.seq >= alarm.seq => return false,
            None if !open => return false,
            _ => {}
        }
        self.version += 1;
        let marks = marks(alarm);
        let entry = Entry {
            version: self.version,
            seq: alarm.seq,
            open: open.then(|| Arc::new(alarm.clone())),
            marks: marks.clone(),
        };
        let before = self.entries.insert(alarm.id, entry);
        self.log.insert(self.version, Arc::new(shape(alarm)));
        let mut old = Vec::new();
        if let Some(before) = before {
            self.log.remove(&before.version);
            self.open -= usize::from(before.open.is_some());
            old = before.marks;
        }
        self.open += usize::from(open);
        if old != marks {
            self.unmark(alarm.id, &old, touched);
            for (asset, mark) in marks {
                touched.insert(asset.clone());
                self.about.entry(asset).or_default().push((alarm.id, mark));
            }
        }
        if !open {
            self.remember_closed(alarm.id);
        }
        true
    }

    fn unmark(&mut self, id: AlarmId, marks: &[(AssetId, u8)], touched: &mut HashSet<AssetId>) {
        for (asset, _) in marks {
            touched.insert(asset.clone());
            if let Some(alarms) = self.about.get_mut(asset) {
                alarms.retain(|(other, _)| *other != id);
                if alarms.is_empty() {
                    self.about.remove(asset);
                }
            }
        }
    }

    fn remember_closed(&mut self, id: AlarmId) {
        self.closed.push_back(id);
        if self.closed.len() <= CLOSED_REMEMBERED {
            return;
        }
        let oldest = self.closed.pop_front().and_then(|id| self.entries.remove(&id));
        if let Some(oldest) = oldest {
            self.log.remove(&oldest.version);
            self.forgotten = self.forgotten.max(oldest.version);
        }
    }

    /// What all open alarms together say about an asset.
    pub(crate) fn marks_of(&self, asset: &AssetId) -> u8 {
        self.about.get(asset).map_or(0, |alarms| alarms.iter().fold(0, |sum, (_, mark)| both(sum, *mark)))
    }

    /// The open alarms that name an asset as source or member.
    pub(crate) fn naming<'a>(&'a self, asset: &AssetId) -> impl Iterator<Item = Arc<Alarm>> + 'a {
        let ids = self.about.get(asset).map_or(&[][..], Vec::as_slice);
        ids.iter().filter_map(|(id, _)| self.entries.get(id)?.open.clone())
    }

    /// Gives an alarm new words because its asset was renamed or moved.
    pub(crate) fn reword(&mut self, id: AlarmId, shape: wire::alarm::Alarm) {
        if let Some(entry) = self.entries.get_mut(&id) {
            self.log.remove(&entry.version);
            self.version += 1;
            entry.version = self.version;
            self.log.insert(self.version, Arc::new(shape));
        }
    }

    /// What a page is missing that has seen `seen`; `None` for a page that has seen nothing.
    pub(crate) fn since(&self, seen: Option<u64>) -> News {
        let known = seen.filter(|seen| (self.forgotten..=self.version).contains(seen));
        let items = match known {
            Some(seen) => self.log.range(seen + 1..).map(|(version, alarm)| (*version, Arc::clone(alarm))).collect(),
            None => self
                .log
                .iter()
                .filter(|(_, alarm)| alarm.is_open())
                .map(|(version, alarm)| (*version, Arc::clone(alarm)))
                .collect(),
        };
        News { reset: known.is_none(), items, version: self.version }
    }
}
