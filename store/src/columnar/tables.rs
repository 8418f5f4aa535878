//! Where readings are: in memory being filled, in memory being written out, or in parts. One lock over the three, held for moments.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::error::ArrowError;
use model::{TenantId, Timestamp};

use super::archive::Ours;
use super::part::Part;
use super::schema::SCHEMA;

/// One day of one tenant.
pub(super) type DayKey = (TenantId, i32);

/// Batches of this many rows are no longer joined with others.
const LARGE_BATCH: usize = 8_192;
/// So many small batches at the end are joined into one, so that a query does not see thousands of them.
const SMALL_BATCHES: usize = 32;

/// The readings of one day that are in memory.
#[derive(Debug, Clone, Default)]
pub(super) struct Day {
    pub(super) batches: Vec<RecordBatch>,
    pub(super) rows: usize,
}

impl Day {
    fn push(&mut self, batch: RecordBatch) {
        self.rows += batch.num_rows();
        self.batches.push(batch);
        let small = self.batches.iter().rev().take_while(|batch| batch.num_rows() < LARGE_BATCH).count();
        if small >= SMALL_BATCHES {
            let start = self.batches.len() - small;
            match join(&self.batches[start..]) {
                Ok(joined) => {
                    self.batches.truncate(start);
                    self.batches.push(joined);
                }
                Err(error) => tracing::warn!(%error, "small batches cannot be joined; queries get slower"),
            }
        }
    }
}

/// Joins batches and lets go of the text buffers that they shared with others.
fn join(batches: &[RecordBatch]) -> Result<RecordBatch, ArrowError> {
    let joined = concat_batches(&SCHEMA, batches)?;
    let columns = joined.columns().iter().map(|column| {
        let texts = column.as_any().downcast_ref::<arrow::array::StringViewArray>();
        texts.map_or_else(|| Arc::clone(column), |texts| Arc::new(texts.gc()))
    });
    RecordBatch::try_new(Arc::clone(&SCHEMA), columns.collect())
}

/// Days in memory.
pub(super) type Days = BTreeMap<DayKey, Day>;

/// All three places.
#[derive(Debug, Default)]
pub(super) struct Tables {
    active: Days,
    active_rows: usize,
    frozen: Arc<Days>,
    parts: BTreeMap<DayKey, Vec<Arc<Part>>>,
    /// No part with this number or a higher one has been here.
    below: u64,
}

/// What one query sees of one day: nothing that comes later changes it.
#[derive(Debug, Clone, Default)]
pub(super) struct DayView {
    pub(super) batches: Vec<RecordBatch>,
    pub(super) parts: Vec<Arc<Part>>,
}

impl Tables {
    /// Adds a batch that is durable in the log.
    pub(super) fn push(&mut self, key: DayKey, batch: RecordBatch) {
        self.active_rows += batch.num_rows();
        self.active.entry(key).or_default().push(batch);
    }

    pub(super) fn active_rows(&self) -> usize {
        self.active_rows
    }

    pub(super) fn memory_rows(&self) -> usize {
        self.active_rows + self.frozen.values().map(|day| day.rows).sum::<usize>()
    }

    /// Takes what is being filled aside to be written out, unless something is aside already.
    pub(super) fn freeze(&mut self) -> Option<Arc<Days>> {
        if self.frozen.is_empty() {
            self.frozen = Arc::new(std::mem::take(&mut self.active));
            self.active_rows = 0;
        }
        (!self.frozen.is_empty()).then(|| Arc::clone(&self.frozen))
    }

    /// Puts the parts in the place of what was aside, at one moment for every query.
    pub(super) fn thaw(&mut self, parts: Vec<Arc<Part>>) {
        self.frozen = Arc::default();
        parts.into_iter().for_each(|part| self.add_part(part));
    }

    pub(super) fn add_part(&mut self, part: Arc<Part>) {
        self.below = self.below.max(part.about.number + 1);
        self.parts.entry((part.tenant.clone(), part.about.day)).or_default().push(part);
    }

    /// Parts that were here before this process numbered its first one.
    pub(super) fn numbered_below(&mut self, number: u64) {
        self.below = self.below.max(number);
    }

    /// What a question over the readings of a tenant finds here now.
    pub(super) fn ours(&self, tenant: &TenantId) -> Ours {
        let range = (tenant.clone(), i32::MIN)..=(tenant.clone(), i32::MAX);
        let parts = self.parts.range(range).flat_map(|(_, parts)| parts);
        let parts =
            parts.flat_map(|part| std::iter::once(part.about.number).chain(part.about.replaces.iter().copied()));
        Ours { below: self.below, parts: parts.collect() }
    }

    /// Takes parts out; queries that have them go on reading them.
    pub(super) fn remove_parts(&mut self, numbers: &[u64]) {
        for parts in self.parts.values_mut() {
            parts.retain(|part| !numbers.contains(&part.about.number));
        }
        self.parts.retain(|_, parts| !parts.is_empty());
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = &Arc<Part>> {
        self.parts.values().flatten()
    }

    pub(super) fn days_of_parts(&self) -> impl Iterator<Item = (&DayKey, &Vec<Arc<Part>>)> {
        self.parts.iter()
    }

    /// One day as it is now.
    pub(super) fn day(&self, key: &DayKey) -> DayView {
        let memory = [self.frozen.get(key), self.active.get(key)];
        DayView {
            batches: memory.into_iter().flatten().flat_map(|day| day.batches.iter().cloned()).collect(),
            parts: self.parts.get(key).cloned().unwrap_or_default(),
        }
    }

    /// The days of a tenant from one day to another, both included, that hold anything.
    pub(super) fn days(&self, tenant: &TenantId, from: i32, to: i32) -> BTreeMap<i32, DayView> {
        let range = (tenant.clone(), from)..=(tenant.clone(), to);
        let memory = self.frozen.range(range.clone()).chain(self.active.range(range.clone())).map(|((_, day), _)| *day);
        let parts = self.parts.range(range).map(|((_, day), _)| *day);
        let days: std::collections::BTreeSet<i32> = memory.chain(parts).collect();
        days.into_iter().map(|day| (day, self.day(&(tenant.clone(), day)))).collect()
    }

    /// Everything of a tenant.
    pub(super) fn all_days(&self, tenant: &TenantId) -> BTreeMap<i32, DayView> {
        self.days(tenant, Timestamp::MIN.day(), Timestamp::MAX.day())
    }
}
