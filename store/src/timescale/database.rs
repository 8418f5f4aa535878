//! The way to the database: threads of its own, connections for those who ask, and what is known of it.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::{AssertSqlSafe, ConnectOptions, Transaction};
use sqlx_postgres::{PgConnectOptions, PgPool, PgPoolOptions, Postgres};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinSet;

use super::names::Names;
use crate::config::TimescaleConfig;
use crate::{Error, Result, metrics};

/// Threads that speak with the database.
const THREADS: usize = 2;
/// How long somebody who asks waits for a connection.
const PATIENCE: Duration = Duration::from_secs(5);
/// No question keeps the database busy for longer, even if nobody waits for the answer any more.
const LONGEST: &str = "60s";

/// The database of a city's readings.
pub(super) struct Database {
    runtime: Option<Runtime>,
    pub(super) options: PgConnectOptions,
    pub(super) pool: PgPool,
    pub(super) names: Names,
    ready: AtomicBool,
    reachable: AtomicBool,
}

impl std::fmt::Debug for Database {
    /// Says nothing: the password is in the options.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn options(config: &TimescaleConfig) -> Result<PgConnectOptions> {
    let context = "reading the address of the database ([store.timescale] url or url_file)";
    let from_file = |path: &Path| {
        let text = std::fs::read_to_string(path);
        text.map_err(|error| Error::unreachable(format!("{context} in {}", path.display()), error))
    };
    let url = match (&config.url, &config.url_file) {
        (Some(url), None) => url.expose().to_owned(),
        (None, Some(path)) => from_file(path)?,
        _ => return Err(Error::unreachable(context, "exactly one of url and url_file must be there")),
    };
    let options: PgConnectOptions = url.trim().parse().map_err(|error| Error::unreachable(context, error))?;
    let options = options.application_name("specola").options([("search_path", "specola,public"), ("timezone", "UTC")]);
    Ok(options.disable_statement_logging())
}

impl Database {
    /// Prepares everything and connects to nothing yet.
    pub(super) fn new(config: &TimescaleConfig) -> Result<Arc<Self>> {
        let options = options(config)?;
        let runtime = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("specola-database")
            .enable_all()
            .build()
            .map_err(|error| Error::unreachable("preparing the way to the database", error))?;
        let pool = {
            let _inside = runtime.enter();
            PgPoolOptions::new()
                .max_connections(config.connections.max(2))
                .acquire_timeout(PATIENCE)
                .connect_lazy_with(options.clone())
        };
        let (names, ready, reachable) = (Names::default(), AtomicBool::new(false), AtomicBool::new(false));
        Ok(Arc::new(Self { runtime: Some(runtime), options, pool, names, ready, reachable }))
    }

    /// The threads that speak with the database.
    pub(super) fn handle(&self) -> Result<Handle> {
        Ok(self.runtime.as_ref().ok_or(Error::Closing)?.handle().clone())
    }

    /// Does something on the database's threads. It ends when whoever waits goes away.
    pub(super) async fn aside<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl Future<Output = sqlx::Result<T>> + Send + 'static,
    ) -> Result<T> {
        if !self.ready.load(Ordering::Acquire) {
            return Err(Error::unreachable(doing, "the database has not been reached yet"));
        }
        let mut running = JoinSet::new();
        running.spawn_on(work, &self.handle()?);
        match running.join_next().await {
            Some(Ok(done)) => done.map_err(|error| Error::unreachable(doing, error)),
            Some(Err(failed)) => Err(Error::unreachable(doing, failed)),
            None => Err(Error::Closing),
        }
    }

    /// A transaction that sees one moment, of one city and nothing else: the database itself holds back all other rows.
    pub(super) async fn city(&self, number: i16) -> sqlx::Result<Transaction<'static, Postgres>> {
        let mut transaction = self.pool.begin_with("begin isolation level repeatable read read only").await?;
        let settings = format!(
            "set local role specola_reader; set local specola.city = '{number}'; set local statement_timeout = '{LONGEST}'"
        );
        sqlx::raw_sql(AssertSqlSafe(settings)).execute(&mut *transaction).await?;
        Ok(transaction)
    }

    /// Its tables are up to date and its dictionary is read.
    pub(super) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::Acquire)
    }

    pub(super) fn set_ready(&self) {
        self.ready.store(true, Ordering::Release);
    }

    /// Whether it answered the last time.
    pub(super) fn is_reachable(&self) -> bool {
        self.reachable.load(Ordering::Acquire)
    }

    pub(super) fn set_reachable(&self, reachable: bool) {
        self.reachable.store(reachable, Ordering::Release);
        metrics::archive_reachable(reachable);
    }
}
