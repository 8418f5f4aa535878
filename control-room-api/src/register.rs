//! Where changes of the register of assets are handed in.

use async_trait::async_trait;
use model::{AssetClass, AssetId, Domain, Lifecycle, TenantId, Timestamp, UserName};
use store::AssetFactFilter;

/// The form of a file of assets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    /// Comma-separated, one asset a row.
    Csv,
    /// GeoJSON, one asset a feature.
    GeoJson,
}

/// A file of assets, and what is wished beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportOrder {
    /// Its form.
    pub sheet: Sheet,
    /// Its text.
    pub text: String,
    /// Only tells what would change.
    pub dry_run: bool,
    /// Retires the assets that the file does not name.
    pub retire_missing: bool,
}

/// Which quarantined assets are approved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    /// These.
    Ids(Vec<AssetId>),
    /// Those of this class.
    Class(AssetClass),
    /// All of them.
    All,
}

/// What became of one field of an asset. Empty texts stand for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Its name.
    pub field: String,
    /// What it was.
    pub before: String,
    /// What it is.
    pub after: String,
}

/// What became of one asset.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetChange {
    /// Its id.
    pub id: String,
    /// `added`, `changed` or `retired`.
    pub what: &'static str,
    /// What is different.
    pub fields: Vec<FieldChange>,
}

/// A change that was written down: who, when, what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegisterEntry {
    /// Its number; later ones are larger.
    pub number: i64,
    /// When.
    pub at: Timestamp,
    /// Who did it: a person, or the part of the program that does it by itself.
    pub who: String,
    /// By which act.
    pub act: String,
    /// What became of which asset.
    pub change: AssetChange,
}

/// What became, or would become, of the register.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AssetReport {
    /// Assets that were not known.
    pub added: usize,
    /// Assets of which something is different.
    pub changed: usize,
    /// Assets that are retired because the file does not name them.
    pub retired: usize,
    /// Assets that are as was said already.
    pub unchanged: usize,
    /// Assets that the file does not name and that stay.
    pub missing: usize,
    /// Each change.
    pub changes: Vec<AssetChange>,
}

/// Why nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotRegistered {
    /// The file is wrong: each mistake with its line and what to write instead.
    Wrong(String),
    /// This tenant has no such asset.
    Unknown(AssetId),
    /// It could not be kept; the person may try again.
    NotKept,
}

/// A kind of asset, as the class files say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetKind {
    /// Its name, as assets carry it.
    pub key: AssetClass,
    /// Its trade.
    pub domain: Domain,
    /// Its name for people, in Italian.
    pub it: String,
    /// In English.
    pub en: String,
}

/// Takes changes of the register in, each all or nothing: what it confirms is kept, and seen by decoders, map and rules.
#[async_trait]
pub trait AssetDesk: Send + Sync {
    /// Puts the assets of a file in, or only tells what that would change.
    async fn import(
        &self,
        tenant: &TenantId,
        user: &UserName,
        order: ImportOrder,
    ) -> Result<AssetReport, NotRegistered>;

    /// All assets as a text that [`AssetDesk::import`] reads back as the same.
    async fn export(&self, tenant: &TenantId, sheet: Sheet) -> Result<String, NotRegistered>;

    /// What was changed, the newest first.
    async fn changes(&self, filter: AssetFactFilter) -> Result<Vec<RegisterEntry>, NotRegistered>;

    /// Every kind of asset that is known, by key.
    fn kinds(&self) -> Vec<AssetKind>;

    /// Brings quarantined assets into service.
    async fn approve(&self, tenant: &TenantId, user: &UserName, which: Approval) -> Result<AssetReport, NotRegistered>;

    /// Brings an asset into a stage of its life.
    async fn set_stage(
        &self,
        tenant: &TenantId,
        user: &UserName,
        id: &AssetId,
        stage: Lifecycle,
    ) -> Result<AssetReport, NotRegistered>;
}
