//! How we behave as a host application of Sparkplug B.

use model::Duration;
use serde::{Deserialize, Serialize};

/// Settings of a route that speaks `sparkplug-b`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Sparkplug {
    /// The name under which edge nodes see whether we are there, on `spBv1.0/STATE/<host id>`. No two host applications may share it. Empty: we only
    /// listen and do not announce ourselves.
    pub host_id: String,
    /// How long a missing message may come late, in milliseconds, before the node is asked to start over. Readings never wait for it. 2 s is more than
    /// clustered brokers need.
    pub reorder_millis: u64,
    /// Whether a node is asked to start over (`Node Control/Rebirth`) when we lack what it said. Switch it off beside another host that does.
    pub rebirth: bool,
    /// How often one node is asked to start over in the long run, in seconds. A birth may hold thousands of values, and a broken node would be asked
    /// for ever.
    pub rebirth_pause_seconds: u64,
}

impl Default for Sparkplug {
    fn default() -> Self {
        Self { host_id: "specola".to_owned(), reorder_millis: 2_000, rebirth: true, rebirth_pause_seconds: 10 }
    }
}

impl Sparkplug {
    /// How long a missing message may come late.
    pub(crate) fn reorder(&self) -> Duration {
        Duration::from_millis(self.reorder_millis)
    }

    /// How long a node is left alone after it was asked.
    pub(crate) fn pause(&self) -> Duration {
        Duration::from_secs(self.rebirth_pause_seconds)
    }

    /// Refuses what cannot work, and says what to write instead.
    pub(crate) fn validate(&self) -> Result<(), String> {
        if self.host_id.contains(['/', '+', '#', '\0']) || self.host_id.len() > 255 {
            return Err(format!(
                "host_id {:?} must be one level of a topic: no / + #, at most 255 bytes",
                self.host_id
            ));
        }
        if self.reorder_millis > 60_000 {
            return Err("reorder_millis: more than 60000 would leave a gap unnoticed for more than a minute".to_owned());
        }
        if self.rebirth_pause_seconds > 86_400 {
            return Err(
                "rebirth_pause_seconds: more than 86400 would leave a node unread for more than a day".to_owned()
            );
        }
        Ok(())
    }
}
