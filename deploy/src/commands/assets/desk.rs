//! The way to the register: by a running server, so that it sees the change, or straight to the disk.

use std::sync::Arc;

use anyhow::{Context, anyhow, bail};
use control_room_api::{Approval, AssetReport, NotRegistered, RegisterEntry, system_clock};
use indicatif::ProgressBar;
use ingest::class::Classes;
use model::{Asset, AssetId, Lifecycle, TenantId};
use store::{AssetFactFilter, Author, Records};

use crate::cli::Register;
use crate::commands::query::tenant;
use crate::commands::remote::Remote;
use crate::config::Config;
use crate::pipeline::{classes_in, entries, report};
use crate::register::{Form, Plan, Wish, approved, plan};

/// The register of one tenant.
pub(super) struct Desk {
    config: Config,
    records: Arc<dyn Records>,
    tenant: TenantId,
    /// The server that has the folder open.
    server: Option<Remote>,
}

impl Desk {
    /// The register that is asked for. A server is needed only by those who change something.
    pub(super) async fn open(asked: Register) -> anyhow::Result<Self> {
        let config = asked.place.config()?;
        config.validate()?;
        let in_use = store::is_in_use(&config.store.folder);
        let records = store::open_records(&config.store).await.context("cannot open the register")?;
        let tenant = tenant(&config, &*records, asked.place.tenant).await?;
        let server = if in_use {
            let url = asked.url.unwrap_or_else(|| format!("http://{}", config.api.bind));
            Some(Remote::new(url, asked.user))
        } else {
            // A folder that has never been served knows no tenant yet.
            if records.tenants().await?.is_empty() {
                for known in &config.tenants {
                    records.put_tenant(&known.id, &known.name).await?;
                }
            }
            None
        };
        Ok(Self { config, records, tenant, server })
    }

    /// Every asset.
    pub(super) async fn assets(&self) -> anyhow::Result<Vec<Asset>> {
        Ok(self.records.assets(&self.tenant).await?)
    }

    /// Puts the assets of a file in, or only tells what that would change.
    pub(super) async fn import(
        &self,
        form: Form,
        text: String,
        dry_run: bool,
        retire_missing: bool,
        bar: &ProgressBar,
    ) -> anyhow::Result<AssetReport> {
        if let Some(server) = &self.server {
            bar.set_message("the running server compares");
            let session = server.sign_in(&*self.records, &self.tenant).await?;
            return session.import(form, text, dry_run, retire_missing).await;
        }
        let drafts = form.read(&text)?;
        bar.set_message("comparing");
        bar.set_length(drafts.len() as u64);
        let known = self.assets().await?;
        let plan =
            plan(&known, drafts, &self.tenant, &self.classes()?, Wish { retire_missing, whole: true }, || bar.inc(1))?;
        if dry_run { Ok(report(plan)) } else { self.carry_out(plan, "import").await }
    }

    /// Brings quarantined assets into service.
    pub(super) async fn approve(&self, which: Approval) -> anyhow::Result<AssetReport> {
        match &self.server {
            Some(server) => server.sign_in(&*self.records, &self.tenant).await?.approve(&which).await,
            None => self.carry_out(approved(self.assets().await?, &which).map_err(told)?, "approve").await,
        }
    }

    /// Brings an asset into a stage of its life.
    pub(super) async fn set_stage(&self, id: &AssetId, stage: Lifecycle) -> anyhow::Result<AssetReport> {
        if let Some(server) = &self.server {
            return server.sign_in(&*self.records, &self.tenant).await?.set_stage(id, stage).await;
        }
        let Some(asset) = self.records.asset(&self.tenant, id).await? else {
            bail!("{}", told(NotRegistered::Unknown(id.clone())));
        };
        self.carry_out(Plan::of_stage([asset], stage), "set-life").await
    }

    /// What was changed, the newest first.
    pub(super) async fn changes(&self, asset: Option<AssetId>, limit: usize) -> anyhow::Result<Vec<RegisterEntry>> {
        let filter = AssetFactFilter { tenant: self.tenant.clone(), asset, before: None, limit };
        Ok(entries(self.records.asset_facts(&filter).await?))
    }

    async fn carry_out(&self, plan: Plan, act: &str) -> anyhow::Result<AssetReport> {
        // Whoever may write the file gives no name.
        let author = Author { at: system_clock()(), who: "command line", act };
        self.records.put_assets(&plan.put, &author).await?;
        Ok(report(plan))
    }

    fn classes(&self) -> anyhow::Result<Classes> {
        let (classes, mistakes) = classes_in(&self.config.class_folder())?;
        for mistake in &mistakes {
            tracing::warn!("{mistake}");
        }
        Ok(classes)
    }
}

fn told(refused: NotRegistered) -> anyhow::Error {
    match refused {
        NotRegistered::Wrong(mistakes) => anyhow!(mistakes),
        NotRegistered::Unknown(id) => anyhow!("there is no asset {id}; specola assets list shows what there is"),
        NotRegistered::NotKept => anyhow!("it could not be kept; try again"),
    }
}
