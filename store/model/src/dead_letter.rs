//! What could not be understood, kept with its reason.

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
    /// Why it was refused.
    pub reason: Reason,
    /// The same for people: which field, which position.
    pub detail: String,
    /// How many readings were refused with it; 0 when the whole message could not be read.
    pub readings: u32,
    /// The first bytes of the message.
    pub head: Vec<u8>,
    /// How many bytes the message had.
    pub bytes: u64,
}

impl DeadLetter {
    /// How many bytes of a refused message are kept.
    pub const HEAD_BYTES: usize = 1024;
}
