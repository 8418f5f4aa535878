//! How good a detector is, in numbers: labelled data is played through it in time order and what it says is held against the truth.
//!
//! The only place of this crate that reads files. The rules of the scores are written at each file's head; they equal those of the
//! public benchmarks and of the data's own scorers.

mod ageing;
mod alert;
mod data;
mod domains;
mod error;
mod events;
mod life;
mod nab;
mod play;
mod report;
mod skab;
mod table;

pub use ageing::forecast_lives;
pub use alert::{Alert, read_alerts, write_alerts};
pub use data::{DataSet, Series};
pub use domains::{DOMAINS, Domain};
pub use error::{Result, ScoreError};
pub use events::{Class, Event, EventScore, KindScore, read_events, score_events};
pub use life::{Life, LifeForecast, LifeScore, read_lives, score_lives, write_lives};
pub use nab::{NabFile, NabScore, PROFILES, Profile, read_nab, score_nab, write_nab};
pub use play::play;
pub use report::{Report, Request};
pub use skab::{SkabFile, SkabScore, read_skab, score_skab, write_skab};
pub use table::Table;
