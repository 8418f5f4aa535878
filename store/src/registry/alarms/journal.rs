//! What the rest of the city asks of the journal of alarms.

use async_trait::async_trait;
use model::alarm::{Alarm, Fact};
use model::{AlarmId, TenantId};

use super::super::Registry;
use super::super::failure::Failure;
use super::{facts, page, record, state};
use crate::{AlarmFilter, AlarmJournal, AlarmPage, Result};

#[async_trait]
impl AlarmJournal for Registry {
    async fn record(&self, facts: &[Fact]) -> Result<Vec<Alarm>> {
        if facts.is_empty() {
            return Ok(Vec::new());
        }
        let outcome = async {
            let mut transaction = self.write().await?;
            let alarms = record::record(&mut transaction, facts).await?;
            transaction.commit().await?;
            Ok::<_, Failure>(alarms)
        };
        self.told("recording facts of alarms", outcome.await)
    }

    async fn open_alarms(&self) -> Result<Vec<Alarm>> {
        let outcome = async { state::open(&mut *self.read().await?).await };
        self.told("reading the open alarms", outcome.await)
    }

    async fn alarms(&self, filter: &AlarmFilter) -> Result<AlarmPage> {
        let outcome = async { page::page(&mut *self.read().await?, filter).await };
        self.told("listing alarms", outcome.await)
    }

    async fn alarm(&self, tenant: &TenantId, id: AlarmId) -> Result<Option<(Alarm, Vec<Fact>)>> {
        let outcome = async {
            let mut reading = self.read().await?;
            let Some(alarm) = state::of(&mut reading, tenant, &[id]).await?.pop() else { return Ok(None) };
            let facts = facts::of(&mut reading, tenant, id).await?;
            Ok(Some((alarm, facts)))
        };
        self.told("reading an alarm", outcome.await)
    }
}
