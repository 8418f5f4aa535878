//! Keeping tenants and what stands in their cities.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use model::{Asset, AssetId, Geometry, Position, TenantId};
use sqlx::QueryBuilder;

use super::Registry;
use super::changes::{self, Change, Known};
use super::database::{Connection, Database};
use super::failure::Failure;
use super::rows::{self, CHUNK};
use super::shape::{FORMAT, asset_body, read_asset};
use crate::{AssetFact, AssetFactFilter, AssetRegistry, Author, Result, StageFact, Upserted};

type Key<'a> = (&'a TenantId, &'a AssetId);

#[async_trait]
impl AssetRegistry for Registry {
    async fn put_tenant(&self, tenant: &TenantId, name: &str) -> Result<()> {
        self.told("registering a tenant", self.put_named_tenant(tenant, name).await)
    }

    async fn tenants(&self) -> Result<Vec<(TenantId, String)>> {
        self.told("listing tenants", self.all_tenants().await)
    }

    async fn put_assets(&self, assets: &[Asset], author: &Author<'_>) -> Result<Upserted> {
        self.told("registering assets", self.upsert(assets, author).await)
    }

    async fn place_assets(
        &self,
        tenant: &TenantId,
        places: &[(AssetId, Position)],
        author: &Author<'_>,
    ) -> Result<Vec<Asset>> {
        self.told("placing assets", self.place(tenant, places, author).await)
    }

    async fn assets(&self, tenant: &TenantId) -> Result<Vec<Asset>> {
        self.told("listing assets", self.all_of(tenant).await)
    }

    async fn asset(&self, tenant: &TenantId, id: &AssetId) -> Result<Option<Asset>> {
        self.told("reading an asset", self.one_of(tenant, id).await)
    }

    async fn asset_facts(&self, filter: &AssetFactFilter) -> Result<Vec<AssetFact>> {
        self.told("listing changes of assets", self.changes(filter).await)
    }

    async fn stage_facts(&self, tenant: &TenantId) -> Result<Vec<StageFact>> {
        self.told("listing stages of life", self.stages(tenant).await)
    }
}

impl Registry {
    async fn put_named_tenant(&self, tenant: &TenantId, name: &str) -> Result<(), Failure> {
        let mut transaction = self.write().await?;
        sqlx::query(
            "insert into tenant (id, name) values ($1, $2) on conflict (id) do update set name = excluded.name",
        )
        .bind(tenant.as_str())
        .bind(name)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }

    async fn all_tenants(&self) -> Result<Vec<(TenantId, String)>, Failure> {
        let mut reading = self.read().await?;
        let rows: Vec<(String, String)> =
            sqlx::query_as("select id, name from tenant order by id").fetch_all(&mut *reading).await?;
        rows.into_iter()
            .map(|(id, name)| {
                let id =
                    TenantId::new(&id).map_err(|error| Failure::unread(|| format!("tenant {id:?}"))(error.into()))?;
                Ok((id, name))
            })
            .collect()
    }

    async fn upsert(&self, assets: &[Asset], author: &Author<'_>) -> Result<Upserted, Failure> {
        let mut counted = Upserted::default();
        if assets.is_empty() {
            return Ok(counted);
        }
        let mut transaction = self.write().await?;
        let mut known = known_of(&mut transaction, assets).await?;
        let mut changed: HashSet<Key<'_>> = HashSet::new();
        let mut noted: Vec<Change<'_>> = Vec::new();
        for asset in assets {
            let key = (&asset.tenant, &asset.id);
            let before = known.insert(key, Known::Given(asset));
            match &before {
                None => counted.added += 1,
                Some(before) if is_same(asset, before)? => {
                    counted.unchanged += 1;
                    continue;
                }
                Some(_) => counted.changed += 1,
            }
            changed.insert(key);
            noted.push(Change { before, after: asset });
        }
        // The last word on each counts; one statement must not name an asset twice.
        let last: Vec<&Asset> = assets
            .iter()
            .filter(|asset| {
                let key = (&asset.tenant, &asset.id);
                changed.contains(&key)
                    && matches!(known.get(&key), Some(Known::Given(last)) if std::ptr::eq(*last, *asset))
            })
            .collect();
        for chunk in last.chunks(CHUNK) {
            insert(&mut transaction, chunk).await?;
        }
        changes::write_down(&mut transaction, &noted, author).await?;
        transaction.commit().await?;
        Ok(counted)
    }

    async fn all_of(&self, tenant: &TenantId) -> Result<Vec<Asset>, Failure> {
        let mut reading = self.read().await?;
        let rows: Vec<(String, i64, String)> =
            sqlx::query_as("select id, format, body from asset where tenant = $1 order by id")
                .bind(tenant.as_str())
                .fetch_all(&mut *reading)
                .await?;
        rows.into_iter().map(|(id, format, body)| read(tenant, &id, format, &body)).collect()
    }

    async fn one_of(&self, tenant: &TenantId, id: &AssetId) -> Result<Option<Asset>, Failure> {
        let mut reading = self.read().await?;
        one(&mut reading, tenant, id).await
    }

    async fn place(
        &self,
        tenant: &TenantId,
        places: &[(AssetId, Position)],
        author: &Author<'_>,
    ) -> Result<Vec<Asset>, Failure> {
        // Read and written in one transaction: what somebody imports in the meantime is not overwritten.
        let mut transaction = self.write().await?;
        let mut placed = Vec::new();
        for (id, position) in places {
            match one(&mut transaction, tenant, id).await? {
                Some(before) if before.geometry.is_none() => {
                    let asset = Asset { geometry: Some(Geometry::Point(*position)), ..before.clone() };
                    insert(&mut transaction, &[&asset]).await?;
                    let change = Change { before: Some(Known::Given(&before)), after: &asset };
                    changes::write_down(&mut transaction, &[change], author).await?;
                    placed.push(asset);
                }
                _ => {}
            }
        }
        transaction.commit().await?;
        Ok(placed)
    }
}

async fn one(connection: &mut Connection, tenant: &TenantId, id: &AssetId) -> Result<Option<Asset>, Failure> {
    let row: Option<(i64, String)> = sqlx::query_as("select format, body from asset where tenant = $1 and id = $2")
        .bind(tenant.as_str())
        .bind(id.as_str())
        .fetch_optional(connection)
        .await?;
    row.map(|(format, body)| read(tenant, id.as_str(), format, &body)).transpose()
}

pub(super) fn read(tenant: &TenantId, id: &str, format: i64, body: &str) -> Result<Asset, Failure> {
    read_asset(tenant, id, format, body).map_err(Failure::unread(|| format!("asset {id:?} of {tenant}")))
}

/// Whether `before` says the same as `asset`. The text decides quickly; an older format may say the same in other words.
fn is_same(asset: &Asset, before: &Known<'_>) -> Result<bool, Failure> {
    match before {
        Known::Given(before) => Ok(*before == asset),
        Known::Written { format, body } => Ok(*format == FORMAT && *body == asset_body(asset)
            || read(&asset.tenant, asset.id.as_str(), *format, body)? == *asset),
    }
}

/// What is written of those among `assets` that are known.
async fn known_of<'a>(
    connection: &mut Connection,
    assets: &'a [Asset],
) -> Result<HashMap<Key<'a>, Known<'a>>, Failure> {
    let mut of_tenants: HashMap<&TenantId, Vec<&AssetId>> = HashMap::new();
    for asset in assets {
        of_tenants.entry(&asset.tenant).or_default().push(&asset.id);
    }
    let mut known = HashMap::with_capacity(assets.len());
    for (tenant, ids) in of_tenants {
        for chunk in ids.chunks(CHUNK) {
            let mut statement: QueryBuilder<Database> =
                QueryBuilder::new("select id, format, body from asset where tenant = ");
            statement.push_bind(tenant.as_str()).push(" and id");
            rows::push_in(&mut statement, chunk.iter().map(|id| id.as_str()));
            let rows: Vec<(String, i64, String)> = statement.build_query_as().fetch_all(&mut *connection).await?;
            let mut written: HashMap<_, _> = rows.into_iter().map(|(id, format, body)| (id, (format, body))).collect();
            for id in chunk {
                if let Some((format, body)) = written.remove(id.as_str()) {
                    known.insert((tenant, *id), Known::Written { format, body });
                }
            }
        }
    }
    Ok(known)
}

async fn insert(connection: &mut Connection, assets: &[&Asset]) -> Result<(), Failure> {
    let columns = |mut row: rows::Columns<'_>, asset: &&Asset| {
        row.push_bind(asset.tenant.as_str());
        row.push_bind(asset.id.as_str());
        row.push_bind(FORMAT);
        row.push_bind(asset_body(asset));
    };
    rows::insert(
        "insert into asset (tenant, id, format, body)",
        assets,
        columns,
        "on conflict (tenant, id) do update set format = excluded.format, body = excluded.body",
    )
    .build()
    .execute(connection)
    .await?;
    Ok(())
}
