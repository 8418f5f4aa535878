//! `specola user`: adds people and gives them one-time sign-in links. There is no default account and no default password.

use std::io::{BufRead, Write};
use std::process::ExitCode;

use anyhow::{Context, bail};
use control_room_api::{hash_password, issue_sign_in_link, system_clock};
use model::Account;

use super::query::tenant;
use crate::cli::{AddUser, LinkUser, User};
use crate::config::{self, Config};

pub(crate) async fn run(user: User) -> anyhow::Result<ExitCode> {
    match user {
        User::Add(add) => add_user(add).await?,
        User::Link(link) => link_user(link).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn add_user(add: AddUser) -> anyhow::Result<()> {
    let config = config::load(add.configured.config.as_deref())?;
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
    if accounts.account(&link.user).await?.is_none() {
        bail!("there is no user {}; add it with: specola user add {}", link.user, link.user);
    }
    let url = issue_sign_in_link(&*accounts, &link.user, &base_url(&config), &system_clock()).await?;
    writeln!(std::io::stdout(), "{url}")?;
    Ok(())
}

/// How people reach the server.
fn base_url(config: &Config) -> String {
    config.api.public_origin.clone().unwrap_or_else(|| format!("http://{}", config.api.bind))
}
