//! Secrets that only their holder knows: 32 random bytes; the server keeps nothing but their SHA-256.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use store::TokenHash;

use crate::{Error, Result};

/// A session token or a one-time code. Prints as `***`.
pub(crate) struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(***)")
    }
}

impl Token {
    /// A new secret from the system's randomness.
    pub(crate) fn new() -> Result<Self> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes).map_err(|_| Error::NoChance)?;
        Ok(Self(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// A secret as somebody presents it; `None` when it cannot be one of ours.
    pub(crate) fn presented(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(text.to_owned()))
    }

    /// What is stored of it.
    pub(crate) fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The secret itself, for its holder.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_recognised_and_never_printed() {
        let token = Token::new().unwrap();
        assert_eq!(Token::presented(token.reveal()).unwrap().hash(), token.hash());
        assert_eq!(format!("{token:?}"), "Token(***)");
        assert_ne!(token.hash(), Token::new().unwrap().hash());
    }

    #[test]
    fn what_cannot_be_a_token_is_refused_before_the_store_is_asked() {
        for bad in ["", "x", "not a token", &"A".repeat(44), "../../etc/passwd"] {
            assert!(Token::presented(bad).is_none(), "{bad:?} was accepted");
        }
    }
}
