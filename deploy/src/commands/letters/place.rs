//! Where letters are kept, whose they are, and which are meant.

use std::sync::Arc;

use anyhow::{Context, bail};
use model::{LetterId, TenantId};
use store::{LetterFilter, Records};

use super::super::query::tenant;
use crate::cli::{LetterChoice, Place};
use crate::config::Config;

/// Letters found in one go.
const PAGE: usize = 1_000;

/// The letters of one tenant.
pub(super) struct Desk {
    pub(super) config: Config,
    pub(super) records: Arc<dyn Records>,
    pub(super) tenant: TenantId,
}

impl Desk {
    /// Opens the letters, also beside a running server.
    pub(super) async fn open(place: Place) -> anyhow::Result<Self> {
        let config = place.config()?;
        if !config.store.folder.is_dir() {
            bail!("there is no folder {}: nothing has been kept yet", config.store.folder.display());
        }
        let records = store::open_records(&config.store).await.context("cannot open the dead letters")?;
        let tenant = tenant(&config, &*records, place.tenant).await?;
        Ok(Self { config, records, tenant })
    }

    /// The letters that are meant.
    pub(super) fn filter(&self, choice: LetterChoice, ids: Vec<LetterId>, limit: usize) -> LetterFilter {
        let LetterChoice { reason, source, topic, since } = choice;
        LetterFilter { ids, reason, source, topic, since, ..LetterFilter::all(self.tenant.clone(), limit) }
    }

    /// The numbers of all letters that are meant.
    pub(super) async fn find(&self, choice: LetterChoice, ids: Vec<LetterId>) -> anyhow::Result<Vec<LetterId>> {
        let mut filter = self.filter(choice, ids, PAGE);
        let mut found = Vec::new();
        loop {
            let page = self.records.dead_letters(&filter).await?;
            found.extend(page.letters.iter().map(|letter| letter.id));
            match page.next {
                None => return Ok(found),
                after => filter.after = after,
            }
        }
    }
}

/// Bytes in a form that harms no terminal.
pub(super) fn harmless(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}
