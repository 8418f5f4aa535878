//! `specola serve`: runs the control room by a configuration file.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use store::Store;

use super::status_line::say;
use super::stop;
use crate::assets;
use crate::cli::Configured;
use crate::config::{self, Config};
use crate::pipeline::{Pipeline, RuleFolder};

pub(crate) async fn run(serve: Configured) -> anyhow::Result<ExitCode> {
    let config = config::load(serve.config.as_deref())?;
    config.validate()?;
    let stop = stop::on_signal()?;
    let store = store::open(config.store.clone())
        .await
        .with_context(|| format!("cannot open the store in {}", config.store.folder.display()))?;
    register(&config, &*store).await?;
    let rules = RuleFolder::open(config.rules_folder())?;
    let pipeline = Pipeline::start(&config, Arc::clone(&store), rules, stop).await?;
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
async fn register(config: &Config, store: &dyn Store) -> anyhow::Result<()> {
    for tenant in &config.tenants {
        store.put_tenant(&tenant.id, &tenant.name).await?;
        for path in &tenant.assets {
            let assets = assets::read(path, &tenant.id)?;
            let upserted = store.put_assets(&assets).await?;
            tracing::info!(
                file = %path.display(), added = upserted.added, changed = upserted.changed, unchanged = upserted.unchanged,
                "assets are registered"
            );
        }
    }
    Ok(())
}
