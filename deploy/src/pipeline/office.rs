//! The office that keeps the register of assets: what people change is kept, then known to decoders, map and judge.

use std::sync::Arc;

use async_trait::async_trait;
use control_room_api::{
    Approval, AssetChange, AssetDesk, AssetKind, AssetReport, Clock, FieldChange, ImportOrder, Live, NotRegistered,
    RegisterEntry, Sheet,
};
use model::{Asset, AssetId, Lifecycle, TenantId, UserName};
use store::{AssetFact, AssetFactFilter, Author, Store};
use tokio::sync::mpsc::{self, WeakSender};
use tokio::sync::{Mutex, oneshot};

use super::class_folder::LookNow;
use super::directory::Directory;
use super::keep::Kept;
use crate::register::{Change, Form, Plan, What, Wish, approved, plan, read_back};

/// Changes the register while the city runs.
pub(crate) struct Office {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) live: Arc<Live>,
    pub(crate) directory: Arc<Directory>,
    /// Weak, so that the judge ends when its readings do.
    pub(crate) judged: WeakSender<Kept>,
    /// Asks for a look at the class files, so that who adds a class and then assets of it need not wait.
    pub(crate) look_now: mpsc::Sender<LookNow>,
    /// One change at a time: what is compared must still be so when it is written.
    pub(crate) turn: Arc<Mutex<()>>,
    pub(crate) clock: Clock,
}

impl Office {
    async fn known(&self, tenant: &TenantId) -> Result<Vec<Asset>, NotRegistered> {
        self.store.assets(tenant).await.map_err(|error| not_kept(&error))
    }

    /// Keeps what is planned, then tells everybody.
    async fn carry_out(&self, plan: &Plan, tenant: &TenantId, user: &UserName, act: &str) -> Result<(), NotRegistered> {
        if plan.put.is_empty() {
            return Ok(());
        }
        let author = Author { at: (self.clock)(), who: user.as_str(), act };
        self.store.put_assets(&plan.put, &author).await.map_err(|error| not_kept(&error))?;
        // What became of each asset is written down beside it.
        tracing::info!(%tenant, %user, act, assets = plan.put.len(), "the register was changed");
        self.directory.change(&plan.put, author.at);
        self.live.put_assets(tenant, &plan.put);
        if let Some(judged) = self.judged.upgrade()
            && judged.send(Kept::Assets(plan.put.clone())).await.is_err()
        {
            tracing::debug!("the judge has ended; it reads the register at the next start");
        }
        Ok(())
    }
}

fn not_kept(error: &store::Error) -> NotRegistered {
    tracing::warn!(%error, "the register cannot be reached");
    NotRegistered::NotKept
}

pub(crate) fn form(sheet: Sheet) -> Form {
    match sheet {
        Sheet::Csv => Form::Csv,
        Sheet::GeoJson => Form::GeoJson,
    }
}

/// A change in the words of the API.
fn told(change: Change) -> AssetChange {
    AssetChange {
        id: change.id,
        what: change.what.as_str(),
        fields: change.fields.into_iter().map(|(field, before, after)| FieldChange { field, before, after }).collect(),
    }
}

/// What was written down of changes, in the words of the API.
pub(crate) fn entries(facts: Vec<AssetFact>) -> Vec<RegisterEntry> {
    let entry = |fact: AssetFact| RegisterEntry {
        number: fact.number,
        at: fact.at,
        change: told(read_back(&fact)),
        who: fact.who,
        act: fact.act,
    };
    facts.into_iter().map(entry).collect()
}

/// A plan in the words of the API.
pub(crate) fn report(plan: Plan) -> AssetReport {
    AssetReport {
        added: plan.count(What::Added),
        changed: plan.count(What::Changed),
        retired: plan.count(What::Retired),
        unchanged: plan.unchanged,
        missing: plan.missing,
        changes: plan.changes.into_iter().map(told).collect(),
    }
}

#[async_trait]
impl AssetDesk for Office {
    async fn import(
        &self,
        tenant: &TenantId,
        user: &UserName,
        order: ImportOrder,
    ) -> Result<AssetReport, NotRegistered> {
        let _turn = self.turn.lock().await;
        let (looked, answer) = oneshot::channel();
        if self.look_now.send(looked).await.is_ok() {
            // An error means that the city is stopping: then the classes in force will do.
            drop(answer.await);
        }
        let known = self.known(tenant).await?;
        let (classes, of) = (self.directory.classes(), tenant.clone());
        let dry_run = order.dry_run;
        // A city of a hundred thousand assets takes a while to read and compare.
        let planned = tokio::task::spawn_blocking(move || {
            let drafts = form(order.sheet).read(&order.text)?;
            plan(&known, drafts, &of, &classes, Wish { retire_missing: order.retire_missing, whole: true }, || ())
        });
        let plan = planned
            .await
            .map_err(|_| NotRegistered::NotKept)?
            .map_err(|mistakes| NotRegistered::Wrong(mistakes.to_string()))?;
        if !dry_run {
            self.carry_out(&plan, tenant, user, "import").await?;
        }
        Ok(report(plan))
    }

    async fn export(&self, tenant: &TenantId, sheet: Sheet) -> Result<String, NotRegistered> {
        let assets = self.known(tenant).await?;
        let written = tokio::task::spawn_blocking(move || form(sheet).write(&assets));
        written.await.map_err(|_| NotRegistered::NotKept)
    }

    async fn changes(&self, filter: AssetFactFilter) -> Result<Vec<RegisterEntry>, NotRegistered> {
        Ok(entries(self.store.asset_facts(&filter).await.map_err(|error| not_kept(&error))?))
    }

    fn kinds(&self) -> Vec<AssetKind> {
        let classes = self.directory.classes();
        let kind = |class: &Arc<ingest::class::Class>| AssetKind {
            key: class.key.clone(),
            domain: class.domain.clone(),
            it: class.title.it.clone(),
            en: class.title.en.clone(),
        };
        classes.all().map(kind).collect()
    }

    async fn approve(&self, tenant: &TenantId, user: &UserName, which: Approval) -> Result<AssetReport, NotRegistered> {
        let _turn = self.turn.lock().await;
        let plan = approved(self.known(tenant).await?, &which)?;
        self.carry_out(&plan, tenant, user, "approve").await?;
        Ok(report(plan))
    }

    async fn set_stage(
        &self,
        tenant: &TenantId,
        user: &UserName,
        id: &AssetId,
        stage: Lifecycle,
    ) -> Result<AssetReport, NotRegistered> {
        let _turn = self.turn.lock().await;
        let asset = self.store.asset(tenant, id).await.map_err(|error| not_kept(&error))?;
        let asset = asset.ok_or_else(|| NotRegistered::Unknown(id.clone()))?;
        let plan = Plan::of_stage([asset], stage);
        self.carry_out(&plan, tenant, user, "set-life").await?;
        Ok(report(plan))
    }
}
