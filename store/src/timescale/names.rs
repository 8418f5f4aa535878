//! The dictionary: the numbers under which the database knows cities and series.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use either::Either;
use futures::TryStreamExt;
use model::{DeviceId, MetricName, Reading, Series, TenantId};
use sqlx_postgres::PgConnection;

use super::text;

/// Series that one statement adds.
const TOGETHER: usize = 10_000;

/// What is known of the dictionary; the database has all of it.
#[derive(Debug, Default)]
pub(super) struct Names(RwLock<Known>);

#[derive(Debug, Default)]
struct Known {
    cities: HashMap<TenantId, i16>,
    tenants: HashMap<i16, TenantId>,
    devices: HashMap<TenantId, HashMap<DeviceId, Vec<i32>>>,
    series: HashMap<Arc<Series>, i32>,
    by_number: HashMap<i32, Arc<Series>>,
}

impl Known {
    fn city(&mut self, number: i16, tenant: TenantId) {
        self.cities.insert(tenant.clone(), number);
        self.tenants.insert(number, tenant);
    }

    fn series(&mut self, number: i32, series: Arc<Series>) {
        if self.series.insert(Arc::clone(&series), number).is_none() {
            let devices = self.devices.entry(series.tenant.clone()).or_default();
            devices.entry(series.device.clone()).or_default().push(number);
        }
        self.by_number.insert(number, series);
    }
}

impl Names {
    fn read<T>(&self, ask: impl FnOnce(&Known) -> T) -> T {
        ask(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The number of a city, if the database knows it.
    pub(super) fn city(&self, tenant: &TenantId) -> Option<i16> {
        self.read(|known| known.cities.get(tenant).copied())
    }

    /// The number of a series, if the database knows it.
    pub(super) fn number(&self, series: &Series) -> Option<i32> {
        self.read(|known| known.series.get(series).copied())
    }

    /// The series with a number.
    pub(super) fn series(&self, number: i32) -> Option<Arc<Series>> {
        self.read(|known| known.by_number.get(&number).cloned())
    }

    /// All series with their numbers.
    pub(super) fn all(&self) -> Vec<(i32, Arc<Series>)> {
        self.read(|known| known.by_number.iter().map(|(number, series)| (*number, Arc::clone(series))).collect())
    }

    /// The numbers of the series of a tenant that have one of these devices and one of these metrics.
    pub(super) fn of(&self, tenant: &TenantId, devices: Option<&[String]>, metrics: Option<&[String]>) -> Vec<i32> {
        self.read(|known| {
            let Some(all) = known.devices.get(tenant) else { return Vec::new() };
            let named = match devices {
                Some(devices) => Either::Left(devices.iter().filter_map(|name| all.get(name.as_str())).flatten()),
                None => Either::Right(all.values().flatten()),
            };
            let fits = |number: &i32| {
                metrics.is_none_or(|metrics| {
                    let series = known.by_number.get(number);
                    series.is_some_and(|series| metrics.iter().any(|metric| metric == series.metric.as_str()))
                })
            };
            named.copied().filter(fits).collect()
        })
    }

    /// Reads the dictionary of the database.
    pub(super) async fn load(&self, connection: &mut PgConnection) -> sqlx::Result<()> {
        let mut known = Known::default();
        let cities: Vec<(i16, String)> =
            sqlx::query_as("select number, tenant from city").fetch_all(&mut *connection).await?;
        for (number, tenant) in cities {
            known.city(number, TenantId::new(&tenant).map_err(|error| sqlx::Error::Decode(error.into()))?);
        }
        let mut rows =
            sqlx::query_as::<_, (i32, i16, String, String)>("select number, city, device, metric from series")
                .fetch(&mut *connection);
        while let Some((number, city, device, metric)) = rows.try_next().await? {
            let Some(tenant) = known.tenants.get(&city) else { continue };
            let unread = |error: model::InvalidId| sqlx::Error::Decode(error.into());
            let series = Series {
                tenant: tenant.clone(),
                device: DeviceId::new(text::read(&device)).map_err(unread)?,
                metric: MetricName::new(text::read(&metric)).map_err(unread)?,
            };
            known.series(number, Arc::new(series));
        }
        drop(rows);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = known;
        Ok(())
    }

    /// Gives numbers to the city and the series of readings of one tenant. Returns the number of the city.
    pub(super) async fn give(
        &self,
        connection: &mut PgConnection,
        tenant: &TenantId,
        readings: &[Reading],
    ) -> sqlx::Result<i16> {
        let city = match self.city(tenant) {
            Some(city) => city,
            None => {
                sqlx::query("insert into city (tenant) values ($1) on conflict do nothing")
                    .bind(tenant.as_str())
                    .execute(&mut *connection)
                    .await?;
                let city: i16 = sqlx::query_scalar("select number from city where tenant = $1")
                    .bind(tenant.as_str())
                    .fetch_one(&mut *connection)
                    .await?;
                self.0.write().unwrap_or_else(PoisonError::into_inner).city(city, tenant.clone());
                city
            }
        };
        let new: HashSet<&Arc<Series>> = self.read(|known| {
            readings
                .iter()
                .map(|reading| &reading.series)
                .filter(|series| !known.series.contains_key(*series))
                .collect()
        });
        let new: Vec<&Arc<Series>> = new.into_iter().collect();
        for some in new.chunks(TOGETHER) {
            let devices: Vec<String> = some.iter().map(|one| text::written(one.device.as_str()).into_owned()).collect();
            let metrics: Vec<String> = some.iter().map(|one| text::written(one.metric.as_str()).into_owned()).collect();
            sqlx::query(
                "insert into series (city, device, metric) select $1, * from unnest($2::text[], $3::text[])
                 on conflict do nothing",
            )
            .bind(city)
            .bind(&devices)
            .bind(&metrics)
            .execute(&mut *connection)
            .await?;
            let numbers: Vec<(i64, i32)> = sqlx::query_as(
                "select n.place, s.number from unnest($2::text[], $3::text[]) with ordinality n (device, metric, place)
                 join series s on s.city = $1 and s.device = n.device and s.metric = n.metric",
            )
            .bind(city)
            .bind(&devices)
            .bind(&metrics)
            .fetch_all(&mut *connection)
            .await?;
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            for (place, number) in numbers {
                known.series(number, Arc::clone(some[place as usize - 1]));
            }
        }
        Ok(city)
    }
}
