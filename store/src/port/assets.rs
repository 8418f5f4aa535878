//! Keeping what stands in the city.

use async_trait::async_trait;
use model::{Asset, AssetId, Position, TenantId};

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

/// The register of assets.
#[async_trait]
pub trait AssetRegistry: Send + Sync {
    /// Registers a tenant, or renames it.
    async fn put_tenant(&self, tenant: &TenantId, name: &str) -> Result<()>;

    /// All tenants with their names, ordered by id.
    async fn tenants(&self) -> Result<Vec<(TenantId, String)>>;

    /// Adds assets or replaces those with the same id, durably and all or none. Each names its tenant.
    async fn put_assets(&self, assets: &[Asset]) -> Result<Upserted>;

    /// Gives a place to those of these assets that have none, durably and all or none. Returns them as they are now; the others stay as they are.
    async fn place_assets(&self, tenant: &TenantId, places: &[(AssetId, Position)]) -> Result<Vec<Asset>>;

    /// All assets of a tenant, ordered by id.
    async fn assets(&self, tenant: &TenantId) -> Result<Vec<Asset>>;

    /// One asset.
    async fn asset(&self, tenant: &TenantId, id: &AssetId) -> Result<Option<Asset>>;
}
