//! A connection of one's own: opened when it is needed, let go when anything goes wrong with it.

use std::time::Duration;

use model::Quality;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Connection, SqlSafeStr};
use sqlx_postgres::{PgConnectOptions, PgConnection};

use super::copy::quality_number;

/// How long a database may take to answer that it is there.
const CONNECT: Duration = Duration::from_secs(5);

/// Every change of the tables, in order. None of them is edited once it is merged.
const MIGRATIONS: [(i64, &str, &str); 1] =
    [(1, "readings", include_str!("../../migrations/postgres/0001_readings.sql"))];

/// Work on a connection took too long: half of it may have died without a word.
#[derive(Debug, thiserror::Error)]
#[error("the database did not answer within {0:?}")]
pub(super) struct TooLong(Duration);

/// What goes wrong on the way to the database, with the time that is allowed.
pub(super) async fn within<T>(allowed: Duration, work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
    match tokio::time::timeout(allowed, work).await {
        Ok(done) => done,
        Err(_) => Err(sqlx::Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, TooLong(allowed)))),
    }
}

/// Connects.
pub(super) async fn connect(options: &PgConnectOptions) -> sqlx::Result<PgConnection> {
    within(CONNECT, PgConnection::connect_with(options)).await
}

/// Brings the tables up to date, and the words that they hold.
pub(super) async fn migrate(connection: &mut PgConnection) -> sqlx::Result<()> {
    let migration = |(version, name, sql): (i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    let mut migrator = Migrator::with_migrations(MIGRATIONS.map(migration).into());
    migrator.create_schema("specola");
    let changed = migrator.run_direct(None, &mut *connection, false).await;
    changed.map_err(|error| sqlx::Error::Configuration(error.into()))?;
    let numbers: Vec<i16> = Quality::ALL.into_iter().map(quality_number).collect();
    let words: Vec<&str> = Quality::ALL.into_iter().map(Quality::as_str).collect();
    sqlx::query(
        "insert into quality (number, word) select * from unnest($1::smallint[], $2::text[]) on conflict do nothing",
    )
    .bind(numbers)
    .bind(words)
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether the database said no to the data itself, and not that it is away, full or busy: the same again would fail again.
pub(super) fn is_about_data(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    // Data exceptions, broken constraints, an error raised by a trigger of the city's own, a row too large for a page or an index.
    code.is_some_and(|code| code.starts_with("22") || code.starts_with("23") || code == "P0001" || code == "54000")
}

/// Whether a key is there already.
pub(super) fn is_known(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| error.is_unique_violation())
}
