//! What can be configured: one table for each part, and the tenants.

use std::collections::HashSet;
use std::path::PathBuf;

use anyhow::{Context, ensure};
use model::TenantId;
use serde::{Deserialize, Serialize};

/// The whole configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// The municipalities that this instance serves.
    pub(crate) tenants: Vec<Tenant>,
    /// Where readings come from and how they are read.
    pub(crate) ingest: ingest::Config,
    /// Where everything is kept.
    pub(crate) store: store::Config,
    /// What kinds of devices there are.
    pub(crate) classes: ClassFiles,
    /// What is abnormal.
    pub(crate) rules: Rules,
    /// What people see.
    pub(crate) api: control_room_api::Config,
    /// The city that does not exist, for `specola simulate` and the demo.
    pub(crate) simulators: simulators::Config,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            tenants: vec![Tenant::default()],
            ingest: ingest::Config::default(),
            store: store::Config::default(),
            classes: ClassFiles::default(),
            rules: Rules::default(),
            api: control_room_api::Config::default(),
            simulators: simulators::Config::default(),
        }
    }
}

impl Config {
    /// What no single part can see: every source belongs to a tenant, and no tenant is named twice.
    pub(crate) fn validate(&self) -> anyhow::Result<()> {
        self.ingest.validate().context("[ingest]")?;
        let mut known = HashSet::new();
        for tenant in &self.tenants {
            ensure!(known.insert(tenant.id.as_str()), "tenants: {} is named twice", tenant.id);
        }
        ensure!(!known.is_empty(), "tenants: name at least one");
        let listener = &self.ingest.listener;
        let brokers = self.ingest.brokers.iter().map(|broker| (format!("broker {}", broker.name), &broker.tenant));
        for (source, tenant) in brokers.chain(listener.enabled.then(|| ("the listener".to_owned(), &listener.tenant))) {
            ensure!(
                known.contains(tenant.as_str()),
                "ingest: {source} belongs to tenant {tenant:?}, which is not among [[tenants]]"
            );
        }
        for user in &listener.users {
            let tenant = user.tenant.as_deref().unwrap_or(&listener.tenant);
            ensure!(
                known.contains(tenant),
                "ingest: user {} of the listener belongs to tenant {tenant:?}, which is not among [[tenants]]",
                user.name
            );
        }
        Ok(())
    }

    /// The folder of classes.
    pub(crate) fn class_folder(&self) -> PathBuf {
        self.classes.folder.clone().unwrap_or_else(|| self.store.folder.join("classes"))
    }

    /// The folder of rules.
    pub(crate) fn rules_folder(&self) -> PathBuf {
        self.rules.folder.clone().unwrap_or_else(|| self.store.folder.join("rules"))
    }
}

/// Where the class files are.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ClassFiles {
    /// The folder of class files; empty means `classes` in the store's folder, filled with the shipped classes at the first start. It is looked at
    /// as often as the rules.
    pub(crate) folder: Option<PathBuf>,
}

/// One municipality.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tenant {
    /// Its name for machines: a-z, 0-9 and '-'; also the level of the topics that are its own.
    #[serde(with = "tenant_id")]
    pub(crate) id: TenantId,
    /// Its name for people.
    pub(crate) name: String,
    /// Its time zone, by the IANA name.
    #[serde(default = "rome")]
    pub(crate) timezone: String,
    /// Files of its assets (GeoJSON or CSV), read at every start.
    #[serde(default)]
    pub(crate) assets: Vec<PathBuf>,
}

impl Default for Tenant {
    fn default() -> Self {
        Self {
            id: TenantId::new("city").expect("the name is well formed"),
            name: "Città".to_owned(),
            timezone: rome(),
            assets: Vec::new(),
        }
    }
}

fn rome() -> String {
    "Europe/Rome".to_owned()
}

/// Where the rules are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Rules {
    /// The folder of rule files; empty means `rules` in the store's folder, filled with the shipped rules at the first start.
    pub(crate) folder: Option<PathBuf>,
    /// Seconds between two looks at the folder; a changed file is in force at the next look.
    pub(crate) reload_seconds: u64,
}

impl Default for Rules {
    fn default() -> Self {
        Self { folder: None, reload_seconds: 2 }
    }
}

mod tenant_id {
    use model::TenantId;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(id: &TenantId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(id.as_str())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<TenantId, D::Error> {
        TenantId::new(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}
