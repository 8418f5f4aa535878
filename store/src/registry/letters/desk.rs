//! What others may ask about dead letters.

use std::time::Duration;

use async_trait::async_trait;
use model::{DeadLetter, LetterId, Reason, TenantId, Timestamp, Window};

use super::super::Registry;
use crate::{DeadLetterCount, DeadLetters, Letter, LetterFilter, LetterPage, LetterTally, Result};

#[async_trait]
impl DeadLetters for Registry {
    async fn bury(&self, letters: &[DeadLetter]) -> Result<()> {
        self.told("keeping dead letters", self.insert_letters(letters).await)
    }

    async fn dead_letters(&self, filter: &LetterFilter) -> Result<LetterPage> {
        self.told("listing dead letters", self.page_of_letters(filter).await)
    }

    async fn dead_letter(&self, tenant: &TenantId, id: LetterId) -> Result<Option<Letter>> {
        self.told("reading a dead letter", self.one_letter(tenant, id).await)
    }

    async fn letter_arrivals(&self, tenant: &TenantId, id: LetterId) -> Result<Vec<Timestamp>> {
        self.told("reading a dead letter", self.arrivals_of(tenant, id).await)
    }

    async fn dead_letter_counts(&self, tenant: &TenantId) -> Result<Vec<DeadLetterCount>> {
        self.told("counting dead letters", self.count_letters(tenant).await)
    }

    async fn dead_letter_tally(
        &self,
        tenant: &TenantId,
        window: Window,
        stretch: Duration,
    ) -> Result<Vec<LetterTally>> {
        self.told("counting dead letters", self.tally_letters(tenant, window, stretch).await)
    }

    async fn remove_letters(&self, tenant: &TenantId, ids: &[LetterId]) -> Result<u64> {
        self.told("removing dead letters", self.delete_letters(tenant, ids).await)
    }

    async fn refuse_again(
        &self,
        tenant: &TenantId,
        id: LetterId,
        reason: Reason,
        detail: &str,
        readings: u32,
    ) -> Result<()> {
        self.told("keeping a dead letter again", self.give_new_reason(tenant, id, reason, detail, readings).await)
    }

    async fn want_letters(&self, tenant: &TenantId, ids: &[LetterId]) -> Result<u64> {
        self.told("asking for dead letters", self.mark_wanted(tenant, ids).await)
    }

    async fn wanted_letters(&self, limit: usize) -> Result<Vec<(TenantId, LetterId)>> {
        self.told("reading what is asked for", self.all_wanted(limit).await)
    }

    async fn forget_old_letters(&self, now: Timestamp) -> Result<u64> {
        self.told("forgetting dead letters", self.delete_old(now).await)
    }
}
