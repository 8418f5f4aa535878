//! What `specola demo` can be asked.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Parser};

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Address of dashboard and broker
    #[arg(long, default_value = "127.0.0.1", value_name = "ADDRESS")]
    pub(crate) bind: IpAddr,
    /// Port of the dashboard
    #[arg(long, default_value_t = 8080, value_name = "PORT")]
    pub(crate) http_port: u16,
    /// Port of the embedded MQTT broker
    #[arg(long, default_value_t = 1883, value_name = "PORT")]
    pub(crate) mqtt_port: u16,
    /// Folder that keeps what the city says
    #[arg(long, default_value = "specola-data", value_name = "FOLDER")]
    pub(crate) data: PathBuf,
    /// Seed of the city: the same seed is the same city
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Readings per second that the city sends; by default what its sensors' intervals give
    #[arg(long, value_name = "NUMBER")]
    pub(crate) rate: Option<f64>,
    /// What gateways speak: sparkplug-b for all, water=sparkplug-b for one domain, mixed for what such sensors really speak; may be repeated
    #[arg(long, value_name = "[DOMAIN=]DIALECT")]
    pub(crate) dialect: Vec<String>,
    /// Leaves out the faults of the script: a healthy city
    #[arg(long)]
    pub(crate) healthy: bool,
    /// Leaves out yesterday's history, which is otherwise made at the first start
    #[arg(long)]
    pub(crate) no_history: bool,
    /// Folder of rule files; by default those that come with the program
    #[arg(long, value_name = "FOLDER")]
    pub(crate) rules: Option<PathBuf>,
}

impl Default for Demo {
    fn default() -> Self {
        #[derive(Parser)]
        struct Alone {
            #[command(flatten)]
            demo: Demo,
        }
        Alone::parse_from(["specola"]).demo
    }
}
