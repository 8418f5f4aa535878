//! Passwords: hashed with Argon2id, a few at a time, and equally slow whether the user exists or not.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

/// Passwords that are checked at the same time: each takes 19 MiB and a core for some milliseconds.
const AT_ONCE: usize = 2;
/// Passwords that wait for their turn; a longer queue means an attack, and people are told to come back.
const WAITING: usize = 32;
/// The longest password that is looked at, in bytes.
const LONGEST: usize = 1024;
/// The fewest characters of a new password.
const SHORTEST: usize = 10;

/// Why a password cannot be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Easily guessed.
    #[error("a password has at least {SHORTEST} characters")]
    TooShort,
    /// Longer than is looked at.
    #[error("a password has at most {LONGEST} bytes")]
    TooLong,
    /// The system gives no random numbers.
    #[error("no random numbers from the system")]
    NoChance,
}

/// The hash of a new password in PHC string form, as accounts keep it. Takes some milliseconds and 19 MiB.
pub fn hash_password(password: &str) -> Result<String, PasswordError> {
    if password.chars().count() < SHORTEST {
        return Err(PasswordError::TooShort);
    }
    if password.len() > LONGEST {
        return Err(PasswordError::TooLong);
    }
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|_| PasswordError::NoChance)?;
    Ok(hash.to_string())
}

/// Checks passwords without letting anybody occupy the machine with it.
#[derive(Debug)]
pub(crate) struct Passwords {
    hashing: Semaphore,
    queue: Semaphore,
    /// What an unknown user's password is compared with, so that the answer takes as long.
    nobody: Arc<str>,
}

/// Too many people are signing in at the same time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Crowded;

impl Passwords {
    pub(crate) fn new() -> Result<Self, PasswordError> {
        let mut noise = [0_u8; 16];
        getrandom::fill(&mut noise).map_err(|_| PasswordError::NoChance)?;
        let nobody = hash_password(&noise.map(|byte| format!("{byte:02x}")).concat())?;
        Ok(Self { hashing: Semaphore::new(AT_ONCE), queue: Semaphore::new(WAITING), nobody: nobody.into() })
    }

    /// Whether the password is the one behind the hash; never so without a hash.
    pub(crate) async fn matches(&self, password: String, hash: Option<&str>) -> Result<bool, Crowded> {
        let _place = self.queue.try_acquire().map_err(|_| Crowded)?;
        let _turn = self.hashing.acquire().await.map_err(|_| Crowded)?;
        let exists = hash.is_some() && password.len() <= LONGEST;
        let hash: Arc<str> = hash.filter(|_| exists).map_or_else(|| Arc::clone(&self.nobody), Arc::from);
        let equal = tokio::task::spawn_blocking(move || {
            let password = password.as_bytes();
            let password = &password[..password.len().min(LONGEST)];
            PasswordHash::new(&hash).is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok())
        });
        Ok(equal.await.unwrap_or(false) && exists)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_an_existing_user_matches() {
        let passwords = Passwords::new().unwrap();
        let hash = hash_password("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$"));
        assert_eq!(passwords.matches("correct horse".into(), Some(&hash)).await, Ok(true));
        assert_eq!(passwords.matches("wrong horse".into(), Some(&hash)).await, Ok(false));
        assert_eq!(passwords.matches("correct horse".into(), None).await, Ok(false));
        assert_eq!(passwords.matches("correct horse".into(), Some("nonsense")).await, Ok(false));
    }

    #[test]
    fn a_short_password_is_refused() {
        assert_eq!(hash_password("123456789"), Err(PasswordError::TooShort));
        assert_eq!(hash_password(&"x".repeat(2000)), Err(PasswordError::TooLong));
    }
}
