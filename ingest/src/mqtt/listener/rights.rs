//! What a client may say and hear.

use std::sync::Arc;

use model::TenantId;

use crate::config::{Listener, User};
use crate::topic;

/// A user of the listener, as far as its clients are concerned.
#[derive(Debug)]
pub(super) struct Account {
    /// Empty for clients without a user.
    pub(super) name: Arc<str>,
    pub(super) tenant: TenantId,
    publish: Vec<String>,
    subscribe: Vec<String>,
}

impl Account {
    /// The account of a user; `tenant` is the listener's.
    pub(super) fn of(user: &User, tenant: &TenantId) -> Self {
        let own = user.tenant.as_deref().and_then(|text| TenantId::new(text).ok());
        let named = |filters: Vec<String>| filters.iter().map(|filter| filter.replace("%u", &user.name)).collect();
        Self {
            name: user.name.as_str().into(),
            tenant: own.unwrap_or_else(|| tenant.clone()),
            publish: named(user.may_publish()),
            subscribe: named(user.may_subscribe()),
        }
    }

    /// The account of those who need none.
    pub(super) fn anonymous(tenant: &TenantId) -> Self {
        let all = || vec!["#".to_owned()];
        Self { name: "".into(), tenant: tenant.clone(), publish: all(), subscribe: all() }
    }

    /// Every tenant that the listener serves, its own first.
    pub(super) fn tenants(config: &Listener, own: &TenantId) -> Vec<TenantId> {
        let mut tenants = vec![own.clone()];
        for user in &config.users {
            let tenant = Self::of(user, own).tenant;
            if !tenants.contains(&tenant) {
                tenants.push(tenant);
            }
        }
        tenants
    }

    /// The rights of one of its clients; `None` when the client identifier would mean more in a topic than a name.
    pub(super) fn rights(&self, client: &str) -> Option<Rights> {
        let names_client = |filters: &[String]| filters.iter().any(|filter| filter.contains("%c"));
        if (names_client(&self.publish) || names_client(&self.subscribe)) && client.contains(['+', '#', '/']) {
            return None;
        }
        let named = |filters: &[String]| filters.iter().map(|filter| filter.replace("%c", client)).collect();
        Some(Rights { publish: named(&self.publish), subscribe: named(&self.subscribe) })
    }
}

/// What one client may say and hear.
#[derive(Debug)]
pub(super) struct Rights {
    publish: Vec<String>,
    subscribe: Vec<String>,
}

impl Rights {
    /// Whether it may publish on this topic. `#` covers topics that start with `$` too: who may say everything may say that.
    pub(super) fn may_publish(&self, topic: &str) -> bool {
        self.publish.iter().any(|filter| filter == "#" || topic::matches(filter, topic))
    }

    /// Whether it may subscribe to this filter, share group excluded: everything that the filter covers must be allowed by one of its own.
    pub(super) fn may_subscribe(&self, filter: &str) -> bool {
        self.subscribe.iter().any(|allowed| allowed == "#" || covers(allowed, filter))
    }
}

/// Whether every topic that `narrow` matches is matched by `wide`.
fn covers(wide: &str, narrow: &str) -> bool {
    if narrow.starts_with('$') != wide.starts_with('$') {
        return false;
    }
    let (mut wide, mut narrow) = (wide.split('/'), narrow.split('/'));
    loop {
        match (wide.next(), narrow.next()) {
            (Some("#"), _) => return true,
            (None, None) => return true,
            (Some("+"), Some(level)) if level != "#" => {}
            (Some(own), Some(level)) if own == level => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Role, Secret};

    #[test]
    fn a_filter_is_allowed_when_all_it_covers_is() {
        for (wide, narrow, expected) in [
            ("#", "a/#", true),
            ("a/#", "a", true),
            ("a/#", "a/b/+", true),
            ("a/#", "#", false),
            ("a/+", "a/b", true),
            ("a/+", "a/+", true),
            ("a/+", "a/#", false),
            ("a/b", "a/+", false),
            ("a/b", "a/b", true),
            ("a/b/#", "a", false),
            ("a/b/#", "a/+/#", false),
            ("#", "$SYS/#", false),
        ] {
            assert_eq!(covers(wide, narrow), expected, "{wide} {narrow}");
        }
    }

    #[test]
    fn a_device_speaks_of_itself_only() {
        let tenant = TenantId::new("messina").unwrap();
        let user = User { role: Role::Device, ..User::generated("lamp-1", Secret::new("x")) };
        let rights = Account::of(&user, &tenant).rights("any").unwrap();
        assert!(rights.may_publish("specola/v1/messina/lamp-1/readings"));
        assert!(!rights.may_publish("specola/v1/messina/lamp-2/readings"));
        assert!(!rights.may_publish("lamp-1"));
        assert!(rights.may_subscribe("specola/v1/messina/lamp-1/command/#"));
        assert!(!rights.may_subscribe("specola/v1/messina/+/command/#"));
        assert!(!rights.may_subscribe("#"));
    }

    #[test]
    fn a_client_identifier_cannot_widen_what_is_allowed() {
        let tenant = TenantId::new("messina").unwrap();
        let publish = Some(vec!["t/%c".to_owned()]);
        let user = User { publish, ..User::generated("fleet", Secret::new("x")) };
        let account = Account::of(&user, &tenant);
        assert!(account.rights("lamp").unwrap().may_publish("t/lamp"));
        for client in ["+", "#", "a/b"] {
            assert!(account.rights(client).is_none(), "{client}");
        }
    }
}
