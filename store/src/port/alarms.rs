//! Keeping what happened to alarms.

use async_trait::async_trait;
use model::alarm::{Alarm, Fact, Priority, State};
use model::{AlarmId, AssetId, Domain, TenantId};

use crate::Result;

/// Which alarms to list. Always of one tenant.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmFilter {
    /// Whose.
    pub tenant: TenantId,
    /// In one of these states; empty for any.
    pub states: Vec<State>,
    /// Of this priority.
    pub priority: Option<Priority>,
    /// Of this trade.
    pub domain: Option<Domain>,
    /// About this asset, as source or as member.
    pub asset: Option<AssetId>,
    /// Continue after this page mark.
    pub after: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// One page of alarms: most urgent first, within that the newest first.
#[derive(Debug, Clone, PartialEq)]
pub struct AlarmPage {
    /// The alarms.
    pub alarms: Vec<Alarm>,
    /// The mark of the next page, if there is one.
    pub next: Option<String>,
}

/// The append-only journal of alarms.
#[async_trait]
pub trait AlarmJournal: Send + Sync {
    /// Keeps facts, all or none, durably, and returns the alarms they concern as they are now. A fact that was kept before (same alarm,
    /// number and content) changes nothing; a fact that cannot follow what is known is [`crate::Error::Conflict`].
    async fn record(&self, facts: &[Fact]) -> Result<Vec<Alarm>>;

    /// All open alarms of every tenant: what a restart must remember.
    async fn open_alarms(&self) -> Result<Vec<Alarm>>;

    /// A page of alarms.
    async fn alarms(&self, filter: &AlarmFilter) -> Result<AlarmPage>;

    /// One alarm with all of its facts, oldest first.
    async fn alarm(&self, tenant: &TenantId, id: AlarmId) -> Result<Option<(Alarm, Vec<Fact>)>>;
}
