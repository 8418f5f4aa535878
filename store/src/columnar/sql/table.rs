//! The table `readings` of one tenant at one moment: memory and parts as one, with what is not needed left on the disk.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, RecordBatch, StringViewArray, UInt64Array};
use arrow::compute::{max, min};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, DFSchema};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::memory::MemorySourceConfig;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::union::UnionExec;
use datafusion::scalar::ScalarValue;
use model::TenantId;

use super::super::archive::Ours;
use super::super::part::Part;
use super::super::rows::Rows;
use super::super::schema::SCHEMA;
use super::super::shelf::Shelf;
use super::beyond::{archived, wanted};
use super::cells::time_column;

/// Where parts are, for the reader of Parquet; nothing else of the disk can be named.
pub(super) const PARTS_URL: &str = "specola://parts/";

/// What one query sees. It keeps its parts on the disk while it lives.
#[derive(Debug)]
pub(super) struct Readings {
    pub(super) shelf: Arc<Shelf>,
    pub(super) tenant: TenantId,
    pub(super) batches: Vec<RecordBatch>,
    pub(super) parts: Vec<Arc<Part>>,
    /// What the archive is to leave out.
    pub(super) ours: Ours,
}

#[async_trait]
impl TableProvider for Readings {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&SCHEMA)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let schema = DFSchema::try_from(Arc::clone(&SCHEMA))?;
        let predicate = conjunction(filters.iter().cloned());
        let predicate = predicate.map(|filter| state.create_physical_expr(filter, &schema)).transpose()?;
        let partitions = state.config().target_partitions().max(1);

        let batches = keep(&self.batches, Bounds::of_batch, predicate.as_ref());
        let parts = self.sound(keep(&self.parts, |part| Some(Bounds::of_part(part)), predicate.as_ref())).await?;
        let mut sources: Vec<Arc<dyn ExecutionPlan>> = Vec::new();
        if !batches.is_empty() || parts.is_empty() {
            let mut memory = vec![Vec::new(); partitions.min(batches.len()).max(1)];
            let count = memory.len();
            for (at, batch) in batches.into_iter().enumerate() {
                memory[at % count].push(batch);
            }
            sources.push(MemorySourceConfig::try_new_exec(&memory, self.schema(), projection.cloned())?);
        }
        if !parts.is_empty() {
            let mut groups = vec![FileGroup::new(Vec::new()); partitions.min(parts.len())];
            let count = groups.len();
            for (at, part) in parts.iter().enumerate() {
                groups[at % count].push(self.file(part)?);
            }
            let mut source = ParquetSource::new(self.schema()).with_pushdown_filters(true).with_enable_page_index(true);
            if let Some(predicate) = predicate.clone() {
                source = source.with_predicate(predicate);
            }
            let config = FileScanConfigBuilder::new(ObjectStoreUrl::parse(PARTS_URL)?, Arc::new(source))
                .with_file_groups(groups)
                .with_projection_indices(projection.cloned())?
                .with_limit(limit)
                .build();
            sources.push(DataSourceExec::from_data_source(config));
        }
        if let Some(archive) = self.shelf.archive() {
            let wanted = wanted(&self.tenant, &self.ours, projection, predicate.as_ref());
            sources.push(archived(Arc::clone(archive), wanted, projection, limit)?);
        }
        UnionExec::try_new(sources)
    }
}

impl Readings {
    fn file(&self, part: &Part) -> Result<PartitionedFile> {
        let inside: Option<&Path> = part.path.strip_prefix(self.shelf.layout.parts()).ok();
        let inside =
            inside.and_then(Path::to_str).ok_or_else(|| DataFusionError::Internal("a part stands elsewhere".into()))?;
        Ok(PartitionedFile::new(inside, part.about.bytes))
    }

    /// The parts that are what was written; each is read through once in the life of the process.
    async fn sound(&self, parts: Vec<Arc<Part>>) -> Result<Vec<Arc<Part>>> {
        let shelf = Arc::clone(&self.shelf);
        let check = move || parts.into_iter().filter(|part| shelf.is_sound(part)).collect();
        tokio::task::spawn_blocking(check).await.map_err(|error| DataFusionError::External(Box::new(error)))
    }
}

/// Between which times and devices the rows of something lie.
struct Bounds {
    time: (i64, i64),
    /// Not asked of memory, where every device is everywhere.
    device: Option<(String, String)>,
    rows: u64,
}

impl Bounds {
    fn of_part(part: &Arc<Part>) -> Self {
        let about = &part.about;
        Self {
            time: (about.first, about.last),
            device: Some((about.first_device.clone(), about.last_device.clone())),
            rows: about.rows,
        }
    }

    fn of_batch(batch: &RecordBatch) -> Option<Self> {
        let rows = Rows::of(batch)?;
        Some(Self { time: (min(rows.time)?, max(rows.time)?), device: None, rows: rows.len() as u64 })
    }
}

/// The things whose rows may match.
fn keep<T: Clone>(
    things: &[T],
    bounds: impl Fn(&T) -> Option<Bounds>,
    predicate: Option<&Arc<dyn PhysicalExpr>>,
) -> Vec<T> {
    let builder = || PruningPredicateBuilder::new().with_file_schema(Arc::clone(&SCHEMA));
    let Some(pruning) = predicate.and_then(|predicate| builder().build(Arc::clone(predicate))) else {
        return things.to_vec();
    };
    let known: Option<Vec<Bounds>> = things.iter().map(bounds).collect();
    let matching = known.and_then(|known| pruning.prune(&Known(known)).ok());
    let Some(matching) = matching else { return things.to_vec() };
    things.iter().zip(matching).filter(|(_, matches)| *matches).map(|(thing, _)| thing.clone()).collect()
}

struct Known(Vec<Bounds>);

impl Known {
    fn column(
        &self,
        column: &Column,
        time: fn(&Bounds) -> i64,
        device: fn(&(String, String)) -> &str,
    ) -> Option<ArrayRef> {
        match column.name() {
            "time" => Some(Arc::new(time_column(self.0.iter().map(time)))),
            "device" => Some(Arc::new(self.devices(device))),
            _ => None,
        }
    }
}

impl Known {
    fn devices(&self, end: fn(&(String, String)) -> &str) -> StringViewArray {
        self.0.iter().map(|bounds| bounds.device.as_ref().map(end)).collect()
    }
}

impl PruningStatistics for Known {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.column(column, |bounds| bounds.time.0, |devices| &devices.0)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.column(column, |bounds| bounds.time.1, |devices| &devices.1)
    }

    fn num_containers(&self) -> usize {
        self.0.len()
    }

    fn null_counts(&self, column: &Column) -> Option<ArrayRef> {
        let zeros = || Arc::new(UInt64Array::from(vec![0; self.0.len()])) as ArrayRef;
        matches!(column.name(), "time" | "device").then(zeros)
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        Some(Arc::new(UInt64Array::from_iter_values(self.0.iter().map(|bounds| bounds.rows))))
    }

    fn contained(&self, _: &Column, _: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
