//! Who may connect to our own listener.

use std::collections::HashMap;
use std::sync::Arc;

use argon2::{Argon2, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::config::{Listener, Secret, User};

/// Passwords that are checked at the same time. One check takes 19 MiB and some 20 ms of a core: two let readings flow on beside them.
const CHECKS: usize = 2;

/// The users of the listener.
pub(super) struct Credentials {
    anonymous: bool,
    users: HashMap<String, User>,
    checks: Arc<Semaphore>,
}

impl Credentials {
    pub(super) fn new(listener: &Listener) -> Self {
        let users = listener.users.iter().map(|user| (user.name.clone(), user.clone())).collect();
        Self { anonymous: listener.anonymous, users, checks: Arc::new(Semaphore::new(CHECKS)) }
    }

    /// Whether somebody with this name and password may connect. A name that does not exist takes as long as a wrong password where passwords are
    /// hashed.
    pub(super) async fn admit(&self, name: Option<&str>, password: Option<&[u8]>) -> bool {
        let Some(name) = name else { return self.anonymous };
        let Some(user) = self.users.get(name) else {
            if let Some(other) = self.users.values().find(|user| user.password.is_none()) {
                self.hashed(other.password_hash.clone(), password.unwrap_or_default().to_vec()).await;
            }
            return self.anonymous && self.users.is_empty();
        };
        let Some(password) = password else { return false };
        match &user.password {
            Some(generated) => generated.matches(password),
            None => self.hashed(user.password_hash.clone(), password.to_vec()).await,
        }
    }

    async fn hashed(&self, hash: Secret, password: Vec<u8>) -> bool {
        let Ok(_turn) = self.checks.acquire().await else { return false };
        let check = move || Argon2::default().verify_password(&password, hash.expose()).is_ok();
        tokio::task::spawn_blocking(check).await.unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher;

    use super::*;

    #[tokio::test]
    async fn only_the_right_password_opens_the_door() {
        let hash = Argon2::default().hash_password(b"segreta").unwrap().to_string();
        let hashed = User { name: "gw".to_owned(), password_hash: Secret::new(hash), password: None };
        let users = vec![hashed, User::generated("sim", Secret::new("uno"))];
        let door = Credentials::new(&Listener { users, ..Listener::default() });
        for (name, password, expected) in [
            (Some("gw"), Some("segreta"), true),
            (Some("gw"), Some("Segreta"), false),
            (Some("gw"), None, false),
            (Some("sim"), Some("uno"), true),
            (Some("sim"), Some("due"), false),
            (Some("nobody"), Some("segreta"), false),
            (None, None, false),
        ] {
            assert_eq!(door.admit(name, password.map(str::as_bytes)).await, expected, "{name:?} {password:?}");
        }
        let open = Credentials::new(&Listener { anonymous: true, ..Listener::default() });
        assert!(open.admit(None, None).await && open.admit(Some("anybody"), Some(b"x")).await);
    }
}
