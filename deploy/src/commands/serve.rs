//! `specola serve`: runs the control room by a configuration file.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use control_room_api::system_clock;
use ingest::class::Classes;
use store::{Author, Store};

use super::status_line::say;
use super::stop;
use crate::cli::Configured;
use crate::config::{self, Config};
use crate::pipeline::{ClassFolder, Pipeline, RuleFolder};
use crate::register::{self, Wish, plan};

pub(crate) async fn run(serve: Configured) -> anyhow::Result<ExitCode> {
    let config = config::load(serve.config.as_deref())?;
    config.validate()?;
    let stop = stop::on_signal()?;
    let store = store::open(config.store.clone())
        .await
        .with_context(|| format!("cannot open the store in {}", config.store.folder.display()))?;
    let mut classes = ClassFolder::open(config.class_folder())?;
    register_all(&config, &*store, &classes.read()?.0).await?;
    let rules = RuleFolder::open(config.rules_folder())?;
    let pipeline = Pipeline::start(&config, Arc::clone(&store), classes, rules, stop).await?;
    say(&format!("specola serves {} at http://{}", tenants(&config), pipeline.http_addr()));
    if let Some(address) = pipeline.mqtt_addr() {
        say(&format!("listening for MQTT on {address}"));
    }
    pipeline.run().await
}

fn tenants(config: &Config) -> String {
    config.tenants.iter().map(|tenant| tenant.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Puts the configured tenants and their assets into the store.
async fn register_all(config: &Config, store: &dyn Store, classes: &Classes) -> anyhow::Result<()> {
    for tenant in &config.tenants {
        store.put_tenant(&tenant.id, &tenant.name).await?;
        for path in &tenant.assets {
            let (form, text) = register::read_file(path)?;
            let known = store.assets(&tenant.id).await?;
            let plan = form
                .read(&text)
                .and_then(|drafts| plan(&known, drafts, &tenant.id, classes, Wish::default(), || ()))
                .map_err(|mistakes| anyhow!("{}: {mistakes}", path.display()))?;
            let author = Author { at: system_clock()(), who: "configuration", act: "tenants.assets" };
            let upserted = store.put_assets(&plan.put, &author).await?;
            tracing::info!(
                file = %path.display(), added = upserted.added, changed = upserted.changed, unchanged = plan.unchanged,
                "assets are registered"
            );
        }
    }
    Ok(())
}
