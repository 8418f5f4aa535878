//! Changes of the register, asked of a running server.

use anyhow::{Context, anyhow};
use control_room_api::{Approval, AssetChange, AssetReport, FieldChange};
use model::{AssetId, Lifecycle};
use serde_json::{Value, json};

use crate::commands::remote::Session;
use crate::register::Form;

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
        report(&self.ask(request).await?)
    }

    pub(super) async fn approve(self, which: &Approval) -> anyhow::Result<AssetReport> {
        let body = match which {
            Approval::Ids(ids) => json!({"ids": ids.iter().map(AssetId::as_str).collect::<Vec<_>>()}),
            Approval::Class(class) => json!({"class": class.as_str()}),
            Approval::All => json!({"all": true}),
        };
        let request = self.client.post(self.path("/assets/approve")).json(&body);
        report(&self.ask(request).await?)
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
        report(&self.ask(request).await?)
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
