//! Keeping what was refused, so that it can be looked at, corrected and read again.

use std::time::Duration;

use async_trait::async_trait;
use model::{DeadLetter, LetterId, Reason, TenantId, Timestamp, Window};

use crate::Result;

/// A refused message as it is kept: once, however often it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its number.
    pub id: LetterId,
    /// The message, as it came the last time.
    pub letter: DeadLetter,
    /// How often it came.
    pub times: u64,
    /// When it came first.
    pub first: Timestamp,
    /// Whether the running server is asked to read it again.
    pub wanted: bool,
}

/// Which letters. Always of one tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterFilter {
    /// Whose.
    pub tenant: TenantId,
    /// Only these; empty means all.
    pub ids: Vec<LetterId>,
    /// Only with this reason.
    pub reason: Option<Reason>,
    /// Only from this source.
    pub source: Option<String>,
    /// Only on topics that begin so.
    pub topic: Option<String>,
    /// Only those that came at this moment or later.
    pub since: Option<Timestamp>,
    /// The page after this mark.
    pub after: Option<String>,
    /// Letters at most.
    pub limit: usize,
}

impl LetterFilter {
    /// All letters of a tenant, up to `limit`.
    pub fn all(tenant: TenantId, limit: usize) -> Self {
        Self { tenant, ids: Vec::new(), reason: None, source: None, topic: None, since: None, after: None, limit }
    }
}

/// Letters, the one that came last first, each with its first bytes only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterPage {
    /// The letters.
    pub letters: Vec<Letter>,
    /// The mark of the next page, if there is one.
    pub next: Option<String>,
}

/// How many letters there are for one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadLetterCount {
    /// Why they were refused.
    pub reason: Reason,
    /// How many are kept.
    pub letters: u64,
    /// How many messages they stand for.
    pub messages: u64,
    /// The room they take, in bytes.
    pub bytes: u64,
}

/// How many messages of one reason and source were refused in one of the equal stretches of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LetterTally {
    /// Why they were refused.
    pub reason: Reason,
    /// Where they came from.
    pub source: String,
    /// Which stretch, counted from 0.
    pub stretch: usize,
    /// How many messages.
    pub messages: u64,
}

/// Refused messages, bounded for each tenant by size and age.
#[async_trait]
pub trait DeadLetters: Send + Sync {
    /// Keeps letters durably. The same message again is counted; when a tenant's room is full its oldest letters go.
    async fn bury(&self, letters: &[DeadLetter]) -> Result<()>;

    /// One page of letters.
    async fn dead_letters(&self, filter: &LetterFilter) -> Result<LetterPage>;

    /// One letter with all bytes that are kept.
    async fn dead_letter(&self, tenant: &TenantId, id: LetterId) -> Result<Option<Letter>>;

    /// When it came, oldest first. Of a message that came very often only the first arrivals are known one by one.
    async fn letter_arrivals(&self, tenant: &TenantId, id: LetterId) -> Result<Vec<Timestamp>>;

    /// How many letters of a tenant are kept, by reason.
    async fn dead_letter_counts(&self, tenant: &TenantId) -> Result<Vec<DeadLetterCount>>;

    /// When the messages came that the letters of a tenant stand for: `window` in stretches of this length, those without any left out. Of a message
    /// that came very often only the first arrivals are known one by one.
    async fn dead_letter_tally(&self, tenant: &TenantId, window: Window, stretch: Duration)
    -> Result<Vec<LetterTally>>;

    /// Takes letters out: they were read again, or nobody wants them. Returns how many there were.
    async fn remove_letters(&self, tenant: &TenantId, ids: &[LetterId]) -> Result<u64>;

    /// Keeps a letter with the reason that it has now.
    async fn refuse_again(
        &self,
        tenant: &TenantId,
        id: LetterId,
        reason: Reason,
        detail: &str,
        readings: u32,
    ) -> Result<()>;

    /// Asks the running server to read letters again. Returns how many there are.
    async fn want_letters(&self, tenant: &TenantId, ids: &[LetterId]) -> Result<u64>;

    /// What the running server is asked to read again, oldest first.
    async fn wanted_letters(&self, limit: usize) -> Result<Vec<(TenantId, LetterId)>>;

    /// Removes what is older than the configured age. Returns how many letters there were.
    async fn forget_old_letters(&self, now: Timestamp) -> Result<u64>;
}
