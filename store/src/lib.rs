//! Keeps readings, alarms and assets; engines behind one set of traits.

mod columnar;
mod completeness;
mod config;
mod embedded;
mod error;
mod lock;
mod metrics;
mod open;
mod port;
mod registry;
mod timescale;
mod unstorable;

pub use completeness::{
    Completeness, DeviceCompleteness, Expectation, Expectations, Hole, Pace, SeriesCompleteness, Span, completeness,
    completeness_of, holes,
};
pub use config::{Config, DatabaseUrl, Engine, LetterRoom, TimescaleConfig};
pub use error::{BoxError, Error, Result};
pub use lock::is_in_use;
pub use open::{open, open_read_only, open_records};
pub use port::{
    Accounts, AlarmFilter, AlarmJournal, AlarmPage, Answer, AssetFact, AssetFactFilter, AssetRegistry, Author, Bucket,
    Cell, Column, ColumnKind, DeadLetterCount, DeadLetters, Gauges, Letter, LetterFilter, LetterPage, LetterTally,
    Lost, NotKept, QueryLimits, Receipt, Records, SeriesTimes, Session, SignInCode, StageFact, Store, Telemetry,
    TimesStream, TokenHash, Upserted,
};
pub use unstorable::unstorable;
