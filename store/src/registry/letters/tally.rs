//! When refused messages came: counted for each reason and source in equal stretches of time.

use std::time::Duration;

use model::{TenantId, Window};

use super::super::Registry;
use super::super::failure::Failure;
use super::list::read_reason;
use crate::LetterTally;

/// Only letters that came last inside of the window or later can have come inside of it.
const SQL: &str = "select l.reason, l.source, (a.received - $2) / $4 as stretch, count(*)
     from dead_letter l join dead_letter_arrival a on a.letter = l.id
     where l.tenant = $1 and l.last >= $2 and a.received >= $2 and a.received < $3
     group by 1, 2, 3 order by 1, 2, 3";

impl Registry {
    pub(super) async fn tally_letters(
        &self,
        tenant: &TenantId,
        window: Window,
        stretch: Duration,
    ) -> Result<Vec<LetterTally>, Failure> {
        let mut reading = self.read().await?;
        let rows: Vec<(String, String, i64, i64)> = sqlx::query_as(SQL)
            .bind(tenant.as_str())
            .bind(window.from.as_nanos())
            .bind(window.until.as_nanos())
            .bind(i64::try_from(stretch.as_nanos()).unwrap_or(i64::MAX).max(1))
            .fetch_all(&mut *reading)
            .await?;
        rows.into_iter()
            .map(|(reason, source, stretch, messages)| {
                let reason = read_reason(&reason).map_err(Failure::unread(|| format!("a dead letter of {tenant}")))?;
                Ok(LetterTally {
                    reason,
                    source,
                    stretch: usize::try_from(stretch).unwrap_or(0),
                    messages: messages.unsigned_abs(),
                })
            })
            .collect()
    }
}
