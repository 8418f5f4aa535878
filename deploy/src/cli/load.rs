//! What `specola load` can be asked.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use model::TenantId;
use simulators::Dialect;

use super::configuration::Configured;
use super::time::duration;

#[derive(Debug, Args)]
pub(crate) struct Load {
    /// The broker, as host:port
    #[arg(long, default_value = "127.0.0.1:1883", value_name = "HOST:PORT")]
    pub(crate) broker: String,
    /// User of the broker; {gateway} in it becomes the name of each client
    #[arg(long, value_name = "NAME", requires = "password_file")]
    pub(crate) user: Option<String>,
    /// File whose first line is the password
    #[arg(long, value_name = "FILE", requires = "user")]
    pub(crate) password_file: Option<PathBuf>,
    /// The tenant whose topics are used, and whose readings are verified
    #[arg(long, default_value = "city")]
    pub(crate) tenant: TenantId,
    /// Connections
    #[arg(long, default_value_t = 50, value_name = "NUMBER")]
    pub(crate) clients: usize,
    /// Messages per second of all clients together; 0 is as fast as they are acknowledged
    #[arg(long, default_value_t = 0.0, value_name = "NUMBER")]
    pub(crate) rate: f64,
    /// Quality of service
    #[arg(long, default_value_t = 1, value_name = "0|1|2", value_parser = clap::value_parser!(u8).range(0..=2))]
    pub(crate) qos: u8,
    /// specola-json, senml-json, senml-cbor, chirpstack-v4 or sparkplug-b
    #[arg(long, default_value = "specola-json")]
    pub(crate) format: Dialect,
    /// Readings per message
    #[arg(long, default_value_t = 1, value_name = "NUMBER")]
    pub(crate) values: usize,
    /// Payloads are filled up to this many bytes
    #[arg(long, default_value_t = 150, value_name = "BYTES")]
    pub(crate) payload: usize,
    /// Messages of one client on their way without acknowledgement
    #[arg(long, default_value_t = 100, value_name = "NUMBER")]
    pub(crate) in_flight: u16,
    /// For how long messages are made, such as 30s or 10m
    #[arg(long, default_value = "30s", value_name = "TIME", value_parser = duration)]
    pub(crate) r#for: Duration,
    /// Messages of each client at most
    #[arg(long, value_name = "NUMBER")]
    pub(crate) messages: Option<u64>,
    /// Share of messages that are sent twice, such as 2%
    #[arg(long, default_value = "0%", value_name = "SHARE", value_parser = share)]
    pub(crate) twice: f64,
    /// Share of messages that are overtaken by the next one, such as 2%
    #[arg(long, default_value = "0%", value_name = "SHARE", value_parser = share)]
    pub(crate) overtaken: f64,
    /// Keeps the numbers that were sent and acknowledged in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// What is measured
    #[arg(long, value_enum, default_value_t = Target::Broker)]
    pub(crate) target: Target,
    /// Asks the store afterwards: is every acknowledged reading there, once, and nothing else?
    #[arg(long)]
    pub(crate) verify: bool,
    /// Sends nothing and holds a ledger that was kept against the store
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ledger", "verify"])]
    pub(crate) check: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) configured: Configured,
    /// Folder that keeps the readings, for --verify and --check; by default the one of the configuration
    #[arg(long, value_name = "FOLDER")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// How much the broker acknowledges
    Broker,
    /// The same, and how much of it reaches a subscriber that does nothing: the yardstick for any other broker
    Subscriber,
}

/// Reads 2% or 0.02.
fn share(text: &str) -> Result<f64, String> {
    let wrong = || format!("{text:?} is no share; write 2% or 0.02");
    match text.trim().strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
        None => text.trim().parse(),
    }
    .map_err(|_| wrong())
    .and_then(|share| if (0.0..=1.0).contains(&share) { Ok(share) } else { Err(wrong()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_read_with_or_without_percent() {
        assert_eq!((share("2%"), share("0.02")), (Ok(0.02), Ok(0.02)));
        assert!(share("200%").is_err() && share("-1").is_err() && share("some").is_err());
    }
}
