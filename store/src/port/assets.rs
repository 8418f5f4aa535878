//! Keeping what stands in the city.

use async_trait::async_trait;
use model::{Asset, AssetId, Lifecycle, Position, TenantId, Timestamp};

use crate::Result;

/// What became of assets that were put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Upserted {
    /// Not known before.
    pub added: usize,
    /// Known, now different.
    pub changed: usize,
    /// Known and the same.
    pub unchanged: usize,
}

/// Who changes the register, when, and by which act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Author<'a> {
    /// When.
    pub at: Timestamp,
    /// The name of a person, or the part of the program that does it by itself.
    pub who: &'a str,
    /// What is done, in a word or two: `import`, `approve`, `first sight`.
    pub act: &'a str,
}

/// A change of one asset, as it was written down. It is never changed and never removed.
#[derive(Debug, Clone, PartialEq)]
pub struct AssetFact {
    /// Its number; later ones are larger.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub who: String,
    /// By which act.
    pub act: String,
    /// What the asset was; none when it was not known.
    pub before: Option<Asset>,
    /// What it has become.
    pub after: Asset,
}

/// Which changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetFactFilter {
    /// Whose.
    pub tenant: TenantId,
    /// Only those of this asset.
    pub asset: Option<AssetId>,
    /// Only those with a smaller number: to go on where a page has ended.
    pub before: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

/// An asset came into the register, or into another stage of its life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageFact {
    /// Which asset.
    pub asset: AssetId,
    /// When.
    pub at: Timestamp,
    /// The stage that it was in; none when it was not known.
    pub before: Option<Lifecycle>,
    /// The stage that it is in since then.
    pub after: Lifecycle,
}

/// The register of assets.
#[async_trait]
pub trait AssetRegistry: Send + Sync {
    /// Registers a tenant, or renames it.
    async fn put_tenant(&self, tenant: &TenantId, name: &str) -> Result<()>;

    /// All tenants with their names, ordered by id.
    async fn tenants(&self) -> Result<Vec<(TenantId, String)>>;

    /// Adds assets or replaces those with the same id, durably and all or none. Each names its tenant. Every change is written down with its author.
    async fn put_assets(&self, assets: &[Asset], author: &Author<'_>) -> Result<Upserted>;

    /// Gives a place to those of these assets that have none, durably and all or none. Returns them as they are now; the others stay as they are.
    async fn place_assets(
        &self,
        tenant: &TenantId,
        places: &[(AssetId, Position)],
        author: &Author<'_>,
    ) -> Result<Vec<Asset>>;

    /// All assets of a tenant, ordered by id.
    async fn assets(&self, tenant: &TenantId) -> Result<Vec<Asset>>;

    /// One asset.
    async fn asset(&self, tenant: &TenantId, id: &AssetId) -> Result<Option<Asset>>;

    /// What was changed, the newest first.
    async fn asset_facts(&self, filter: &AssetFactFilter) -> Result<Vec<AssetFact>>;

    /// Every change of a stage of life, the oldest first; only as far back as changes are written down.
    async fn stage_facts(&self, tenant: &TenantId) -> Result<Vec<StageFact>>;
}
