//! What enters ingest (one message) and what leaves it (an arrival).

use std::sync::Arc;

use bytes::Bytes;
use model::{AssetClass, DeadLetter, DeviceId, Position, Reading, TenantId, Timestamp};

use crate::config::{Format, UnknownDevices};
use crate::{Ack, Bill, Room};

/// One message as it came.
#[derive(Debug, Clone)]
pub struct RawMessage {
    /// Whose it is: said by the door it came through, never by the message.
    pub tenant: TenantId,
    /// Which source it came from, as the configuration names it.
    pub source: Arc<str>,
    /// Its topic; messages of one sender share it.
    pub topic: Arc<str>,
    /// Its bytes; of a message that is too large only the first [`DeadLetter::HEAD_BYTES`].
    pub payload: Bytes,
    /// How many bytes it had.
    pub bytes: usize,
    /// When it came.
    pub received: Timestamp,
    /// Whether the broker had kept it for us: then it may be old.
    pub retained: bool,
}

/// A device that the registry did not know when its message came.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Newcomer {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name.
    pub device: DeviceId,
    /// The format in which it spoke.
    pub format: Format,
    /// The class that `ingest.welcome` gives it; none when no rule fits.
    pub class: Option<AssetClass>,
    /// What is to be done with it: register or quarantine. One that is refused is not announced.
    pub treatment: UnknownDevices,
    /// The source through which it was heard first.
    pub source: Arc<str>,
    /// The topic on which it was heard first.
    pub topic: String,
    /// When it was heard first.
    pub heard: Timestamp,
}

/// A device said that it is somewhere else than before, or for the first time where it is. The readings of its position say the same.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name.
    pub device: DeviceId,
    /// Where it is.
    pub position: Position,
    /// Metres above the sea, when it says so.
    pub altitude: Option<f64>,
    /// When it was there.
    pub time: Timestamp,
}

/// What came in a short while from all sources. All of one message is in one arrival. Keep it, then confirm `owed`.
#[derive(Debug, Default)]
pub struct Arrival {
    /// The readings, in the order in which they came.
    pub readings: Vec<Reading>,
    /// What was refused.
    pub refused: Vec<DeadLetter>,
    /// The acknowledgements that are due once the above is kept, in the order in which the messages came.
    pub owed: Vec<Ack>,
    /// Devices that the registry did not know, each once.
    pub seen: Vec<Newcomer>,
    /// Devices that are somewhere else than before.
    pub places: Vec<Place>,
    /// How many messages it was made from.
    pub messages: usize,
    /// Whose they are. Settle it when what became of the readings is known.
    pub bill: Bill,
    /// The room that refused messages take as long as their bytes wait to be kept. Hold it until they are.
    pub rooms: Vec<Room>,
}

impl Arrival {
    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.messages == 0
    }

    /// Confirms everything that is owed, in order. Never waits.
    pub fn confirm(owed: Vec<Ack>) {
        owed.into_iter().for_each(Ack::confirm);
    }
}
