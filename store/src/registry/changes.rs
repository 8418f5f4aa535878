//! What was changed in the register of assets, by whom and when: written beside each change, in its transaction.

use model::{Asset, AssetId, Lifecycle, TenantId, Timestamp};
use sqlx::QueryBuilder;

use super::Registry;
use super::assets::read;
use super::database::{Connection, Database};
use super::failure::Failure;
use super::rows::{self, CHUNK};
use super::shape::{FORMAT, asset_body};
use crate::{AssetFact, AssetFactFilter, Author, StageFact};

/// What is known of an asset: how it was written, or what was given a moment ago.
pub(super) enum Known<'a> {
    Written { format: i64, body: String },
    Given(&'a Asset),
}

/// One change.
pub(super) struct Change<'a> {
    /// What the asset was; none when it was not known.
    pub(super) before: Option<Known<'a>>,
    pub(super) after: &'a Asset,
}

/// What was before a change, as it is written down.
#[derive(Default)]
struct Before {
    format: Option<i64>,
    body: Option<String>,
    stage: Option<&'static str>,
}

impl Change<'_> {
    fn before(&self) -> Result<Before, Failure> {
        let (format, body, stage) = match &self.before {
            None => return Ok(Before::default()),
            Some(Known::Given(asset)) => (FORMAT, asset_body(asset), asset.lifecycle),
            Some(Known::Written { format, body }) => {
                let asset = read(&self.after.tenant, self.after.id.as_str(), *format, body)?;
                (*format, body.clone(), asset.lifecycle)
            }
        };
        Ok(Before { format: Some(format), body: Some(body), stage: Some(stage.as_str()) })
    }
}

/// Writes changes down.
pub(super) async fn write_down(
    connection: &mut Connection,
    changes: &[Change<'_>],
    author: &Author<'_>,
) -> Result<(), Failure> {
    for chunk in changes.chunks(CHUNK) {
        let before: Vec<Before> = chunk.iter().map(Change::before).collect::<Result<_, _>>()?;
        rows::insert(
            "insert into asset_change (tenant, asset, at, who, act, stage_before, stage, format_before, body_before, format, body)",
            chunk.iter().zip(before),
            |mut row, (change, before)| {
                row.push_bind(change.after.tenant.as_str());
                row.push_bind(change.after.id.as_str());
                row.push_bind(author.at.as_nanos());
                row.push_bind(author.who);
                row.push_bind(author.act);
                row.push_bind(before.stage);
                row.push_bind(change.after.lifecycle.as_str());
                row.push_bind(before.format);
                row.push_bind(before.body);
                row.push_bind(FORMAT);
                row.push_bind(asset_body(change.after));
            },
            "",
        )
        .build()
        .execute(&mut *connection)
        .await?;
    }
    Ok(())
}

/// A change as it is written.
#[derive(sqlx::FromRow)]
struct Row {
    id: i64,
    asset: String,
    at: i64,
    who: String,
    act: String,
    format_before: Option<i64>,
    body_before: Option<String>,
    format: i64,
    body: String,
}

impl Row {
    fn read(self, tenant: &TenantId) -> Result<AssetFact, Failure> {
        let before = self.format_before.zip(self.body_before);
        Ok(AssetFact {
            number: self.id,
            at: Timestamp::from_nanos(self.at),
            before: before.map(|(format, body)| read(tenant, &self.asset, format, &body)).transpose()?,
            after: read(tenant, &self.asset, self.format, &self.body)?,
            who: self.who,
            act: self.act,
        })
    }
}

impl Registry {
    /// Changes, the newest first.
    pub(super) async fn changes(&self, filter: &AssetFactFilter) -> Result<Vec<AssetFact>, Failure> {
        let mut reading = self.read().await?;
        let mut statement: QueryBuilder<Database> = QueryBuilder::new(
            "select id, asset, at, who, act, format_before, body_before, format, body from asset_change where tenant = ",
        );
        statement.push_bind(filter.tenant.as_str());
        if let Some(asset) = &filter.asset {
            statement.push(" and asset = ").push_bind(asset.as_str());
        }
        if let Some(before) = filter.before {
            statement.push(" and id < ").push_bind(before);
        }
        statement.push(" order by id desc limit ").push_bind(i64::try_from(filter.limit).unwrap_or(i64::MAX));
        let rows: Vec<Row> = statement.build_query_as().fetch_all(&mut *reading).await?;
        rows.into_iter().map(|row| row.read(&filter.tenant)).collect()
    }

    /// Changes of stages, the oldest first.
    pub(super) async fn stages(&self, tenant: &TenantId) -> Result<Vec<StageFact>, Failure> {
        let mut reading = self.read().await?;
        let rows: Vec<(String, i64, Option<String>, String)> = sqlx::query_as(
            "select asset, at, stage_before, stage from asset_change \
             where tenant = $1 and (stage_before is null or stage_before <> stage) order by id",
        )
        .bind(tenant.as_str())
        .fetch_all(&mut *reading)
        .await?;
        let stage = |word: &str| {
            let stage = Lifecycle::from_word(word).ok_or_else(|| format!("no stage of life is called {word:?}"));
            stage.map_err(|why| Failure::unread(|| format!("a change of an asset of {tenant}"))(why.into()))
        };
        let read = |(asset, at, before, after): (String, i64, Option<String>, String)| {
            let unread = |error: model::InvalidId| Failure::unread(|| format!("a change of {asset:?}"))(error.into());
            Ok(StageFact {
                at: Timestamp::from_nanos(at),
                before: before.as_deref().map(stage).transpose()?,
                after: stage(&after)?,
                asset: AssetId::new(&asset).map_err(unread)?,
            })
        };
        rows.into_iter().map(read).collect()
    }
}
