//! Runs questions on threads of their own, so that an analyst never slows down what is being kept.

use std::sync::Arc;

use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList, MemorySchemaProvider,
    SchemaProvider,
};
use datafusion::dataframe::DataFrame;
use datafusion::datasource::{ViewTable, provider_as_source};
use datafusion::error::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::context::{SQLOptions, SessionState};
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::FairSpillPool;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::{LogicalPlanBuilder, col, lit};
use datafusion::object_store::local::LocalFileSystem;
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement;
use futures::StreamExt;
use model::TenantId;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use super::super::schema::SCHEMA;
use super::super::shelf::Shelf;
use super::table::{PARTS_URL, Readings};
use super::{cells, guard};
use crate::error::BoxError;
use crate::{Answer, Error, QueryLimits, Result};

/// Threads for questions, and parts of a question that run side by side.
const THREADS: usize = 2;
/// Stack of such a thread: planning and dropping a deep expression take it level by level.
const STACK_BYTES: usize = 16 << 20;
const CATALOG: &str = "specola";
const SCHEMA_NAME: &str = "public";
const TABLE: &str = "readings";

/// Answers questions.
pub(in crate::columnar) struct Queries {
    runtime: Option<Runtime>,
    base: SessionState,
    memory_mib: usize,
}

impl std::fmt::Debug for Queries {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queries").finish_non_exhaustive()
    }
}

impl Drop for Queries {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Queries {
    /// Prepares what all questions share. `shelf` tells where the parts are.
    pub(in crate::columnar) fn new(shelf: &Shelf, memory_mib: usize) -> Result<Self, BoxError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .max_blocking_threads(THREADS * 2)
            .thread_name("specola-query")
            .thread_stack_size(STACK_BYTES)
            .enable_time()
            .build()?;
        let parts = LocalFileSystem::new_with_prefix(shelf.layout.parts())?;
        let environment = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::new(FairSpillPool::new(memory_mib.saturating_mul(1 << 20))))
            // A question that needs more memory ends; it does not fill the disk that the log lives on.
            .with_disk_manager_builder(DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled))
            .build_arc()?;
        // The only files that a question can reach are parts.
        environment.deregister_object_store(ObjectStoreUrl::local_filesystem().as_ref())?;
        environment.register_object_store(ObjectStoreUrl::parse(PARTS_URL)?.as_ref(), Arc::new(parts));
        let mut config = SessionConfig::new()
            .with_target_partitions(THREADS)
            .with_create_default_catalog_and_schema(false)
            .with_default_catalog_and_schema(CATALOG, SCHEMA_NAME)
            .with_information_schema(true);
        config.options_mut().execution.parquet.pushdown_filters = true;
        let base = SessionStateBuilder::new()
            .with_default_features()
            .with_config(config)
            .with_runtime_env(environment)
            .build();
        Ok(Self { runtime: Some(runtime), base, memory_mib })
    }

    /// Answers one question over the readings of one tenant as they are now.
    pub(in crate::columnar) async fn answer(
        &self,
        shelf: &Arc<Shelf>,
        tenant: &TenantId,
        sql: &str,
        limits: QueryLimits,
    ) -> Result<Answer> {
        let runtime = self.runtime.as_ref().ok_or(Error::Closing)?;
        let (sql, tenant, shelf, state) = (sql.to_owned(), tenant.clone(), Arc::clone(shelf), self.base.clone());
        // Dropping the set when the time is over, or when the asker goes away, ends the question.
        let mut running = JoinSet::new();
        running.spawn_on(
            async move {
                let statement = guard::question(&sql)?;
                run(state, &shelf, &tenant, statement, limits.rows).await
            },
            runtime.handle(),
        );
        match tokio::time::timeout(limits.deadline, running.join_next()).await {
            Err(_) => Err(Error::QueryDeadline(limits.deadline)),
            Ok(Some(Ok(Err(error)))) => Err(self.explained(error)),
            Ok(Some(Ok(Ok(answer)))) => Ok(answer),
            Ok(Some(Err(failed))) => {
                tracing::error!(error = %failed, "a question failed inside");
                Err(Error::QueryFailed("it cannot be answered; the log says more".into()))
            }
            Ok(None) => Err(Error::Closing),
        }
    }

    fn explained(&self, error: Error) -> Error {
        match error {
            Error::QueryFailed(text) if text.starts_with("Resources exhausted") => Error::QueryFailed(format!(
                "it needs more memory than the {} MiB that queries have; ask for less time or fewer columns",
                self.memory_mib
            )),
            other => other,
        }
    }
}

fn failed(error: DataFusionError) -> Error {
    match error {
        // The archive is away: the question itself may be right.
        DataFusionError::External(inner) => match inner.downcast::<Error>() {
            Ok(error) => *error,
            Err(inner) => Error::QueryFailed(DataFusionError::External(inner).strip_backtrace()),
        },
        other => Error::QueryFailed(other.strip_backtrace()),
    }
}

/// The table of one tenant: its readings are all that the planner ever sees, and the tenant is a constant beside them.
fn catalog(readings: Readings, tenant: &TenantId) -> DataFusionResult<Arc<dyn CatalogProviderList>> {
    let columns = SCHEMA.fields().iter().map(|field| col(field.name()));
    let columns = std::iter::once(lit(tenant.as_str()).alias("tenant")).chain(columns);
    let plan =
        LogicalPlanBuilder::scan(TABLE, provider_as_source(Arc::new(readings)), None)?.project(columns)?.build()?;
    let schema = MemorySchemaProvider::new();
    schema.register_table(TABLE.to_owned(), Arc::new(ViewTable::new(plan, None)))?;
    let catalog = MemoryCatalogProvider::new();
    catalog.register_schema(SCHEMA_NAME, Arc::new(schema))?;
    let list = MemoryCatalogProviderList::new();
    list.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
    Ok(Arc::new(list))
}

async fn run(
    mut state: SessionState,
    shelf: &Arc<Shelf>,
    tenant: &TenantId,
    statement: Statement,
    limit: usize,
) -> Result<Answer> {
    let (days, ours) = {
        let tables = shelf.tables();
        (tables.all_days(tenant), tables.ours(tenant))
    };
    let parts: Vec<_> = days.values().flat_map(|day| day.parts.iter().cloned()).collect();
    let batches = days.into_values().flat_map(|day| day.batches).collect();
    let readings = Readings { shelf: Arc::clone(shelf), tenant: tenant.clone(), batches, parts: parts.clone(), ours };
    state.register_catalog_list(catalog(readings, tenant).map_err(failed)?);
    state.mark_start_execution();

    let plan = state.statement_to_plan(statement).await.map_err(failed)?;
    let only_questions = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    only_questions.verify_plan(&plan).map_err(|error| Error::QueryRefused(error.strip_backtrace()))?;
    // One more row than is returned tells whether there are more.
    let frame = DataFrame::new(state, plan);
    let mut stream = frame.execute_stream().await.map_err(failed)?;
    let mut answer = Answer { columns: cells::columns(&stream.schema()), rows: Vec::new(), truncated: false };
    while let Some(batch) = stream.next().await {
        let batch = batch.map_err(failed)?;
        let room = limit - answer.rows.len();
        answer.truncated = batch.num_rows() > room;
        let batch = batch.slice(0, batch.num_rows().min(room));
        answer.rows.extend(cells::rows(&batch).map_err(|error| Error::QueryFailed(error.to_string()))?);
        if answer.truncated {
            break;
        }
    }
    // Only now may a merge remove the files that were read.
    drop(stream);
    drop(parts);
    Ok(answer)
}
