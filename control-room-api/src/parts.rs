//! What the service is given by whoever joins the parts.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::TenantId;
use store::Store;
use tokio::sync::watch;

use crate::rulebook::RuleBook;
use crate::{AlarmDesk, AssetDesk, Attendance, Clock, Inbox, LetterDesk, Live, SourceReport, Status};

/// Tells how the whole is doing.
pub trait StatusSource: Send + Sync {
    /// How it is doing now. Shown to anybody: no secrets, no addresses, no names of people.
    fn status(&self) -> Status;

    /// What came through each door of a tenant since the start, and what became of it.
    fn sources(&self, tenant: &TenantId) -> Vec<SourceReport>;
}

/// What people read about a tenant's city.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct City {
    /// Its name for people.
    pub name: String,
    /// Its time zone by the IANA name.
    pub timezone: String,
}

/// Everything that the service leans on.
#[derive(Clone)]
pub struct Parts {
    /// What is kept.
    pub store: Arc<dyn Store>,
    /// What is shown.
    pub live: Arc<Live>,
    /// Where acknowledgements go.
    pub desk: Arc<dyn AlarmDesk>,
    /// Where refused messages are read again.
    pub letters: Arc<dyn LetterDesk>,
    /// Where readings go that machines hand in.
    pub inbox: Arc<dyn Inbox>,
    /// Where changes of the register go.
    pub assets: Arc<dyn AssetDesk>,
    /// Who should speak and does not.
    pub attendance: Arc<dyn Attendance>,
    /// The rules in force.
    pub rules: watch::Receiver<Arc<RuleBook>>,
    /// How the whole is doing.
    pub status: Arc<dyn StatusSource>,
    /// All counters in the text format of Prometheus.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
    /// The time.
    pub clock: Clock,
    /// The cities by tenant; a tenant without an entry is shown by its id, in the time of Rome.
    pub cities: BTreeMap<TenantId, City>,
}

impl std::fmt::Debug for Parts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parts").field("cities", &self.cities).finish_non_exhaustive()
    }
}

impl Parts {
    /// The city of a tenant.
    pub(crate) fn city(&self, tenant: &TenantId) -> City {
        self.cities
            .get(tenant)
            .cloned()
            .unwrap_or_else(|| City { name: tenant.to_string(), timezone: "Europe/Rome".into() })
    }
}
