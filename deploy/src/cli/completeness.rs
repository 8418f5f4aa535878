//! What `specola completeness` can be asked.

use clap::Args;
use model::{DeviceId, Timestamp, UserName};

use super::format::Format;
use super::place::Place;
use super::time::moment;

#[derive(Debug, Args)]
pub(crate) struct Completeness {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The first moment, such as 2026-11-01 or 2026-11-01T06:00:00Z; a day before the last one when left out
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) from: Option<Timestamp>,
    /// The moment after the last one; now when left out
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) to: Option<Timestamp>,
    /// Lists the holes of this device one by one
    #[arg(long, value_name = "DEVICE")]
    pub(crate) device: Option<DeviceId>,
    /// Asks the running server who is silent now or has gaps since it was started, instead of looking through the kept readings
    #[arg(long, conflicts_with_all = ["from", "to", "device"])]
    pub(crate) live: bool,
    /// Where the server answers, for --live; by default where the configuration says
    #[arg(long, value_name = "URL", requires = "live")]
    pub(crate) url: Option<String>,
    /// The administrator in whose name the server is asked, for --live; by default the first one
    #[arg(long = "as", value_name = "USER", requires = "live")]
    pub(crate) user: Option<UserName>,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub(crate) format: Format,
}
