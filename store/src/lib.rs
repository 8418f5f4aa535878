//! Keeps readings, alarms and assets; engines behind one set of traits.

mod config;
mod error;
mod port;

pub use config::Config;
pub use error::{Error, Result};
pub use port::{
    Accounts, AlarmFilter, AlarmJournal, AlarmPage, Answer, AssetRegistry, Bucket, Cell, Column, ColumnKind, DeadLetterCount,
    DeadLetters, Gauges, Lost, QueryLimits, Receipt, Session, SignInCode, Store, Telemetry, TokenHash, Upserted,
};
