//! How the whole is doing, stage by stage.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

/// How the whole is doing. Shown to anybody.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Status {
    /// Whether readings are acknowledged and people are answered.
    pub ready: bool,
    /// The version of the program.
    pub version: String,
    /// Seconds since the start.
    pub uptime_s: u64,
    /// The stages, in the order in which a reading passes them.
    pub stages: Vec<Stage>,
}

/// How one stage is doing.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Stage {
    /// Its name.
    pub name: String,
    /// How it is.
    pub state: StageState,
    /// How many things wait before it.
    pub queued: u64,
    /// How many may wait; none for a stage without a queue.
    #[schema(required)]
    pub capacity: Option<u64>,
    /// What last went wrong, without secrets.
    #[schema(required)]
    pub last_error: Option<String>,
    /// What it has counted since the start.
    pub counters: BTreeMap<String, u64>,
}

/// How a stage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageState {
    /// Not yet working.
    Starting,
    /// Working.
    Running,
    /// Working again and again on something that fails; nothing is lost.
    Retrying,
    /// Finishing what is under way.
    Draining,
    /// Not working any more.
    Stopped,
}
