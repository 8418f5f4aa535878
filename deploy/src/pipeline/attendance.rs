//! Who should speak and does not: the ledger of the decoders and the register, in the words of the API.

use std::sync::Arc;

use async_trait::async_trait;
use control_room_api::{Clock, DeviceGaps, Gap, Gaps};
use ingest::Interval;
use model::TenantId;
use store::{Expectations, Store};

use super::directory::Directory;
use crate::register::expectations;

/// Asks the ledger and the register.
pub(crate) struct Attendance {
    pub(crate) sources: ingest::Handle,
    pub(crate) directory: Arc<Directory>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Clock,
}

fn device(found: ingest::DeviceGaps) -> DeviceGaps {
    let (interval, learned) = match found.interval {
        None => (None, false),
        Some(Interval::Told(interval)) => (Some(interval), false),
        Some(Interval::Learned(interval)) => (Some(interval), true),
    };
    let gap = |gap: &ingest::Gap| Gap { from: gap.from, until: gap.until, missed: gap.missed };
    DeviceGaps {
        interval,
        learned,
        latest: found.latest,
        overdue: found.overdue,
        missed: found.missed,
        gaps: found.gaps.iter().map(gap).collect(),
        lost_messages: found.lost_messages,
        device: found.device,
    }
}

#[async_trait]
impl control_room_api::Attendance for Attendance {
    fn gaps(&self, tenant: &TenantId) -> Gaps {
        let found = self.sources.gaps(tenant, (self.clock)(), &*self.directory);
        let devices = found.devices.into_iter().map(device).collect();
        Gaps { followed: found.followed, silent: found.silent, devices }
    }

    async fn expectations(&self, tenant: &TenantId) -> store::Result<Expectations> {
        let (assets, stages) = (self.store.assets(tenant).await?, self.store.stage_facts(tenant).await?);
        Ok(expectations(&assets, &self.directory.classes(), &stages))
    }
}
