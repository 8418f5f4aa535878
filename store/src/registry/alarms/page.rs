//! Listing alarms page by page: most urgent first, within that the newest first.

use model::AlarmId;
use model::alarm::{Priority, State};
use sqlx::QueryBuilder;

use super::super::database::{Connection, Database};
use super::super::failure::Failure;
use super::super::rows;
use super::facts::id_bytes;
use super::state::{self, AlarmRow};
use crate::{AlarmFilter, AlarmPage};

/// The alarm after which a page begins, by what the list is ordered by.
struct Mark {
    priority: Priority,
    raised: i64,
    id: AlarmId,
}

impl Mark {
    /// Reads the text that [`Mark::text`] made.
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '.');
        Some(Self {
            priority: parts.next()?.parse().ok().and_then(Priority::from_rank)?,
            raised: parts.next()?.parse().ok()?,
            id: parts.next()?.parse().ok()?,
        })
    }

    fn text(&self) -> String {
        format!("{}.{}.{}", self.priority.rank(), self.raised, self.id)
    }
}

/// One page.
pub(super) async fn page(connection: &mut Connection, filter: &AlarmFilter) -> Result<AlarmPage, Failure> {
    let after = filter.after.as_deref().map(|mark| Mark::read(mark).ok_or(Failure::PageMark)).transpose()?;
    if filter.limit == 0 {
        return Ok(AlarmPage { alarms: Vec::new(), next: None });
    }
    let mut rows: Vec<AlarmRow> =
        statement(filter, after.as_ref()).build_query_as().fetch_all(&mut *connection).await?;
    let more = rows.len() > filter.limit;
    rows.truncate(filter.limit);
    let alarms = state::with_members(connection, &filter.tenant, &rows).await?;
    let last = alarms.last().filter(|_| more);
    let next = last.map(|last| Mark { priority: last.priority, raised: last.raised.as_nanos(), id: last.id }.text());
    Ok(AlarmPage { alarms, next })
}

fn statement(filter: &AlarmFilter, after: Option<&Mark>) -> QueryBuilder<Database> {
    let tenant = filter.tenant.as_str();
    let mut sql = QueryBuilder::new("select ");
    sql.push(state::COLUMNS).push(" from alarm where tenant = ").push_bind(tenant);
    if !filter.states.is_empty() {
        if filter.states.iter().all(|state| state.is_open()) {
            sql.push(" and state <> 'normal'"); // in the words of the index of open alarms, so that it is used
        }
        sql.push(" and state");
        rows::push_in(&mut sql, filter.states.iter().copied().map(State::as_str));
    }
    if let Some(priority) = filter.priority {
        sql.push(" and priority = ").push_bind(i64::from(priority.rank()));
    }
    if let Some(domain) = &filter.domain {
        sql.push(" and domain = ").push_bind(domain.as_str());
    }
    if let Some(asset) = &filter.asset {
        sql.push(" and id in (select id from alarm where tenant = ").push_bind(tenant);
        sql.push(" and source = ").push_bind(asset.as_str());
        sql.push(" union select alarm from alarm_member where tenant = ").push_bind(tenant);
        sql.push(" and asset = ").push_bind(asset.as_str()).push(")");
    }
    if let Some(mark) = after {
        let priority = i64::from(mark.priority.rank());
        sql.push(" and priority >= ").push_bind(priority);
        sql.push(" and (priority > ").push_bind(priority);
        sql.push(" or raised < ").push_bind(mark.raised);
        sql.push(" or (raised = ").push_bind(mark.raised).push(" and id > ").push_bind(id_bytes(mark.id)).push("))");
    }
    sql.push(" order by priority, raised desc, id limit ");
    sql.push_bind(i64::try_from(filter.limit.saturating_add(1)).unwrap_or(i64::MAX)); // one more tells whether there are more
    sql
}

#[cfg(test)]
mod tests {
    use model::{AssetId, Domain, TenantId};
    use sqlx::AssertSqlSafe;

    use super::*;
    use crate::LetterRoom;
    use crate::registry::Registry;

    /// How the database goes about a page, in its own words.
    async fn plan(filter: &AlarmFilter, after: Option<&Mark>) -> String {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::open(folder.path(), LetterRoom::default()).await.unwrap();
        let explained = AssertSqlSafe(format!("explain query plan {}", statement(filter, after).into_string()));
        let steps: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(explained).fetch_all(&mut *registry.read().await.unwrap()).await.unwrap();
        registry.close().await;
        steps.into_iter().map(|(.., step)| step).collect::<Vec<_>>().join("\n")
    }

    fn filter() -> AlarmFilter {
        AlarmFilter {
            tenant: TenantId::new("messina").unwrap(),
            states: Vec::new(),
            priority: None,
            domain: None,
            asset: None,
            after: None,
            limit: 100,
        }
    }

    #[tokio::test]
    async fn a_page_is_read_in_the_order_of_an_index_however_many_alarms_there_are() {
        let mark = Mark { priority: Priority::High, raised: 0, id: AlarmId::from_u128(7) };
        let open = AlarmFilter { states: vec![State::ActiveUnacknowledged, State::ReturnedUnacknowledged], ..filter() };
        let trade = AlarmFilter { domain: Domain::new("water").ok(), priority: Some(Priority::Low), ..open.clone() };
        for (filter, index) in
            [(filter(), "alarm_by_urgency"), (open, "alarm_open_by_urgency"), (trade, "alarm_open_by_urgency")]
        {
            for after in [None, Some(&mark)] {
                let plan = plan(&filter, after).await;
                assert!(plan.contains(index) && !plan.contains("TEMP B-TREE"), "{filter:?}:\n{plan}");
            }
        }
    }

    #[tokio::test]
    async fn the_alarms_of_one_asset_are_found_by_index() {
        let plan = plan(&AlarmFilter { asset: AssetId::new("lamp-1").ok(), ..filter() }, None).await;
        assert!(plan.contains("alarm_by_source") && plan.contains("alarm_member_by_asset"), "{plan}");
        assert!(!plan.contains("SCAN alarm"), "{plan}");
    }

    #[test]
    fn a_page_mark_reads_back_and_nothing_else_is_one() {
        let mark = Mark { priority: Priority::High, raised: -5, id: AlarmId::from_u128(7) };
        let text = mark.text();
        let back = Mark::read(&text).unwrap();
        assert_eq!((back.priority, back.raised, back.id), (mark.priority, mark.raised, mark.id));
        for bad in ["", ".", "1", "1.2", "9.2.00000000-0000-0000-0000-000000000007", "1.x.y", "1.2.3", "' or 1=1 --"] {
            assert!(Mark::read(bad).is_none(), "{bad:?} was taken for a page mark");
        }
    }
}
