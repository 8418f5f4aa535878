//! The way of a person's answer from the API to the judge.

use async_trait::async_trait;
use control_room_api::{AlarmDesk, NotAcknowledged};
use model::alarm::Alarm;
use model::{AlarmId, TenantId, UserName};
use tokio::sync::{mpsc, oneshot};

use super::judge::Acknowledge;

/// Hands acknowledgements to the stage that owns the engine.
pub(crate) struct Desk {
    pub(crate) answers: mpsc::Sender<Acknowledge>,
}

/// Answers that may wait for the judge: people click slower than this.
pub(crate) const ANSWERS: usize = 64;

#[async_trait]
impl AlarmDesk for Desk {
    async fn acknowledge(
        &self,
        tenant: &TenantId,
        ids: &[AlarmId],
        user: &UserName,
        note: Option<String>,
    ) -> Vec<(AlarmId, Result<Alarm, NotAcknowledged>)> {
        let (reply, answer) = oneshot::channel();
        let question = Acknowledge { tenant: tenant.clone(), ids: ids.to_vec(), user: user.clone(), note, reply };
        let kept = match self.answers.send(question).await {
            Ok(()) => answer.await.ok(),
            Err(_) => None,
        };
        kept.unwrap_or_else(|| ids.iter().map(|id| (*id, Err(NotAcknowledged::NotKept))).collect())
    }
}
