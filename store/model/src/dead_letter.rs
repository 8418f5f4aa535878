//! What could not be understood, kept with its reason.

use std::fmt;

use bytes::Bytes;

use crate::{TenantId, Timestamp};

/// Why a message or a reading was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// Cannot be decoded: truncated, not UTF-8, NaN literals, data after the end.
    Malformed,
    /// Decodes, but lacks or mistypes what the format requires.
    Schema,
    /// A number that no finite double holds.
    Range,
    /// More than the allowed time ahead of its arrival, or before the year 2000.
    Timestamp,
    /// More bytes than the limit.
    TooLarge,
    /// Nested deeper than the limit.
    TooDeep,
    /// The same key twice in one map.
    DuplicateKey,
    /// No rule for this topic.
    UnknownFormat,
    /// A shorthand that no birth message explained.
    UnknownAlias,
    /// A device that the registry does not know, while unknown devices are refused.
    UnknownDevice,
    /// The store cannot keep it although everything else works: one poisonous reading among good ones.
    Unstorable,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 11] = [
        Self::Malformed,
        Self::Schema,
        Self::Range,
        Self::Timestamp,
        Self::TooLarge,
        Self::TooDeep,
        Self::DuplicateKey,
        Self::UnknownFormat,
        Self::UnknownAlias,
        Self::UnknownDevice,
        Self::Unstorable,
    ];

    /// Its place in [`Reason::ALL`].
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The word in counters, files and screens.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Schema => "schema",
            Self::Range => "range",
            Self::Timestamp => "timestamp",
            Self::TooLarge => "too_large",
            Self::TooDeep => "too_deep",
            Self::DuplicateKey => "duplicate_key",
            Self::UnknownFormat => "unknown_format",
            Self::UnknownAlias => "unknown_alias",
            Self::UnknownDevice => "unknown_device",
            Self::Unstorable => "unstorable",
        }
    }

    /// The reason with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

/// The number of a refused message that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LetterId(u64);

impl LetterId {
    /// The letter with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl std::str::FromStr for LetterId {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// One refused message, or the refused part of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Whose it would have been.
    pub tenant: TenantId,
    /// Which source it came from, as the configuration names it.
    pub source: String,
    /// The topic or path it came on.
    pub topic: String,
    /// When it came.
    pub received: Timestamp,
    /// Whether its broker had kept it for us: then nobody knows how old it is.
    pub retained: bool,
    /// Why it was refused.
    pub reason: Reason,
    /// The same for people: which field, which position.
    pub detail: String,
    /// How many readings were refused with it; 0 when the whole message could not be read.
    pub readings: u32,
    /// The message as it came; of one that was too large only the first [`DeadLetter::HEAD_BYTES`].
    pub payload: Bytes,
    /// How many bytes the message had.
    pub bytes: u64,
}

impl DeadLetter {
    /// How many bytes are kept of a message that was too large to be taken, and shown of any other in a list.
    pub const HEAD_BYTES: usize = 1024;

    /// Whether all of the message is kept, so that it can be read again.
    pub fn is_whole(&self) -> bool {
        self.payload.len() as u64 == self.bytes
    }

    /// The first bytes of the message.
    pub fn head(&self) -> &[u8] {
        &self.payload[..self.payload.len().min(Self::HEAD_BYTES)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_stands_at_its_place_and_has_a_word_of_its_own() {
        for (at, reason) in Reason::ALL.into_iter().enumerate() {
            assert_eq!((reason.index(), Reason::from_word(reason.as_str())), (at, Some(reason)));
        }
    }
}
