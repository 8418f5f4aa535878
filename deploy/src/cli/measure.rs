//! What `specola measure` can be asked.

use std::time::Duration;

use clap::Args;
use model::TenantId;

use super::time::duration;

#[derive(Debug, Args)]
pub(crate) struct Measure {
    /// The server
    #[arg(long, default_value = "http://127.0.0.1:8080", value_name = "URL")]
    pub(crate) url: String,
    /// A one-time sign-in link of that server
    #[arg(long, value_name = "LINK")]
    pub(crate) link: String,
    /// The broker that the server listens to, as host:port
    #[arg(long, default_value = "127.0.0.1:1883", value_name = "HOST:PORT")]
    pub(crate) broker: String,
    /// The tenant whose topics the probe uses
    #[arg(long, default_value = "messina")]
    pub(crate) tenant: TenantId,
    /// How long
    #[arg(long, default_value = "60s", value_name = "TIME", value_parser = duration)]
    pub(crate) r#for: Duration,
    /// Process id of the server, to state its memory and processor time
    #[arg(long, value_name = "PID")]
    pub(crate) pid: Option<u32>,
}
