//! What an alarm tells people, in both languages, and how urgent it is.

use std::sync::Arc;

use crate::Duration;

/// The same words in Italian and in English.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Text {
    /// Italian.
    pub it: Arc<str>,
    /// English.
    pub en: Arc<str>,
}

impl Text {
    /// A text in both languages.
    pub fn new(it: impl AsRef<str>, en: impl AsRef<str>) -> Self {
        Self { it: Arc::from(it.as_ref()), en: Arc::from(en.as_ref()) }
    }
}

/// What the operator is told: what it is, why, what follows if nobody acts, what to do and how soon.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Guidance {
    /// One line for the list.
    pub title: Text,
    /// The likely cause.
    pub cause: Text,
    /// What happens if nobody acts.
    pub consequence: Text,
    /// What to do.
    pub action: Text,
    /// How soon to respond.
    pub respond_within: Option<Duration>,
}

/// How urgent, by ISA-18.2: consequence and time to respond decide, not the sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// 1: people in danger or a service of the city lost.
    Critical,
    /// 2.
    High,
    /// 3.
    Medium,
    /// 4.
    Low,
}

/// A text or number that names no priority.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a priority: critical, high, medium or low")]
pub struct UnknownPriority(String);

impl Priority {
    /// Every priority, most urgent first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// 1 to 4, most urgent first.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Critical => 1,
            Self::High => 2,
            Self::Medium => 3,
            Self::Low => 4,
        }
    }

    /// The word in rules and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    /// The priority of this rank.
    pub fn from_rank(rank: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|priority| priority.rank() == rank)
    }
}

impl std::str::FromStr for Priority {
    type Err = UnknownPriority;
    fn from_str(text: &str) -> Result<Self, UnknownPriority> {
        Self::ALL
            .into_iter()
            .find(|priority| priority.as_str() == text)
            .ok_or_else(|| UnknownPriority(text.chars().take(32).collect()))
    }
}
