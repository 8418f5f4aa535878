//! What `specola simulate` can be asked.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::configuration::Configured;
use super::time::duration;

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// The broker, as host:port
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) broker: Option<String>,
    /// Seed of the city
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Readings per second that the city sends
    #[arg(long, value_name = "NUMBER")]
    pub(crate) rate: Option<f64>,
    /// What gateways speak: sparkplug-b for all, water=sparkplug-b for one domain, mixed for what such sensors really speak; may be repeated
    #[arg(long, value_name = "[DOMAIN=]DIALECT")]
    pub(crate) dialect: Vec<String>,
    /// Ends after this time, such as 10m or 90s; runs until Ctrl-C without it
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) r#for: Option<Duration>,
    /// Writes the assets of the city as GeoJSON to this file and ends; name it in `tenants.assets` of the server
    #[arg(long, value_name = "FILE")]
    pub(crate) assets: Option<PathBuf>,
}
