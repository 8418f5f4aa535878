//! The clock that the service is given; nothing here reads the time by itself.

use std::sync::Arc;

use chrono::Utc;
use model::Timestamp;

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The clock of this machine.
pub fn system_clock() -> Clock {
    Arc::new(|| Timestamp::from_utc(Utc::now()).unwrap_or(Timestamp::MAX))
}
