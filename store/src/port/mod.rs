//! What the rest of the city asks of a store. Every engine answers the same; none of its own types show here.

mod accounts;
mod alarms;
mod assets;
mod dead_letters;
mod query;
mod telemetry;

pub use accounts::{Accounts, Session, SignInCode, TokenHash};
pub use alarms::{AlarmFilter, AlarmJournal, AlarmPage};
pub use assets::{AssetFact, AssetFactFilter, AssetRegistry, Author, StageFact, Upserted};
pub use dead_letters::{DeadLetterCount, DeadLetters, Letter, LetterFilter, LetterPage, LetterTally};
pub use query::{Answer, Cell, Column, ColumnKind, QueryLimits};
pub use telemetry::{Bucket, Gauges, Lost, NotKept, Receipt, SeriesTimes, Telemetry, TimesStream};

/// What is kept by transaction, without the readings.
pub trait Records: AssetRegistry + AlarmJournal + Accounts + DeadLetters {}
impl<T: AssetRegistry + AlarmJournal + Accounts + DeadLetters> Records for T {}

/// A whole store: one engine, chosen once at start.
pub trait Store: Telemetry + Records {}
impl<T: Telemetry + Records> Store for T {}
