//! A store with a folder of one process: readings by one of the engines, the rest in SQLite.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::alarm::{Alarm, Fact};
use model::{
    Account, AlarmId, Asset, AssetId, DeadLetter, DeviceId, LetterId, MetricName, Position, Reading, ReadingBatch,
    Reason, SeriesSelection, TenantId, Timestamp, UserName, Window,
};

use crate::columnar::Columnar;
use crate::lock::FolderLock;
use crate::registry::Registry;
use crate::timescale::Timescale;
use crate::{
    Accounts, AlarmFilter, AlarmJournal, AlarmPage, Answer, AssetFact, AssetFactFilter, AssetRegistry, Author, Bucket,
    Config, DeadLetterCount, DeadLetters, Error, Gauges, Letter, LetterFilter, LetterPage, LetterTally, Lost,
    QueryLimits, Receipt, Result, Session, SignInCode, StageFact, Telemetry, TimesStream, TokenHash, Upserted,
};

/// Both halves. The lock is last, so that it is given back when everything else has ended.
pub(crate) struct Embedded<T> {
    readings: T,
    registry: Arc<Registry>,
    _lock: FolderLock,
}

impl Embedded<Columnar> {
    /// Opens the folder of `config`, alone, and keeps the readings in it.
    pub(crate) async fn open(config: Config) -> Result<Self> {
        let (registry, lock) = open(&config).await?;
        Ok(Self { readings: Columnar::open(&config).await?, registry, _lock: lock })
    }
}

impl Embedded<Timescale> {
    /// Opens the folder of `config`, alone, and moves the readings from it into the database.
    pub(crate) async fn open(config: Config) -> Result<Self> {
        let (registry, lock) = open(&config).await?;
        let letters: Arc<dyn DeadLetters> = Arc::clone(&registry) as _;
        Ok(Self { readings: Timescale::open(&config, letters).await?, registry, _lock: lock })
    }
}

async fn open(config: &Config) -> Result<(Arc<Registry>, FolderLock)> {
    let folder = config.folder.clone();
    let lock = tokio::task::spawn_blocking(move || FolderLock::take(&folder))
        .await
        .map_err(|error| Error::unreachable("locking the folder", error))??;
    let registry = Registry::open(&config.folder, config.dead_letters).await?;
    Ok((Arc::new(registry), lock))
}

#[async_trait]
impl<T: Telemetry> Telemetry for Embedded<T> {
    async fn append(&self, batch: ReadingBatch) -> Result<Receipt> {
        self.readings.append(batch).await
    }

    fn newest(&self, tenant: &TenantId) -> Vec<Reading> {
        self.readings.newest(tenant)
    }

    fn newest_of(&self, tenant: &TenantId, device: &DeviceId) -> Vec<Reading> {
        self.readings.newest_of(tenant, device)
    }

    async fn history(&self, selection: &SeriesSelection, buckets: usize) -> Result<Vec<Bucket>> {
        self.readings.history(selection, buckets).await
    }

    async fn readings(&self, selection: &SeriesSelection, limit: usize) -> Result<Vec<Reading>> {
        self.readings.readings(selection, limit).await
    }

    async fn times(&self, tenant: &TenantId, window: Window, counter: &MetricName) -> Result<TimesStream> {
        self.readings.times(tenant, window, counter).await
    }

    async fn query(&self, tenant: &TenantId, sql: &str, limits: QueryLimits) -> Result<Answer> {
        self.readings.query(tenant, sql, limits).await
    }

    async fn flush(&self) -> Result<()> {
        self.readings.flush().await
    }

    async fn close(&self) -> Result<()> {
        self.readings.close().await?;
        self.registry.close().await;
        Ok(())
    }

    fn gauges(&self) -> Gauges {
        self.readings.gauges()
    }

    fn lost(&self) -> Vec<Lost> {
        self.readings.lost()
    }
}

#[async_trait]
impl<T: Telemetry> AssetRegistry for Embedded<T> {
    async fn put_tenant(&self, tenant: &TenantId, name: &str) -> Result<()> {
        self.registry.put_tenant(tenant, name).await
    }

    async fn tenants(&self) -> Result<Vec<(TenantId, String)>> {
        self.registry.tenants().await
    }

    async fn put_assets(&self, assets: &[Asset], author: &Author<'_>) -> Result<Upserted> {
        self.registry.put_assets(assets, author).await
    }

    async fn place_assets(
        &self,
        tenant: &TenantId,
        places: &[(AssetId, Position)],
        author: &Author<'_>,
    ) -> Result<Vec<Asset>> {
        self.registry.place_assets(tenant, places, author).await
    }

    async fn assets(&self, tenant: &TenantId) -> Result<Vec<Asset>> {
        self.registry.assets(tenant).await
    }

    async fn asset(&self, tenant: &TenantId, id: &AssetId) -> Result<Option<Asset>> {
        self.registry.asset(tenant, id).await
    }

    async fn asset_facts(&self, filter: &AssetFactFilter) -> Result<Vec<AssetFact>> {
        self.registry.asset_facts(filter).await
    }

    async fn stage_facts(&self, tenant: &TenantId) -> Result<Vec<StageFact>> {
        self.registry.stage_facts(tenant).await
    }
}

#[async_trait]
impl<T: Telemetry> AlarmJournal for Embedded<T> {
    async fn record(&self, facts: &[Fact]) -> Result<Vec<Alarm>> {
        self.registry.record(facts).await
    }

    async fn open_alarms(&self) -> Result<Vec<Alarm>> {
        self.registry.open_alarms().await
    }

    async fn alarms(&self, filter: &AlarmFilter) -> Result<AlarmPage> {
        self.registry.alarms(filter).await
    }

    async fn alarm(&self, tenant: &TenantId, id: AlarmId) -> Result<Option<(Alarm, Vec<Fact>)>> {
        self.registry.alarm(tenant, id).await
    }
}

#[async_trait]
impl<T: Telemetry> Accounts for Embedded<T> {
    async fn add_account(&self, account: &Account) -> Result<()> {
        self.registry.add_account(account).await
    }

    async fn set_password(&self, user: &UserName, password_hash: &str) -> Result<bool> {
        self.registry.set_password(user, password_hash).await
    }

    async fn account(&self, user: &UserName) -> Result<Option<Account>> {
        self.registry.account(user).await
    }

    async fn accounts(&self, tenant: &TenantId) -> Result<Vec<Account>> {
        self.registry.accounts(tenant).await
    }

    async fn open_session(&self, session: &Session) -> Result<()> {
        self.registry.open_session(session).await
    }

    async fn session(&self, token: &TokenHash, now: Timestamp) -> Result<Option<(Session, Account)>> {
        self.registry.session(token, now).await
    }

    async fn end_session(&self, token: &TokenHash) -> Result<bool> {
        self.registry.end_session(token).await
    }

    async fn end_sessions(&self, user: &UserName) -> Result<u64> {
        self.registry.end_sessions(user).await
    }

    async fn put_code(&self, code: &SignInCode) -> Result<()> {
        self.registry.put_code(code).await
    }

    async fn take_code(&self, code: &TokenHash, now: Timestamp) -> Result<Option<Account>> {
        self.registry.take_code(code, now).await
    }
}

#[async_trait]
impl<T: Telemetry> DeadLetters for Embedded<T> {
    async fn bury(&self, letters: &[DeadLetter]) -> Result<()> {
        self.registry.bury(letters).await
    }

    async fn dead_letters(&self, filter: &LetterFilter) -> Result<LetterPage> {
        self.registry.dead_letters(filter).await
    }

    async fn dead_letter(&self, tenant: &TenantId, id: LetterId) -> Result<Option<Letter>> {
        self.registry.dead_letter(tenant, id).await
    }

    async fn letter_arrivals(&self, tenant: &TenantId, id: LetterId) -> Result<Vec<Timestamp>> {
        self.registry.letter_arrivals(tenant, id).await
    }

    async fn dead_letter_counts(&self, tenant: &TenantId) -> Result<Vec<DeadLetterCount>> {
        self.registry.dead_letter_counts(tenant).await
    }

    async fn dead_letter_tally(
        &self,
        tenant: &TenantId,
        window: Window,
        stretch: Duration,
    ) -> Result<Vec<LetterTally>> {
        self.registry.dead_letter_tally(tenant, window, stretch).await
    }

    async fn remove_letters(&self, tenant: &TenantId, ids: &[LetterId]) -> Result<u64> {
        self.registry.remove_letters(tenant, ids).await
    }

    async fn refuse_again(
        &self,
        tenant: &TenantId,
        id: LetterId,
        reason: Reason,
        detail: &str,
        readings: u32,
    ) -> Result<()> {
        self.registry.refuse_again(tenant, id, reason, detail, readings).await
    }

    async fn want_letters(&self, tenant: &TenantId, ids: &[LetterId]) -> Result<u64> {
        self.registry.want_letters(tenant, ids).await
    }

    async fn wanted_letters(&self, limit: usize) -> Result<Vec<(TenantId, LetterId)>> {
        self.registry.wanted_letters(limit).await
    }

    async fn forget_old_letters(&self, now: Timestamp) -> Result<u64> {
        self.registry.forget_old_letters(now).await
    }
}
