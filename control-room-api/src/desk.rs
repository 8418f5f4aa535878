//! Where a person's answer to an alarm is handed in.

use async_trait::async_trait;
use model::alarm::Alarm;
use model::{AlarmId, TenantId, UserName};

/// Why an alarm was not acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAcknowledged {
    /// This tenant has no such alarm.
    Unknown,
    /// Somebody was first, or it is closed.
    AlreadyAcknowledged,
    /// It could not be kept; nothing has changed, and the person may try again.
    NotKept,
}

/// Takes acknowledgements in: each becomes a fact that is kept, then shown.
#[async_trait]
pub trait AlarmDesk: Send + Sync {
    /// Acknowledges alarms in the name of a person. Each id is answered once, in the order given: with the alarm as it is now, or with
    /// the reason. When it returns, what is answered with an alarm is durable.
    async fn acknowledge(
        &self,
        tenant: &TenantId,
        ids: &[AlarmId],
        user: &UserName,
        note: Option<String>,
    ) -> Vec<(AlarmId, Result<Alarm, NotAcknowledged>)>;
}
