//! Keeping who may sign in and who is signed in. Of tokens and codes only hashes are here.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use model::{Account, Role, TenantId, Timestamp, UserName};

use super::Registry;
use super::database::{Connection, Transaction};
use super::failure::Failure;
use super::shape::Unread;
use crate::{Accounts, Error, Result, Session, SignInCode, TokenHash};

/// How long what has expired stays before it is removed: a clock that runs ahead for a while then ends nobody's session for good.
const GRACE: Duration = Duration::from_secs(86_400);

#[derive(sqlx::FromRow)]
struct AccountRow {
    tenant: String,
    user_name: String,
    name: String,
    role: String,
    password_hash: Option<String>,
}

impl AccountRow {
    fn read(self) -> Result<Account, Failure> {
        let user = self.user_name.clone();
        self.read_account().map_err(Failure::unread(|| format!("account {user:?}")))
    }

    fn read_account(self) -> Result<Account, Unread> {
        Ok(Account {
            tenant: TenantId::new(self.tenant)?,
            user: UserName::new(self.user_name)?,
            name: self.name,
            role: self.role.parse::<Role>()?,
            password_hash: self.password_hash,
        })
    }
}

#[async_trait]
impl Accounts for Registry {
    async fn add_account(&self, account: &Account) -> Result<()> {
        match self.insert_account(account).await {
            Err(Failure::Sql(sqlx::Error::Database(error))) if error.is_unique_violation() => {
                Err(Error::UserExists(account.user.clone()))
            }
            outcome => self.told("adding an account", outcome),
        }
    }

    async fn set_password(&self, user: &UserName, password_hash: &str) -> Result<bool> {
        self.told("changing a password", self.update_password(user, password_hash).await)
    }

    async fn account(&self, user: &UserName) -> Result<Option<Account>> {
        let outcome = async { account_of(&mut *self.read().await?, user.as_str()).await };
        self.told("reading an account", outcome.await)
    }

    async fn accounts(&self, tenant: &TenantId) -> Result<Vec<Account>> {
        self.told("listing accounts", self.accounts_of(tenant).await)
    }

    async fn open_session(&self, session: &Session) -> Result<()> {
        self.told("opening a session", self.insert_session(session).await)
    }

    async fn session(&self, token: &TokenHash, now: Timestamp) -> Result<Option<(Session, Account)>> {
        self.latest_told.fetch_max(now.as_nanos(), Ordering::Relaxed);
        self.told("reading a session", self.session_at(token, now).await)
    }

    async fn end_session(&self, token: &TokenHash) -> Result<bool> {
        self.told("ending a session", self.delete_session(token).await)
    }

    async fn end_sessions(&self, user: &UserName) -> Result<u64> {
        self.told("ending sessions", self.delete_sessions(user).await)
    }

    async fn put_code(&self, code: &SignInCode) -> Result<()> {
        self.told("keeping a sign-in code", self.insert_code(code).await)
    }

    async fn take_code(&self, code: &TokenHash, now: Timestamp) -> Result<Option<Account>> {
        self.latest_told.fetch_max(now.as_nanos(), Ordering::Relaxed);
        self.told("using a sign-in code", self.delete_code(code, now).await)
    }
}

impl Registry {
    async fn insert_account(&self, account: &Account) -> Result<(), Failure> {
        let mut transaction = self.write().await?;
        sqlx::query("insert into account (user_name, tenant, name, role, password_hash) values ($1, $2, $3, $4, $5)")
            .bind(account.user.as_str())
            .bind(account.tenant.as_str())
            .bind(&account.name)
            .bind(account.role.as_str())
            .bind(&account.password_hash)
            .execute(&mut *transaction)
            .await?;
        Ok(transaction.commit().await?)
    }

    async fn update_password(&self, user: &UserName, password_hash: &str) -> Result<bool, Failure> {
        let mut transaction = self.write().await?;
        let changed = sqlx::query("update account set password_hash = $1 where user_name = $2")
            .bind(password_hash)
            .bind(user.as_str())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(changed.rows_affected() > 0)
    }

    async fn accounts_of(&self, tenant: &TenantId) -> Result<Vec<Account>, Failure> {
        let mut reading = self.read().await?;
        let rows: Vec<AccountRow> = sqlx::query_as(
            "select tenant, user_name, name, role, password_hash from account where tenant = $1 order by user_name",
        )
        .bind(tenant.as_str())
        .fetch_all(&mut *reading)
        .await?;
        rows.into_iter().map(AccountRow::read).collect()
    }

    async fn insert_session(&self, session: &Session) -> Result<(), Failure> {
        let mut transaction = self.write().await?;
        self.remove_expired(&mut transaction).await?;
        // Somebody who tries again after an answer was lost opens the same session.
        sqlx::query(
            "insert into session (token, user_name, expires) values ($1, $2, $3) on conflict (token) do nothing",
        )
        .bind(session.token.0.as_slice())
        .bind(session.user.as_str())
        .bind(session.expires.as_nanos())
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    async fn session_at(&self, token: &TokenHash, now: Timestamp) -> Result<Option<(Session, Account)>, Failure> {
        let mut reading = self.read().await?;
        let row: Option<(String, i64)> =
            sqlx::query_as("select user_name, expires from session where token = $1 and expires > $2")
                .bind(token.0.as_slice())
                .bind(now.as_nanos())
                .fetch_optional(&mut *reading)
                .await?;
        let Some((user, expires)) = row else { return Ok(None) };
        let account = account_of(&mut reading, &user).await?;
        Ok(account.map(|account| {
            let user = account.user.clone();
            (Session { token: *token, user, expires: Timestamp::from_nanos(expires) }, account)
        }))
    }

    async fn delete_session(&self, token: &TokenHash) -> Result<bool, Failure> {
        let mut transaction = self.write().await?;
        let ended = sqlx::query("delete from session where token = $1")
            .bind(token.0.as_slice())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(ended.rows_affected() > 0)
    }

    async fn delete_sessions(&self, user: &UserName) -> Result<u64, Failure> {
        let mut transaction = self.write().await?;
        let ended = sqlx::query("delete from session where user_name = $1")
            .bind(user.as_str())
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        Ok(ended.rows_affected())
    }

    async fn insert_code(&self, code: &SignInCode) -> Result<(), Failure> {
        let mut transaction = self.write().await?;
        self.remove_expired(&mut transaction).await?;
        sqlx::query(
            "insert into sign_in_code (code, user_name, expires) values ($1, $2, $3) on conflict (code) do nothing",
        )
        .bind(code.code.0.as_slice())
        .bind(code.user.as_str())
        .bind(code.expires.as_nanos())
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    /// The code is gone, durably, before anybody is signed in by it.
    async fn delete_code(&self, code: &TokenHash, now: Timestamp) -> Result<Option<Account>, Failure> {
        let mut transaction = self.write().await?;
        let taken: Option<(String,)> =
            sqlx::query_as("delete from sign_in_code where code = $1 and expires > $2 returning user_name")
                .bind(code.0.as_slice())
                .bind(now.as_nanos())
                .fetch_optional(&mut *transaction)
                .await?;
        let Some((user,)) = taken else { return Ok(None) };
        let account = account_of(&mut transaction, &user).await?;
        transaction.commit().await?;
        Ok(account)
    }

    /// Removes what expired long before the latest time that anybody told.
    async fn remove_expired(&self, transaction: &mut Transaction) -> Result<(), Failure> {
        let before = Timestamp::from_nanos(self.latest_told.load(Ordering::Relaxed)).minus(GRACE).as_nanos();
        sqlx::query("delete from session where expires <= $1").bind(before).execute(&mut **transaction).await?;
        sqlx::query("delete from sign_in_code where expires <= $1").bind(before).execute(&mut **transaction).await?;
        Ok(())
    }
}

async fn account_of(connection: &mut Connection, user: &str) -> Result<Option<Account>, Failure> {
    let row: Option<AccountRow> =
        sqlx::query_as("select tenant, user_name, name, role, password_hash from account where user_name = $1")
            .bind(user)
            .fetch_optional(connection)
            .await?;
    row.map(AccountRow::read).transpose()
}
