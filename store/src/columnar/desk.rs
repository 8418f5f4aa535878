//! What every opening of the engine can be asked: newest values, history, raw readings, SQL.

use std::sync::Arc;

use futures::StreamExt;
use model::{DeviceId, MetricName, Reading, SeriesSelection, TenantId, Timestamp, Window};

use super::archive::{Columns, Wanted};
use super::scan::{self, Buckets};
use super::shelf::Shelf;
use super::sql::Queries;
use super::times::{self, Beyond};
use crate::{Answer, Bucket, Error, QueryLimits, Result, TimesStream};

/// A shelf and who answers questions about it.
#[derive(Debug)]
pub(super) struct Desk {
    pub(super) shelf: Arc<Shelf>,
    queries: Queries,
}

impl Desk {
    pub(super) fn new(shelf: Arc<Shelf>, query_memory_mib: usize) -> Result<Self> {
        let queries =
            Queries::new(&shelf, query_memory_mib).map_err(|error| Error::unreachable("preparing queries", error))?;
        Ok(Self { shelf, queries })
    }

    pub(super) fn newest(&self, tenant: &TenantId) -> Vec<Reading> {
        self.shelf.board().newest(tenant)
    }

    pub(super) fn newest_of(&self, tenant: &TenantId, device: &DeviceId) -> Vec<Reading> {
        self.shelf.board().newest_of(tenant, device)
    }

    pub(super) async fn history(&self, selection: &SeriesSelection, buckets: usize) -> Result<Vec<Bucket>> {
        let Some(mut buckets) = Buckets::new(selection.window, buckets) else { return Ok(Vec::new()) };
        let (shelf, asked) = (Arc::clone(&self.shelf), selection.clone());
        let (mut buckets, ours) = aside(move || {
            let ours = scan::history(&shelf, &asked, &mut buckets)?;
            Ok((buckets, ours))
        })
        .await?;
        if let Some(archive) = self.shelf.archive() {
            let shares = archive.shares(selection, buckets.edges(), ours).await?;
            shares.iter().for_each(|share| buckets.add(share));
        }
        Ok(buckets.finish())
    }

    pub(super) async fn readings(&self, selection: &SeriesSelection, limit: usize) -> Result<Vec<Reading>> {
        let (shelf, asked) = (Arc::clone(&self.shelf), selection.clone());
        let (mut found, ours) = aside(move || scan::readings(&shelf, &asked, limit)).await?;
        if let Some(archive) = self.shelf.archive().filter(|_| limit > 0) {
            found.extend(archive.readings(selection, limit, ours).await?);
            found.sort_by_key(|reading| reading.time);
            found.truncate(limit);
        }
        Ok(found)
    }

    pub(super) async fn times(&self, tenant: &TenantId, window: Window, counter: &MetricName) -> Result<TimesStream> {
        let last = Timestamp::from_nanos(window.until.as_nanos().saturating_sub(1));
        let (days, ours) = {
            let tables = self.shelf.tables();
            (tables.days(tenant, window.from.day(), last.day()), tables.ours(tenant))
        };
        let mut beyond = Beyond::default();
        if let Some(archive) = self.shelf.archive() {
            let columns = Columns { value: true, unit: false, rest: false };
            let (tenant, from) = (tenant.clone(), window.from);
            let mut rows = archive.scan(Wanted { tenant, devices: None, metrics: None, from, last, columns, ours });
            while let Some(readings) = rows.next().await {
                readings?.iter().for_each(|reading| beyond.take(reading, counter));
            }
        }
        let (shelf, counter) = (Arc::clone(&self.shelf), counter.clone());
        aside(move || times::stream(shelf, days, beyond, window, counter)).await
    }

    pub(super) async fn query(&self, tenant: &TenantId, sql: &str, limits: QueryLimits) -> Result<Answer> {
        self.queries.answer(&self.shelf, tenant, sql, limits).await
    }
}

/// Reading files takes longer than a task may.
pub(super) async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::unreachable("reading beside the tasks", error))?
}
