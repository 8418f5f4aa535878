//! A running server, asked over its API in the name of an administrator.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use control_room_api::{Approval, AssetChange, AssetReport, FieldChange, issue_sign_in_link, system_clock};
use model::{AssetId, Lifecycle, Role, TenantId, UserName};
use reqwest::RequestBuilder;
use serde_json::{Value, json};
use store::Records;

use crate::register::Form;

/// How long an answer may take: a hundred thousand assets are compared and written in seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the server answers, and in whose name it is asked.
pub(super) struct Remote {
    url: String,
    user: Option<UserName>,
}

/// A session with it. It ends by itself when it is dropped unused; the server forgets it in its hours.
pub(super) struct Session {
    client: reqwest::Client,
    url: String,
    token: String,
}

impl Remote {
    pub(super) fn new(url: String, user: Option<UserName>) -> Self {
        Self { url: url.trim_end_matches('/').to_owned(), user }
    }

    /// Signs in with a one-time code that is put into the register: whoever may write that file may do this too.
    pub(super) async fn sign_in(&self, records: &dyn Records, tenant: &TenantId) -> anyhow::Result<Session> {
        let accounts = records.accounts(tenant).await?;
        let mut admins = accounts.iter().filter(|account| account.role == Role::Admin);
        let admin = admins.find(|account| self.user.as_ref().is_none_or(|user| account.user == *user));
        let Some(admin) = admin else {
            bail!(
                "a server is running, and it changes the register only in the name of an administrator of {tenant}; add one with: specola user add NAME \
                 --role admin, or stop the server"
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
    pub(super) async fn import(
        self,
        form: Form,
        text: String,
        dry_run: bool,
        retire_missing: bool,
    ) -> anyhow::Result<AssetReport> {
        let kind = match form {
            Form::Csv => "text/csv",
            Form::GeoJson => "application/geo+json",
        };
        let query = [("dry_run", dry_run), ("retire_missing", retire_missing)];
        let request =
            self.client.post(self.path("/assets/import")).query(&query).header("content-type", kind).body(text);
        self.ask(request).await
    }

    pub(super) async fn approve(self, which: &Approval) -> anyhow::Result<AssetReport> {
        let body = match which {
            Approval::Ids(ids) => json!({"ids": ids.iter().map(AssetId::as_str).collect::<Vec<_>>()}),
            Approval::Class(class) => json!({"class": class.as_str()}),
            Approval::All => json!({"all": true}),
        };
        let request = self.client.post(self.path("/assets/approve")).json(&body);
        self.ask(request).await
    }

    pub(super) async fn set_stage(self, id: &AssetId, stage: Lifecycle) -> anyhow::Result<AssetReport> {
        let mut url = reqwest::Url::parse(&self.url)?;
        // An id may hold any letters; each becomes one part of the path.
        url.path_segments_mut().map_err(|()| anyhow!("{} is no address of a server", self.url))?.extend([
            "api",
            "v1",
            "assets",
            id.as_str(),
            "stage",
        ]);
        let request = self.client.post(url).json(&json!({"stage": stage.as_str()}));
        self.ask(request).await
    }

    fn path(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.url)
    }

    /// Sends the question, and signs out whatever the answer is.
    async fn ask(&self, request: RequestBuilder) -> anyhow::Result<AssetReport> {
        let answer = match request.bearer_auth(&self.token).send().await {
            Ok(answer) => answered(answer).await,
            Err(error) => Err(error.into()),
        };
        let gone = self.client.delete(self.path("/session")).bearer_auth(&self.token).send().await;
        if let Err(error) = gone {
            tracing::debug!(%error, "could not sign out; the session ends by itself");
        }
        report(&answer?)
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

fn report(body: &Value) -> anyhow::Result<AssetReport> {
    let count = |name: &str| {
        let count = body[name].as_u64().and_then(|count| usize::try_from(count).ok());
        count.with_context(|| format!("the server's answer has no {name}"))
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let field = |one: &Value| FieldChange {
        field: text(&one["field"]),
        before: text(&one["before"]),
        after: text(&one["after"]),
    };
    let change = |one: &Value| AssetChange {
        id: text(&one["id"]),
        what: match one["what"].as_str() {
            Some("added") => "added",
            Some("retired") => "retired",
            _ => "changed",
        },
        fields: one["fields"].as_array().into_iter().flatten().map(field).collect(),
    };
    Ok(AssetReport {
        added: count("added")?,
        changed: count("changed")?,
        retired: count("retired")?,
        unchanged: count("unchanged")?,
        missing: count("missing")?,
        changes: body["changes"].as_array().into_iter().flatten().map(change).collect(),
    })
}
