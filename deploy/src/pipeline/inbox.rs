//! The way of what machines hand in by HTTP: from the API through the door of ingest, and the answer back when it is kept.

use async_trait::async_trait;
use bytes::Bytes;
use control_room_api::{NotTaken, Parcel, Refused, RefusedLine, Taken};
use ingest::config::topics;
use model::TenantId;

/// Hands bodies to ingest.
pub(crate) struct Inbox {
    pub(crate) door: ingest::Door,
}

#[async_trait]
impl control_room_api::Inbox for Inbox {
    async fn take(&self, tenant: &TenantId, parcel: Parcel, body: Bytes) -> Result<Taken, NotTaken> {
        let topic = match &parcel {
            Parcel::Topic(topic) => topic.as_str(),
            Parcel::JsonLines => topics::JSON_LINES,
            Parcel::Csv => topics::CSV,
            Parcel::CsvComma => topics::CSV_COMMA,
            Parcel::TalqV2 => topics::TALQ_V2,
            Parcel::NgsiLd => topics::NGSI_LD,
        };
        let report = self.door.take(tenant, topic, body).await.map_err(|ingest::NotSafe| NotTaken)?;
        let refused = report.refused.into_iter().map(|one| {
            let ingest::Refused { reason, readings, detail } = one;
            Refused { reason, readings, detail }
        });
        let lines = report.lines.into_iter().map(|one| {
            let ingest::RefusedLine { line, reason, detail } = one;
            RefusedLine { line, reason, detail }
        });
        Ok(Taken { accepted: report.accepted, refused: refused.collect(), lines: lines.collect() })
    }
}
