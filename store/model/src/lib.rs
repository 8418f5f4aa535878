//! The words of the city: readings, places, alarms, time. Knows no other part, no input or output, no database and no JSON.

pub mod alarm;
mod asset;
mod dead_letter;
mod id;
mod place;
mod reading;
mod selection;
mod series;
mod time;
mod user;
mod value;

pub use asset::{Asset, Lifecycle, Relation, RelationKind};
pub use dead_letter::{DeadLetter, LetterId, Reason};
pub use id::{AlarmId, AssetClass, AssetId, DeviceId, Domain, InvalidId, MetricName, RuleId, TenantId, UserName};
pub use place::{Bounds, Geometry, InvalidPosition, Position};
pub use reading::{Reading, ReadingBatch};
pub use selection::SeriesSelection;
pub use series::{Series, SeriesTable};
pub use time::{Duration, InvalidTime, Timestamp, Window};
pub use user::{Account, Role, UnknownRole};
pub use value::{Quality, Unit, UnknownQuality, Value};
