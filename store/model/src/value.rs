//! What a sensor says: a value, its unit and how far it can be trusted.

use std::fmt;
use std::sync::Arc;

/// One scalar from a sensor. Numbers are finite: whoever makes a reading refuses NaN and infinities first.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A measured number.
    Number(f64),
    /// A whole number that a double cannot hold exactly (beyond 2^53), such as a large counter.
    Integer(i64),
    /// Yes or no.
    Flag(bool),
    /// A state in words.
    Text(Arc<str>),
    /// The sensor said that it has no value. Its quality is never good.
    Gap,
}

impl Value {
    /// The largest whole number up to which every whole number is an exact double.
    pub const EXACT: i64 = 1 << 53;

    /// A whole number in its simplest exact form: [`Value::Number`] while a double holds it.
    pub fn whole(number: i64) -> Self {
        if (-Self::EXACT..=Self::EXACT).contains(&number) { Self::Number(number as f64) } else { Self::Integer(number) }
    }

    /// The value as a number for limits and charts: flags are 0 and 1, texts and gaps have none.
    pub fn as_number(&self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Integer(number) => Some(*number as f64),
            Self::Flag(flag) => Some(f64::from(u8::from(*flag))),
            Self::Text(_) | Self::Gap => None,
        }
    }
}

/// A unit as the sender wrote it; most sensors send none.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Unit(Option<Arc<str>>);

impl Unit {
    /// No unit was sent.
    pub const NONE: Self = Self(None);
    /// The longest unit that is kept, in bytes; a longer one is cut.
    pub const MAX_BYTES: usize = 64;

    /// The unit with this text; an empty text is none.
    pub fn new(text: &str) -> Self {
        if text.is_empty() {
            return Self::NONE;
        }
        let mut end = text.len().min(Self::MAX_BYTES);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self(Some(Arc::from(&text[..end])))
    }

    /// The text, if one was sent.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str().unwrap_or("-"))
    }
}

/// How far a reading can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Quality {
    /// As measured.
    #[default]
    Good,
    /// Measured, but something speaks against it.
    Uncertain,
    /// Not to be used; kept because it was said.
    Bad,
    /// Made by a test or a simulator on the sender's side: never raises an alarm.
    Simulated,
    /// Sent long after it was measured, as history: never the newest value, never raises an alarm.
    Historical,
    /// The sender's network says that the source of the value is gone: never the newest value, never raises an alarm.
    Stale,
    /// Outside of what the class of the device can measure or the thing can be.
    OutOfRange,
    /// The same number for longer than the class believes: the sensor may hang. Still the newest value, and a rule may ring because of it.
    Frozen,
    /// Came longer after its measurement than the class allows: history only, never the newest value, never raises an alarm.
    Late,
}

/// A text that names no quality.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a quality")]
pub struct UnknownQuality(String);

impl Quality {
    /// Every quality, in the order of their codes.
    pub const ALL: [Self; 9] = [
        Self::Good,
        Self::Uncertain,
        Self::Bad,
        Self::Simulated,
        Self::Historical,
        Self::Stale,
        Self::OutOfRange,
        Self::Frozen,
        Self::Late,
    ];

    /// The word that stores and screens use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Uncertain => "uncertain",
            Self::Bad => "bad",
            Self::Simulated => "simulated",
            Self::Historical => "historical",
            Self::Stale => "stale",
            Self::OutOfRange => "out-of-range",
            Self::Frozen => "frozen",
            Self::Late => "late",
        }
    }

    /// Whether a reading can be the newest value of its series.
    pub const fn is_current(self) -> bool {
        matches!(self, Self::Good | Self::Uncertain | Self::Simulated | Self::Frozen)
    }

    /// Whether a rule may ring because of it.
    pub const fn may_alarm(self) -> bool {
        matches!(self, Self::Good | Self::Uncertain | Self::Frozen)
    }
}

impl std::str::FromStr for Quality {
    type Err = UnknownQuality;
    fn from_str(text: &str) -> Result<Self, UnknownQuality> {
        Self::ALL
            .into_iter()
            .find(|q| q.as_str() == text)
            .ok_or_else(|| UnknownQuality(text.chars().take(32).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_beyond_the_doubles_stays_exact() {
        assert_eq!(Value::whole(Value::EXACT), Value::Number(9_007_199_254_740_992.0));
        assert_eq!(Value::whole(Value::EXACT + 1), Value::Integer(9_007_199_254_740_993));
    }

    #[test]
    fn a_long_unit_is_cut_between_characters() {
        let unit = Unit::new(&"µ".repeat(40));
        assert_eq!(unit.as_str().map(str::len), Some(64));
        assert_eq!(Unit::new("").as_str(), None);
    }
}
