//! Keeping what was refused.

use async_trait::async_trait;
use model::{DeadLetter, Reason, TenantId};

use crate::Result;

/// How many letters there are for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadLetterCount {
    /// Why they were refused.
    pub reason: Reason,
    /// How many are kept.
    pub letters: u64,
}

/// Refused messages, bounded in number.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// Keeps letters durably; the oldest beyond the configured number go.
    async fn bury(&self, letters: &[DeadLetter]) -> Result<()>;

    /// The newest letters of a tenant, newest first.
    async fn dead_letters(&self, tenant: &TenantId, reason: Option<Reason>, limit: usize) -> Result<Vec<DeadLetter>>;

    /// How many letters of a tenant are kept, by reason.
    async fn dead_letter_counts(&self, tenant: &TenantId) -> Result<Vec<DeadLetterCount>>;
}
