//! What every opening of the engine can be asked: newest values, history, raw readings, SQL.

use std::sync::Arc;

use model::{DeviceId, MetricName, Reading, SeriesSelection, TenantId, Window};

use super::scan::{self, Buckets};
use super::shelf::Shelf;
use super::sql::Queries;
use super::times;
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
        let (shelf, tenant, counter) = (Arc::clone(&self.shelf), tenant.clone(), counter.clone());
        aside(move || times::stream(shelf, &tenant, window, counter)).await
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
