//! The server under measurement, asked over HTTP.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;

use super::report::Sample;

/// A signed-in client.
pub(super) struct Server {
    url: String,
    client: reqwest::Client,
    token: String,
}

#[derive(Deserialize)]
struct Session {
    token: String,
}

#[derive(Deserialize)]
struct Assets {
    items: Vec<Asset>,
}

#[derive(Deserialize)]
struct Asset {
    slot: u32,
    id: String,
}

#[derive(Deserialize)]
struct Status {
    stages: Vec<Stage>,
}

#[derive(Deserialize)]
struct Stage {
    name: String,
    queued: u64,
    counters: BTreeMap<String, u64>,
}

impl Server {
    /// Signs in with a one-time link.
    pub(super) async fn sign_in(url: &str, link: &str) -> anyhow::Result<Self> {
        let Some((_, code)) = link.split_once("code=") else { bail!("{link:?} is no sign-in link: it has no code") };
        let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build()?;
        let url = url.trim_end_matches('/').to_owned();
        let session: Session = client
            .post(format!("{url}/api/v1/session/link"))
            .json(&serde_json::json!({ "code": code }))
            .send()
            .await?
            .error_for_status()
            .context("the link was not accepted: it is good for one sign-in; `specola user link` makes a new one")?
            .json()
            .await?;
        Ok(Self { url, client, token: session.token })
    }

    /// The proof of being signed in.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// Where the live socket is.
    pub(super) fn live(&self) -> String {
        format!("{}/api/v1/live", self.url.replacen("http", "ws", 1))
    }

    /// The slot of an asset, if it is registered.
    pub(super) async fn slot(&self, asset: &str) -> anyhow::Result<Option<u32>> {
        let assets: Assets = self
            .client
            .get(format!("{}/api/v1/assets", self.url))
            .query(&[("q", asset), ("limit", "10")])
            .bearer_auth(&self.token)
            .send()
            .await?
            .error_for_status()?
            .json()
            .await?;
        Ok(assets.items.into_iter().find(|found| found.id == asset).map(|found| found.slot))
    }

    /// One look.
    pub(super) async fn sample(&self, pid: Option<u32>) -> anyhow::Result<Sample> {
        // Not ready is an answer too.
        let status: Status = self.client.get(format!("{}/status", self.url)).send().await?.json().await?;
        let kept = status.stages.iter().filter_map(|stage| stage.counters.get("kept")).sum();
        let queues = status.stages.into_iter().map(|stage| (stage.name, stage.queued)).collect();
        Ok(Sample { queues, kept, process: pid.and_then(|pid| crate::pipeline::usage(&pid.to_string())) })
    }
}
