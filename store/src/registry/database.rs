//! The file of the registry: opening it, checking it, closing it.

use std::fs::{File, OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};

use super::failure::{Failure, explain};
use crate::{Error, Result};

/// The database that the SQL of this folder speaks to; everything else here is written against this name. The statements keep to
/// what SQLite and PostgreSQL have in common.
pub(super) type Database = sqlx::Sqlite;
/// A connection to it.
pub(super) type Connection = <Database as sqlx::Database>::Connection;
/// A transaction in it; undone when dropped.
pub(super) type Transaction = sqlx::Transaction<'static, Database>;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/sqlite");

/// Connections that read side by side: pages of the control room are short, and two cores do not run more at once.
const READERS: u32 = 4;
/// How long to wait for another process (a backup, a person with `sqlite3`) that holds the file.
const BUSY: Duration = Duration::from_secs(10);
/// A log that one large import made longer is cut back to this length, 64 MiB.
const WAL_KEPT: &str = "67108864";

/// Assets, alarms, accounts and dead letters, in one SQLite file. What it confirms is on disk.
pub(crate) struct Registry {
    path: PathBuf,
    /// One connection: writers queue here instead of failing against each other in the database.
    writer: sqlx::Pool<Database>,
    readers: sqlx::Pool<Database>,
    pub(super) dead_letters_kept: u64,
    /// The latest time that anybody told, for the removal of what has expired.
    pub(super) latest_told: AtomicI64,
}

impl Registry {
    /// Opens the registry in `folder`, made if it is not there, and brings its tables up to date. Keeps at most `dead_letters_kept`
    /// dead letters. A file that is not what was written is [`Error::Damaged`], one of a newer version [`Error::Newer`].
    pub(crate) async fn open(folder: &Path, dead_letters_kept: u64) -> Result<Self> {
        let path = folder.join("registry.sqlite");
        let (folder, file) = (folder.to_path_buf(), path.clone());
        tokio::task::spawn_blocking(move || private_file(&folder, &file))
            .await
            .map_err(|error| Error::unreachable("opening the registry", error))?
            .map_err(|error| Error::unreachable(format!("opening {}", path.display()), error))?;

        let options = SqliteConnectOptions::new().filename(&path).busy_timeout(BUSY).disable_statement_logging();
        let writing = options
            .clone()
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .pragma("journal_size_limit", WAL_KEPT);
        let registry = Self {
            writer: steady_pool(1).connect_lazy_with(writing),
            readers: steady_pool(READERS).connect_lazy_with(options.read_only(true)),
            path,
            dead_letters_kept,
            latest_told: AtomicI64::new(i64::MIN),
        };
        let checked = match registry.check().await {
            Ok(()) => registry.migrate().await,
            damaged => damaged,
        };
        if let Err(error) = checked {
            registry.close().await;
            return Err(error);
        }
        Ok(registry)
    }

    /// Finishes what is under way; later calls are [`Error::Closing`].
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await; // last, so that it empties the write-ahead log
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A transaction that may write; the only one at a time.
    pub(super) async fn write(&self) -> Result<Transaction, Failure> {
        Ok(self.writer.begin_with("begin immediate").await?)
    }

    /// A transaction that sees one state of the database from its first to its last statement.
    pub(super) async fn read(&self) -> Result<Transaction, Failure> {
        Ok(self.readers.begin().await?)
    }

    /// Reads the structure of the file from end to end: damage is better found before anything is built on it.
    async fn check(&self) -> Result<()> {
        let doing = "checking the registry";
        let answer = sqlx::query_scalar::<_, String>("pragma quick_check(1)").fetch_one(&self.writer).await;
        let answer = self.told(doing, answer.map_err(Failure::Sql))?;
        if answer == "ok" {
            return Ok(());
        }
        Err(explain(&self.path, doing, Failure::Damage(answer)))
    }

    async fn migrate(&self) -> Result<()> {
        let doing = "bringing the registry up to date";
        MIGRATIONS.run(&self.writer).await.map_err(|error| {
            let failure = match error {
                MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => Failure::Sql(error),
                MigrateError::VersionMissing(found) => Failure::Newer { found, known: newest_migration() },
                other => Failure::Unreadable { what: "its table of migrations".to_owned(), source: other.into() },
            };
            explain(&self.path, doing, failure)
        })
    }
}

/// Connections to a file have no reason to be renewed.
fn steady_pool(connections: u32) -> PoolOptions<Database> {
    PoolOptions::new().max_connections(connections).idle_timeout(None).max_lifetime(None).test_before_acquire(false)
}

fn newest_migration() -> i64 {
    MIGRATIONS.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// Makes the file before the database does, so that nobody else can ever read it: password hashes are in it. The database gives
/// its log the same permissions.
fn private_file(folder: &Path, path: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)?;
    if file.metadata()?.permissions().mode() & 0o777 != 0o600 {
        file.set_permissions(Permissions::from_mode(0o600))?;
    }
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom, Write};

    use model::TenantId;
    use tempfile::TempDir;

    use super::*;
    use crate::AssetRegistry;

    async fn with_tenants(count: usize) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::open(folder.path(), 10).await.unwrap();
        for n in 0..count {
            registry.put_tenant(&TenantId::new(format!("tenant-{n}")).unwrap(), &"x".repeat(3_000)).await.unwrap();
        }
        registry.close().await;
        folder
    }

    fn write_at(folder: &TempDir, place: u64, bytes: &[u8]) {
        let mut file = OpenOptions::new().write(true).open(folder.path().join("registry.sqlite")).unwrap();
        file.seek(SeekFrom::Start(place)).unwrap();
        file.write_all(bytes).unwrap();
    }

    #[tokio::test]
    async fn nobody_else_can_read_the_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made").join("registry.sqlite");
        std::fs::create_dir(folder.path().join("made")).unwrap();
        File::create(&path).unwrap().set_permissions(Permissions::from_mode(0o644)).unwrap();
        let registry = Registry::open(&folder.path().join("made"), 10).await.unwrap();
        registry.put_tenant(&TenantId::new("messina").unwrap(), "Messina").await.unwrap();
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder.path().join("made")).unwrap().map(Result::unwrap) {
            assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
            names.push(entry.file_name().into_string().unwrap());
        }
        names.sort();
        assert_eq!(names, ["registry.sqlite", "registry.sqlite-shm", "registry.sqlite-wal"]);
        registry.close().await;
    }

    #[tokio::test]
    async fn what_was_confirmed_is_there_though_the_process_ended_without_closing() {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::open(folder.path(), 10).await.unwrap();
        registry.put_tenant(&TenantId::new("messina").unwrap(), "Messina").await.unwrap();
        let copy = tempfile::tempdir().unwrap(); // what a crash would leave: the files as they are now
        for name in ["registry.sqlite", "registry.sqlite-wal"] {
            std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
        }
        let recovered = Registry::open(copy.path(), 10).await.unwrap();
        assert_eq!(recovered.tenants().await.unwrap(), registry.tenants().await.unwrap());
        assert_eq!(recovered.tenants().await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn a_damaged_file_is_refused_by_name_and_with_advice() {
        let ways: [(&str, u64, &[u8]); 3] = [
            ("no database", 0, b"this is a text file, not a database"),
            ("a page zeroed", 4_096 * 30, &[0; 4_096]),
            ("pages overwritten", 4_096 * 2, &[0xaa; 4_096 * 20]),
        ];
        for (way, place, bytes) in ways {
            let folder = with_tenants(200).await;
            write_at(&folder, place, bytes);
            let Err(Error::Damaged { path, detail }) = Registry::open(folder.path(), 10).await else {
                panic!("{way}: it was opened")
            };
            assert_eq!(path, folder.path().join("registry.sqlite"));
            assert!(detail.contains("from a backup"), "{way}: {detail}");
        }
    }

    #[tokio::test]
    async fn a_file_of_a_newer_version_is_refused() {
        let folder = with_tenants(1).await;
        let registry = Registry::open(folder.path(), 10).await.unwrap();
        let mut transaction = registry.write().await.unwrap();
        sqlx::query(
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
             values (9000, 'tomorrow', true, x'00', 0)",
        )
        .execute(&mut *transaction)
        .await
        .unwrap();
        transaction.commit().await.unwrap();
        registry.close().await;
        let Err(Error::Newer { found, known, .. }) = Registry::open(folder.path(), 10).await else {
            panic!("it was opened")
        };
        assert_eq!((found, i64::from(known)), (9_000, newest_migration()));
    }

    #[tokio::test]
    async fn a_second_process_may_read_and_write_beside_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let (server, command) =
            (Registry::open(folder.path(), 10).await.unwrap(), Registry::open(folder.path(), 10).await.unwrap());
        server.put_tenant(&TenantId::new("messina").unwrap(), "Messina").await.unwrap();
        command.put_tenant(&TenantId::new("catania").unwrap(), "Catania").await.unwrap();
        command.close().await;
        assert_eq!(server.tenants().await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_closed_registry_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::open(folder.path(), 10).await.unwrap();
        registry.close().await;
        assert!(matches!(registry.tenants().await, Err(Error::Closing)));
        let refused = registry.put_tenant(&TenantId::new("messina").unwrap(), "Messina").await;
        assert!(matches!(refused, Err(Error::Closing)));
        assert!(!folder.path().join("registry.sqlite-wal").exists(), "the log was not emptied");
    }
}
