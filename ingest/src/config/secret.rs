//! A password that never appears in a log, an error or a printed configuration.

use std::fmt;

use serde::{Deserialize, Serialize, Serializer};

/// A secret text. It prints and serialises as `***`; only [`Secret::expose`] gives it away.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Keeps this text secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that must send or compare it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether `other` is the same text; takes as long for a near miss as for a far one.
    pub fn matches(&self, other: &[u8]) -> bool {
        let own = self.0.as_bytes();
        let mut different = u8::from(own.len() != other.len());
        for (index, byte) in other.iter().enumerate() {
            different |= byte ^ own.get(index).copied().unwrap_or(0xff);
        }
        different == 0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str("***")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_never_printed() {
        let secret = Secret::new("correct horse");
        assert_eq!(format!("{secret} {secret:?}"), "*** ***");
        assert!(secret.matches(b"correct horse"));
        assert!(!secret.matches(b"correct hors") && !secret.matches(b"correct horse!") && !secret.matches(b""));
    }
}
