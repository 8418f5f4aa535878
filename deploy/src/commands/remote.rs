//! A running server, asked over its API in the name of an administrator.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use control_room_api::{issue_sign_in_link, system_clock};
use model::{Role, TenantId, UserName};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use store::Records;

/// How long an answer may take: a hundred thousand assets are compared and written in seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the server answers, and in whose name it is asked.
pub(crate) struct Remote {
    url: String,
    user: Option<UserName>,
}

/// A session with it. It ends by itself when it is dropped unused; the server forgets it in its hours.
pub(crate) struct Session {
    pub(crate) client: reqwest::Client,
    pub(crate) url: String,
    token: String,
}

impl Remote {
    pub(crate) fn new(url: String, user: Option<UserName>) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), user }
    }

    /// Signs in with a one-time code that is put into the register: whoever may write that file may do this too.
    pub(crate) async fn sign_in(&self, records: &dyn Records, tenant: &TenantId) -> anyhow::Result<Session> {
        let accounts = records.accounts(tenant).await?;
        let mut admins = accounts.iter().filter(|account| account.role == Role::Admin);
        let admin = admins.find(|account| self.user.as_ref().is_none_or(|user| account.user == *user));
        let Some(admin) = admin else {
            bail!(
                "a server is running, and it listens only to an administrator of {tenant}; add one with: specola user add NAME --role admin, or stop \
                 the server"
            );
        };
        let link = issue_sign_in_link(records, &admin.user, &self.url, &system_clock()).await?;
        let code = link.split_once("code=").map(|(_, code)| code.to_owned()).context("the link has no code")?;
        let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
        let request = client.post(format!("{}/api/v1/session/link", self.url)).json(&json!({"code": code}));
        let answer = request.send().await.map_err(|error| self.unreachable(&error))?;
        let body = answered(answer).await?;
        let token = body["token"].as_str().context("the server gave no token")?.to_owned();
        Ok(Session { client, url: self.url.clone(), token })
    }

    fn unreachable(&self, error: &reqwest::Error) -> anyhow::Error {
        anyhow!(
            "a server has the folder open and does not answer at {} ({error}); say where it answers with --url",
            self.url
        )
    }
}

impl Session {
    /// The address of a part of the API.
    pub(crate) fn path(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.url)
    }

    /// Sends the question, and signs out whatever the answer is.
    pub(crate) async fn ask(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        let answer = match request.bearer_auth(&self.token).send().await {
            Ok(answer) => answered(answer).await,
            Err(error) => Err(error.into()),
        };
        let gone = self.client.delete(self.path("/session")).bearer_auth(&self.token).send().await;
        if let Err(error) = gone {
            tracing::debug!(%error, "could not sign out; the session ends by itself");
        }
        answer
    }
}

async fn answered(answer: reqwest::Response) -> anyhow::Result<Value> {
    let status = answer.status();
    let body: Value = answer.json().await.unwrap_or(Value::Null);
    if status.is_success() {
        return Ok(body);
    }
    match body["detail"].as_str() {
        Some(detail) => bail!("{detail}"),
        None => bail!("the server answered {status}"),
    }
}
