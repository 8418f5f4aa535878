//! `specola user`: adds people and gives them one-time sign-in links; adds machines and gives them tokens. There is no default account and no
//! default password.

use std::io::{BufRead, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use control_room_api::{hash_password, issue_machine_token, issue_sign_in_link, system_clock};
use model::{Account, Role, UserName};
use store::Accounts;

use super::query::tenant;
use crate::cli::{AddUser, LinkUser, RevokeUser, TOKEN_DAYS, TokenUser, User};
use crate::config::{self, Config};

pub(crate) async fn run(user: User) -> anyhow::Result<ExitCode> {
    match user {
        User::Add(add) => add_user(add).await?,
        User::Link(link) => link_user(link).await?,
        User::Token(token) => token_user(token).await?,
        User::Revoke(revoke) => revoke_user(revoke).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn add_user(add: AddUser) -> anyhow::Result<()> {
    let config = config::load(add.configured.config.as_deref())?;
    if add.role == Role::Sender && add.password_stdin {
        bail!("a sender has no password; leave out --password-stdin, and its token is printed");
    }
    let password_hash = if add.password_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).context("cannot read the password from standard input")?;
        Some(hash_password(line.trim_end_matches(['\r', '\n']))?)
    } else {
        None
    };
    let accounts = store::open_records(&config.store).await.context("cannot open the register of people")?;
    let account = Account {
        tenant: tenant(&config, &*accounts, add.tenant).await?,
        user: add.user.clone(),
        name: add.name.unwrap_or_else(|| add.user.to_string()),
        role: add.role,
        password_hash,
    };
    accounts.add_account(&account).await?;
    let mut out = std::io::stdout();
    if account.role == Role::Sender {
        writeln!(out, "{} may send readings of {}", account.user, account.tenant)?;
        return print_token(&*accounts, &account.user, TOKEN_DAYS).await;
    }
    writeln!(out, "{} may sign in as {} of {}", account.user, account.role.as_str(), account.tenant)?;
    if account.password_hash.is_none() {
        let link = issue_sign_in_link(&*accounts, &account.user, &base_url(&config), &system_clock()).await?;
        writeln!(out, "once, within an hour: {link}")?;
    }
    Ok(())
}

async fn link_user(link: LinkUser) -> anyhow::Result<()> {
    let config = config::load(link.configured.config.as_deref())?;
    let accounts = store::open_records(&config.store).await.context("cannot open the register of people")?;
    let account = known(&*accounts, &link.user).await?;
    if account.role == Role::Sender {
        bail!("{} is a sender and has no screen; give it a token with: specola user token {}", link.user, link.user);
    }
    let url = issue_sign_in_link(&*accounts, &link.user, &base_url(&config), &system_clock()).await?;
    writeln!(std::io::stdout(), "{url}")?;
    Ok(())
}

async fn token_user(token: TokenUser) -> anyhow::Result<()> {
    let config = config::load(token.configured.config.as_deref())?;
    let accounts = store::open_records(&config.store).await.context("cannot open the register of people")?;
    let account = known(&*accounts, &token.user).await?;
    if account.role != Role::Sender {
        bail!(
            "{} is no sender; tokens are for machines that only send: specola user add <name> --role sender",
            token.user
        );
    }
    print_token(&*accounts, &token.user, token.days).await
}

async fn revoke_user(revoke: RevokeUser) -> anyhow::Result<()> {
    let config = config::load(revoke.configured.config.as_deref())?;
    let accounts = store::open_records(&config.store).await.context("cannot open the register of people")?;
    known(&*accounts, &revoke.user).await?;
    let ended = accounts.end_sessions(&revoke.user).await?;
    writeln!(std::io::stdout(), "ended {ended} sessions or tokens of {}", revoke.user)?;
    Ok(())
}

async fn known(accounts: &dyn Accounts, user: &UserName) -> anyhow::Result<Account> {
    let account = accounts.account(user).await?;
    account.with_context(|| format!("there is no user {user}; add it with: specola user add {user}"))
}

/// The token alone on its line, so that a script finds it.
async fn print_token(accounts: &dyn Accounts, user: &UserName, days: u32) -> anyhow::Result<()> {
    let lifetime = Duration::from_secs(u64::from(days) * 86_400);
    let (token, expires) = issue_machine_token(accounts, user, lifetime, &system_clock()).await?;
    let mut out = std::io::stdout();
    writeln!(out, "its token, shown only now and good until {expires}; to be sent as Authorization: Bearer <token>")?;
    writeln!(out, "{token}")?;
    Ok(())
}

/// How people reach the server.
fn base_url(config: &Config) -> String {
    config.api.public_origin.clone().unwrap_or_else(|| format!("http://{}", config.api.bind))
}
