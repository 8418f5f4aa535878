//! Spans of time as people write them in class files: `500ms`, `30s`, `10m`, `2h`, `30d`.

use model::Duration;
use serde::{Deserialize, Deserializer, de};

use super::profile::Every;

/// A span of time in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span(pub(super) Duration);

/// A century: longer than any device lives, and far from the end of time.
const LONGEST: u64 = 36_525 * 86_400_000;

impl std::str::FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} is no span of time; write a whole number and ms, s, m, h or d, such as \"30s\"");
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
        let millis = match &text[digits..] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let span = number.checked_mul(millis).filter(|span| *span <= LONGEST);
        span.map(|span| Self(Duration::from_millis(span))).ok_or_else(|| format!("{text:?} is longer than a century"))
    }
}

/// The word for what comes only when something happens.
const IRREGULAR: &str = "irregular";

impl<'de> Deserialize<'de> for Every {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == IRREGULAR {
            return Ok(Self::Irregular);
        }
        let Span(every) = text.parse::<Span>().map_err(|why| de::Error::custom(format!("{why}, or {IRREGULAR:?}")))?;
        Ok(Self::Regular(every))
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}
