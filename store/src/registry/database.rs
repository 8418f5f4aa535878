//! The file of the registry: opening it, checking it, closing it.

use std::fs::{File, OpenOptions, Permissions};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::AtomicI64;
use std::time::Duration;

use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection as _, SqlSafeStr};

use super::failure::{Failure, explain};
use crate::{Error, LetterRoom, Result};

/// The database that the SQL of this folder speaks to; everything else here is written against this name. The statements keep to
/// what SQLite and PostgreSQL have in common.
pub(super) type Database = sqlx::Sqlite;
/// A connection to it.
pub(super) type Connection = <Database as sqlx::Database>::Connection;
/// A transaction in it; undone when dropped.
pub(super) type Transaction = sqlx::Transaction<'static, Database>;

/// Every change of the tables, in order. None of them is edited once it is merged.
static MIGRATIONS: LazyLock<Migrator> = LazyLock::new(|| {
    let migration = |(version, name, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let all = [
        (1, "registry", include_str!("../../migrations/sqlite/0001_registry.sql")),
        (2, "dead letters", include_str!("../../migrations/sqlite/0002_dead_letters.sql")),
        (3, "asset changes", include_str!("../../migrations/sqlite/0003_asset_changes.sql")),
    ];
    Migrator::with_migrations(all.map(migration).into())
});

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
    pub(super) letter_room: LetterRoom,
    /// The latest time that anybody told, for the removal of what has expired.
    pub(super) latest_told: AtomicI64,
}

impl Registry {
    /// Opens the registry in `folder`, made if it is not there, and brings its tables up to date. Keeps of dead letters
    /// what `letter_room` has room for. A file that is not what was written is [`Error::Damaged`], one of a newer version [`Error::Newer`].
    pub(crate) async fn open(folder: &Path, letter_room: LetterRoom) -> Result<Self> {
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
            letter_room,
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

/// Connections to a file have no reason to be renewed, but for one: a transaction that the database ended by itself, as it does on a full disk, still
/// counts with its connection, which would never begin another.
fn steady_pool(connections: u32) -> PoolOptions<Database> {
    let steady = PoolOptions::new().max_connections(connections).idle_timeout(None).max_lifetime(None);
    steady.test_before_acquire(false).before_acquire(|connection: &mut Connection, _| {
        Box::pin(async move {
            if connection.is_in_transaction() {
                // Its end may merely not have been seen to yet.
                connection.ping().await?;
            }
            Ok(!connection.is_in_transaction())
        })
    })
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

    use model::{DeadLetter, Reason, TenantId, Timestamp};
    use tempfile::TempDir;

    use super::*;
    use crate::{AssetRegistry, DeadLetters, LetterFilter};

    #[test]
    fn every_change_of_the_tables_is_in_the_list() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/sqlite")).unwrap();
        let mut written: Vec<String> =
            folder.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
        let mut listed: Vec<String> = MIGRATIONS.iter().map(|migration| migration.sql.as_str().to_owned()).collect();
        written.sort_unstable();
        listed.sort_unstable();
        assert_eq!(written, listed);
    }

    async fn with_tenants(count: usize) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::open(folder.path(), LetterRoom::default()).await.unwrap();
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
    async fn a_transaction_that_found_no_room_does_not_stand_in_the_way_of_the_next() {
        let folder = with_tenants(1).await;
        let registry = Registry::open(folder.path(), LetterRoom::default()).await.unwrap();
        let letter = |bytes: usize| DeadLetter {
            tenant: TenantId::new("messina").unwrap(),
            source: "broker".to_owned(),
            topic: "a".to_owned(),
            received: Timestamp::EPOCH,
            retained: false,
            reason: Reason::Malformed,
            detail: String::new(),
            readings: 0,
            payload: vec![b'x'; bytes].into(),
            bytes: bytes as u64,
        };
        sqlx::query("pragma max_page_count = 1").execute(&registry.writer).await.unwrap();
        let failed = registry.bury(&[letter(1_000_000)]).await.unwrap_err();
        assert!(failed.is_temporary() && failed.with_causes().contains("full"), "{failed:?}");
        sqlx::query("pragma max_page_count = 1000000").execute(&registry.writer).await.unwrap();
        registry.bury(&[letter(10)]).await.unwrap();
        let tenant = TenantId::new("messina").unwrap();
        assert_eq!(registry.dead_letter_counts(&tenant).await.unwrap().len(), 1);
        registry.close().await;
    }

    #[tokio::test]
    async fn nobody_else_can_read_the_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("made").join("registry.sqlite");
        std::fs::create_dir(folder.path().join("made")).unwrap();
        File::create(&path).unwrap().set_permissions(Permissions::from_mode(0o644)).unwrap();
        let registry = Registry::open(&folder.path().join("made"), LetterRoom::default()).await.unwrap();
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
        let registry = Registry::open(folder.path(), LetterRoom::default()).await.unwrap();
        registry.put_tenant(&TenantId::new("messina").unwrap(), "Messina").await.unwrap();
        let copy = tempfile::tempdir().unwrap(); // what a crash would leave: the files as they are now
        for name in ["registry.sqlite", "registry.sqlite-wal"] {
            std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
        }
        let recovered = Registry::open(copy.path(), LetterRoom::default()).await.unwrap();
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
            let Err(Error::Damaged { path, detail }) = Registry::open(folder.path(), LetterRoom::default()).await
            else {
                panic!("{way}: it was opened")
            };
            assert_eq!(path, folder.path().join("registry.sqlite"));
            assert!(detail.contains("from a backup"), "{way}: {detail}");
        }
    }

    #[tokio::test]
    async fn a_file_of_a_newer_version_is_refused() {
        let folder = with_tenants(1).await;
        let registry = Registry::open(folder.path(), LetterRoom::default()).await.unwrap();
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
        let Err(Error::Newer { found, known, .. }) = Registry::open(folder.path(), LetterRoom::default()).await else {
            panic!("it was opened")
        };
        assert_eq!((found, i64::from(known)), (9_000, newest_migration()));
    }

    #[tokio::test]
    async fn what_an_older_version_wrote_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("registry.sqlite");
        let old = SqliteConnectOptions::new().filename(&path).create_if_missing(true).foreign_keys(true);
        let old: sqlx::Pool<Database> = steady_pool(1).connect_with(old).await.unwrap();
        MIGRATIONS.run_to(1, &old).await.unwrap();
        for number in 1..=3_i64 {
            sqlx::query(
                "insert into dead_letter (tenant, source, topic, received, reason, detail, readings, head, bytes)
                 values ('messina', 'broker', 'a/b', $1, 'schema', 'no device', 2, x'7b7d', $2)",
            )
            .bind(number)
            .bind(if number == 3 { 5_000 } else { 2 })
            .execute(&old)
            .await
            .unwrap();
        }
        old.close().await;
        let registry = Registry::open(folder.path(), LetterRoom::default()).await.unwrap();
        let messina = TenantId::new("messina").unwrap();
        let letters = registry.dead_letters(&LetterFilter::all(messina.clone(), 10)).await.unwrap().letters;
        let found: Vec<_> = letters.iter().map(|one| (one.letter.received.as_nanos(), one.letter.is_whole())).collect();
        assert_eq!(found, [(3, false), (2, true), (1, true)]);
        assert_eq!((&letters[0].letter.payload[..], letters[0].letter.readings), (&b"{}"[..], 2));
        assert_eq!(registry.letter_arrivals(&messina, letters[1].id).await.unwrap().len(), 1);
        let before = registry.dead_letter_counts(&messina).await.unwrap()[0].bytes;
        let ids: Vec<_> = letters.iter().map(|one| one.id).collect();
        registry.remove_letters(&messina, &ids[..1]).await.unwrap();
        assert!(registry.dead_letter_counts(&messina).await.unwrap()[0].bytes < before);
        let room: i64 =
            sqlx::query_scalar("select bytes from dead_letter_room").fetch_one(&registry.writer).await.unwrap();
        assert_eq!(room.unsigned_abs(), registry.dead_letter_counts(&messina).await.unwrap()[0].bytes);
    }

    #[tokio::test]
    async fn a_second_process_may_read_and_write_beside_the_first() {
        let folder = tempfile::tempdir().unwrap();
        let (server, command) = (
            Registry::open(folder.path(), LetterRoom::default()).await.unwrap(),
            Registry::open(folder.path(), LetterRoom::default()).await.unwrap(),
        );
        server.put_tenant(&TenantId::new("messina").unwrap(), "Messina").await.unwrap();
        command.put_tenant(&TenantId::new("catania").unwrap(), "Catania").await.unwrap();
        command.close().await;
        assert_eq!(server.tenants().await.unwrap().len(), 2);
    }

    #[tokio::test]
    async fn a_closed_registry_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::open(folder.path(), LetterRoom::default()).await.unwrap();
        registry.close().await;
        assert!(matches!(registry.tenants().await, Err(Error::Closing)));
        let refused = registry.put_tenant(&TenantId::new("messina").unwrap(), "Messina").await;
        assert!(matches!(refused, Err(Error::Closing)));
        assert!(!folder.path().join("registry.sqlite-wal").exists(), "the log was not emptied");
    }
}
