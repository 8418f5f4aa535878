//! Who may connect to our own listener.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use argon2::{Argon2, PasswordVerifier};
use model::TenantId;
use sha2::{Digest, Sha256};
use tokio::sync::Semaphore;

use super::rights::Account;
use crate::config::{Listener, Secret, User};

/// Passwords that are checked at the same time. One check takes 19 MiB and some 20 ms of a core: two let readings flow on beside them.
const CHECKS: usize = 2;

struct Known {
    user: User,
    account: Arc<Account>,
}

/// The users of the listener.
pub(super) struct Credentials {
    anonymous: Option<Arc<Account>>,
    users: HashMap<String, Known>,
    checks: Semaphore,
    /// Which password was right last, so that ten thousand clients that come back at once do not cost as many slow hashes. Kept as a hash with a key
    /// of this run, never as the password.
    proven: Mutex<HashMap<String, [u8; 32]>>,
    key: [u8; 32],
}

/// What a client shows when it connects.
#[derive(Debug, Default)]
pub(super) struct Shown<'a> {
    pub(super) user: Option<&'a str>,
    pub(super) password: Option<&'a [u8]>,
    /// The names in its certificate, if it had to present one.
    pub(super) certificate: Option<&'a [String]>,
}

impl Credentials {
    pub(super) fn new(listener: &Listener, tenant: &TenantId) -> Result<Self, getrandom::Error> {
        let known = |user: &User| {
            let account = Arc::new(Account::of(user, tenant));
            (user.name.clone(), Known { user: user.clone(), account })
        };
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self {
            anonymous: listener.anonymous.then(|| Arc::new(Account::anonymous(tenant))),
            users: listener.users.iter().map(known).collect(),
            checks: Semaphore::new(CHECKS),
            proven: Mutex::default(),
            key,
        })
    }

    /// The account of somebody who shows this; `None` lets nobody in. A name that does not exist takes as long as a wrong password where passwords
    /// are hashed.
    pub(super) async fn admit(&self, shown: Shown<'_>) -> Option<Arc<Account>> {
        let Shown { user, password, certificate } = shown;
        // Who presents a certificate is whom the certificate names, whatever else it says.
        let user = match (user, certificate) {
            (Some(user), Some(names)) if !names.iter().any(|name| name == user) => return None,
            (None, Some(names)) => Some(names.iter().find(|name| self.users.contains_key(*name))?.as_str()),
            (user, _) => user,
        };
        let Some(name) = user else { return self.anonymous.clone() };
        let Some(known) = self.users.get(name) else {
            let hashes = |known: &&Known| !known.user.password_hash.expose().is_empty();
            if let Some(other) = self.users.values().find(hashes) {
                self.hashed(other.user.password_hash.clone(), password.unwrap_or_default().to_vec()).await;
            }
            return self.anonymous.clone().filter(|_| self.users.is_empty());
        };
        let admitted = (certificate.is_some() && known.user.certificate) || self.is_right(&known.user, password?).await;
        admitted.then(|| Arc::clone(&known.account))
    }

    async fn is_right(&self, user: &User, password: &[u8]) -> bool {
        if let Some(generated) = &user.password {
            return generated.matches(password);
        }
        let token = user.token_sha256.expose();
        if !token.is_empty() {
            let hash = Sha256::digest(password).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            if Secret::new(token.to_ascii_lowercase()).matches(hash.as_bytes()) {
                return true;
            }
        }
        if user.password_hash.expose().is_empty() {
            return false;
        }
        let keyed: [u8; 32] = Sha256::new().chain_update(self.key).chain_update(password).finalize().into();
        let proven = || self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        if proven().get(&user.name) == Some(&keyed) {
            return true;
        }
        let right = self.hashed(user.password_hash.clone(), password.to_vec()).await;
        if right {
            proven().insert(user.name.clone(), keyed);
        }
        right
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

    fn door(listener: &Listener) -> Credentials {
        Credentials::new(listener, &TenantId::new("messina").unwrap()).unwrap()
    }

    fn hashed(name: &str) -> User {
        let hash = Argon2::default().hash_password(b"segreta").unwrap().to_string();
        User { name: name.to_owned(), password_hash: Secret::new(hash), ..User::default() }
    }

    async fn admit(door: &Credentials, user: Option<&str>, password: Option<&str>) -> bool {
        let password = password.map(str::as_bytes);
        door.admit(Shown { user, password, certificate: None }).await.is_some()
    }

    #[tokio::test]
    async fn only_the_right_password_opens_the_door() {
        let token = User {
            name: "net".to_owned(),
            // printf %s gettone | sha256sum
            token_sha256: Secret::new(
                Sha256::digest(b"gettone").iter().map(|b| format!("{b:02X}")).collect::<String>(),
            ),
            ..User::default()
        };
        let users = vec![hashed("gw"), User::generated("sim", Secret::new("uno")), token];
        let door = door(&Listener { users, ..Listener::default() });
        for (name, password, expected) in [
            (Some("gw"), Some("segreta"), true),
            (Some("gw"), Some("Segreta"), false),
            (Some("gw"), None, false),
            (Some("sim"), Some("uno"), true),
            (Some("sim"), Some("due"), false),
            (Some("net"), Some("gettone"), true),
            (Some("net"), Some("gettoni"), false),
            (Some("nobody"), Some("segreta"), false),
            (None, None, false),
        ] {
            assert_eq!(admit(&door, name, password).await, expected, "{name:?} {password:?}");
        }
    }

    #[tokio::test]
    async fn where_nobody_is_listed_anybody_may_come_if_that_is_wanted() {
        let open = door(&Listener { anonymous: true, ..Listener::default() });
        assert!(admit(&open, None, None).await && admit(&open, Some("anybody"), Some("x")).await);
        let closed = door(&Listener::default());
        assert!(!admit(&closed, None, None).await && !admit(&closed, Some("anybody"), Some("x")).await);
    }

    #[tokio::test]
    async fn a_right_password_is_remembered_and_a_wrong_one_is_still_wrong() {
        let door = door(&Listener { users: vec![hashed("gw")], ..Listener::default() });
        assert!(admit(&door, Some("gw"), Some("segreta")).await);
        // Nobody can compute a slow hash any more: what is right now is right from memory.
        door.checks.close();
        assert!(admit(&door, Some("gw"), Some("segreta")).await);
        assert!(!admit(&door, Some("gw"), Some("Segreta")).await);
    }

    #[tokio::test]
    async fn a_certificate_speaks_for_whom_it_names() {
        let by_certificate = User { name: "lamp".to_owned(), certificate: true, ..User::default() };
        let users = vec![by_certificate, User::generated("sim", Secret::new("uno"))];
        let door = door(&Listener { users, ..Listener::default() });
        let names = ["lamp".to_owned()];
        for (user, password, certificate, expected) in [
            (None, None, Some(&names[..]), true),
            (Some("lamp"), None, Some(&names[..]), true),
            (Some("lamp"), None, None, false),
            (Some("sim"), Some(&b"uno"[..]), Some(&names[..]), false),
            (None, None, Some(&[]), false),
        ] {
            let admitted = door.admit(Shown { user, password, certificate }).await.is_some();
            assert_eq!(admitted, expected, "{user:?} {certificate:?}");
        }
    }
}
