//! Where readings go that machines hand in by HTTP.

use async_trait::async_trait;
use bytes::Bytes;
use model::{Reason, TenantId};

/// What a body is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parcel {
    /// A message as if it were published on this topic, which decides its format.
    Topic(String),
    /// Lines of our own JSON.
    JsonLines,
    /// A table with decimal points.
    Csv,
    /// A table with semicolons and decimal commas.
    CsvComma,
    /// A log report of TALQ v2.
    TalqV2,
    /// Entities or a notification of NGSI-LD.
    NgsiLd,
}

/// What became of a body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Taken {
    /// Readings that are kept, those that were known already among them.
    pub accepted: u64,
    /// What was refused, by reason.
    pub refused: Vec<Refused>,
    /// The first lines that lost something.
    pub lines: Vec<RefusedLine>,
}

/// What was refused for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Why.
    pub reason: Reason,
    /// How many readings.
    pub readings: u64,
    /// The first of them for people.
    pub detail: String,
}

/// A line that lost something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedLine {
    /// Its number, counted from 1.
    pub line: u64,
    /// Why.
    pub reason: Reason,
    /// The same for people.
    pub detail: String,
}

/// The body is not known to be kept; its sender must try again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotTaken;

/// Takes bodies in, with the promise of an acknowledgement.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Takes a body in. When it returns, what was accepted is durable, and so is the dead letter of what was refused. Waits while the disk is
    /// slow or away; when the caller stops waiting, what was taken in by then is still kept.
    async fn take(&self, tenant: &TenantId, parcel: Parcel, body: Bytes) -> Result<Taken, NotTaken>;
}
