//! Keeping who may sign in and who is signed in.

use async_trait::async_trait;
use model::{Account, TenantId, Timestamp, UserName};

use crate::Result;

/// SHA-256 of a secret that only its holder knows. The secret itself is never stored.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl std::fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenHash(***)")
    }
}

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Hash of the session's token.
    pub token: TokenHash,
    /// Who.
    pub user: UserName,
    /// Until when.
    pub expires: Timestamp,
}

/// A code that signs somebody in once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignInCode {
    /// Hash of the code.
    pub code: TokenHash,
    /// Whom it signs in.
    pub user: UserName,
    /// Until when it can be used.
    pub expires: Timestamp,
}

/// Accounts, sessions and one-time codes.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// Adds an account; [`crate::Error::UserExists`] when the name is taken.
    async fn add_account(&self, account: &Account) -> Result<()>;

    /// Replaces the password hash; false when there is no such user.
    async fn set_password(&self, user: &UserName, password_hash: &str) -> Result<bool>;

    /// One account.
    async fn account(&self, user: &UserName) -> Result<Option<Account>>;

    /// The accounts of a tenant, ordered by user name.
    async fn accounts(&self, tenant: &TenantId) -> Result<Vec<Account>>;

    /// Opens a session, durably.
    async fn open_session(&self, session: &Session) -> Result<()>;

    /// The account of a session that has not ended by `now`.
    async fn session(&self, token: &TokenHash, now: Timestamp) -> Result<Option<(Session, Account)>>;

    /// Ends a session; false when there was none.
    async fn end_session(&self, token: &TokenHash) -> Result<bool>;

    /// Ends all sessions of a user; says how many there were.
    async fn end_sessions(&self, user: &UserName) -> Result<u64>;

    /// Keeps a one-time code.
    async fn put_code(&self, code: &SignInCode) -> Result<()>;

    /// Uses a code up: its account the first time and in time, none afterwards.
    async fn take_code(&self, code: &TokenHash, now: Timestamp) -> Result<Option<Account>>;
}
