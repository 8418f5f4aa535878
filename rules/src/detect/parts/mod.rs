//! What detectors are made of: streaming, pure, O(1) in state and work per sample, deterministic. One file each.
//!
//! No part lets a NaN, an infinity or an absurd number into its state ([`usable`]), so a state can always be written down and taken
//! up again, and one broken reading never poisons what was learnt.

mod arrivals;
mod calendar;
mod cusum;
mod extreme;
mod latch;
mod level;
mod lossy_link;
mod mean;
mod number;
mod peers;
mod record;
mod regression;
mod run;
mod season;
mod standing;
mod variance;
mod window;

pub use arrivals::Arrivals;
pub use calendar::{Calendar, DayKind, Local, is_public_holiday};
pub use cusum::{Cusum, PageHinkley, Side};
pub use extreme::Extreme;
pub use latch::Latch;
pub use level::Level;
pub use lossy_link::LossyLink;
pub use mean::Mean;
pub use number::usable;
pub use peers::{Peers, median};
pub use record::Record;
pub use regression::Regression;
pub use run::Run;
pub use season::{Band, Season};
pub use standing::Standing;
pub use variance::Variance;
pub use window::Window;
