//! Our own MQTT listener: where it listens, who may speak, and how much.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Secret;

/// The embedded broker that sensors and gateways connect to. It speaks MQTT 3.1, 3.1.1 and 5.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listener {
    /// Whether it runs. Off by default: a city with a broker of its own needs none.
    pub enabled: bool,
    /// Address and port. Loopback by default, so that nothing is open to the network before somebody decides it. Port 0 takes a free one.
    pub bind: SocketAddr,
    /// Whose readings arrive here; the tenant comes from the door and the user, never from the message.
    pub tenant: String,
    /// Whether clients may connect without a user. Allowed on loopback only.
    pub anonymous: bool,
    /// Who may connect.
    pub users: Vec<User>,
    /// A second port with TLS beside the plain one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<ListenerTls>,
    /// Connections at the same time. 10,000 need about 100 MiB.
    pub max_connections: usize,
    /// Connections from one address at the same time; 0 for as many as there may be in all, because gateways and networks share addresses.
    pub max_connections_per_address: usize,
    /// Largest packet in bytes; a larger one closes its connection. More than `max_message_bytes`, so that a message that is merely too
    /// large is counted and kept as a dead letter.
    pub max_packet_bytes: usize,
    /// Messages that one client may have unanswered. MQTT 5 clients are told; of others no more is read until some are answered.
    pub in_flight: u16,
    /// Messages per second that one client may send over time; 0 for no limit. Beyond it the client is read more slowly, nothing is dropped.
    pub max_messages_per_second: u32,
    /// The same in bytes.
    pub max_bytes_per_second: u64,
    /// Seconds in which a client must have said who it is.
    pub connect_seconds: u64,
    /// Longest keep-alive that an MQTT 5 client may wish, in seconds; 0 for any. Clients that wish none are never asked for it.
    pub max_keep_alive_seconds: u16,
    /// Seconds that the session of a client that went away is kept at most: a week outlasts a holiday of a maintenance crew.
    pub session_seconds: u32,
    /// Seconds that clients have to come back after a start of ours. Of those that were connected before and do not, the wills are published then.
    pub return_seconds: u32,
    /// Messages that may wait for one client. Beyond it messages of QoS 0 are dropped and counted; with others a connection that does not read ends.
    pub queue_messages: usize,
    /// The same in bytes.
    pub queue_bytes: usize,
    /// Topic filters that one client may subscribe to.
    pub max_subscriptions: usize,
    /// Messages that are kept for later subscribers, for each tenant.
    pub retained_messages: usize,
    /// The same in bytes.
    pub retained_bytes: usize,
    /// Folder of the file with sessions and kept messages, so that they outlive a restart. Without it they do not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_folder: Option<PathBuf>,
}

impl Default for Listener {
    fn default() -> Self {
        Self {
            enabled: false,
            bind: SocketAddr::from(([127, 0, 0, 1], 1883)),
            tenant: "city".to_owned(),
            anonymous: false,
            users: Vec::new(),
            tls: None,
            max_connections: 10_000,
            max_connections_per_address: 0,
            max_packet_bytes: 1_048_576,
            in_flight: 4_096,
            max_messages_per_second: 0,
            max_bytes_per_second: 0,
            connect_seconds: 10,
            max_keep_alive_seconds: 0,
            session_seconds: 7 * 86_400,
            return_seconds: 60,
            queue_messages: 10_000,
            queue_bytes: 16 * 1024 * 1024,
            max_subscriptions: 1_000,
            retained_messages: 100_000,
            retained_bytes: 64 * 1024 * 1024,
            state_folder: None,
        }
    }
}

impl Listener {
    /// What one tenant and one client may make the listener remember.
    pub(crate) fn bounds(&self) -> crate::mqtt::listener::Bounds {
        crate::mqtt::listener::Bounds {
            queue_messages: self.queue_messages,
            queue_bytes: self.queue_bytes,
            retained_messages: self.retained_messages,
            retained_bytes: self.retained_bytes,
            subscriptions: self.max_subscriptions,
            session_seconds: self.session_seconds,
            return_seconds: self.return_seconds,
        }
    }
}

/// The port with TLS. Files are read again when they change: a renewed certificate needs no restart and drops no connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListenerTls {
    /// Address and port, 8883 by custom.
    pub bind: SocketAddr,
    /// Our certificate with its chain, PEM.
    pub certificate: PathBuf,
    /// Its key, PEM.
    pub key: PathBuf,
    /// Authorities whose certificates clients must present, PEM. A client's certificate must name its user (common name, or a DNS name).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_authorities: Option<PathBuf>,
}

/// What a user is, and so what it may say and hear unless its lists say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// One device: it speaks of itself only and hears its own commands only.
    Device,
    /// A gateway that speaks for many devices: all topics of its tenant, or those of its lists.
    #[default]
    Gateway,
    /// A network server or an application: as a gateway.
    Server,
}

/// One user of the listener: a device, a gateway, a network server, a simulator.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The name it connects with.
    pub name: String,
    /// Argon2 hash of its password in PHC string form (`$argon2id$v=19$...`).
    #[serde(default)]
    pub password_hash: Secret,
    /// SHA-256 of its token, 64 hexadecimal digits; the token is sent as the password. For long random tokens, which need no slow hash.
    #[serde(default)]
    pub token_sha256: Secret,
    /// Whether its certificate alone lets it in, on the port with TLS.
    #[serde(default)]
    pub certificate: bool,
    /// Whose user it is; without it the listener's tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// What it is.
    #[serde(default)]
    pub role: Role,
    /// Topic filters that it may publish on. `%u` stands for the user's name, `%c` for the client identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publish: Option<Vec<String>>,
    /// Topic filters that it may subscribe to, or to parts of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscribe: Option<Vec<String>>,
    /// The password itself, for credentials that a program makes up for one run. Cannot be written in a file.
    #[serde(skip)]
    pub password: Option<Secret>,
}

impl User {
    /// A user whose password was made up for this run.
    pub fn generated(name: impl Into<String>, password: Secret) -> Self {
        Self { name: name.into(), password: Some(password), ..Self::default() }
    }

    /// What it may publish on, before names are put in.
    pub(crate) fn may_publish(&self) -> Vec<String> {
        self.publish.clone().unwrap_or_else(|| match self.role {
            Role::Device => ["specola/v1/+/%u/readings", "senml/%u/json", "senml/%u/cbor"].map(str::to_owned).to_vec(),
            Role::Gateway | Role::Server => vec!["#".to_owned()],
        })
    }

    /// What it may subscribe to, before names are put in.
    pub(crate) fn may_subscribe(&self) -> Vec<String> {
        self.subscribe.clone().unwrap_or_else(|| match self.role {
            Role::Device => vec!["specola/v1/+/%u/command/#".to_owned()],
            Role::Gateway | Role::Server => vec!["#".to_owned()],
        })
    }

    /// Why this user cannot be.
    pub(super) fn problem(&self) -> Option<String> {
        let name = &self.name;
        if name.is_empty() || name.contains(['+', '#', '/', '\0']) {
            return Some(format!("user name {name:?} is empty or holds one of + # /, which mean something in topics"));
        }
        let hash = self.password_hash.expose();
        if !hash.is_empty() && !hash.starts_with("$argon2") {
            return Some(format!("password_hash of user {name:?} must start with $argon2"));
        }
        let token = self.token_sha256.expose();
        if !token.is_empty() && (token.len() != 64 || !token.bytes().all(|digit| digit.is_ascii_hexdigit())) {
            return Some(format!(
                "token_sha256 of user {name:?} must have 64 hexadecimal digits: printf %s TOKEN | sha256sum"
            ));
        }
        if hash.is_empty() && token.is_empty() && !self.certificate && self.password.is_none() {
            return Some(format!(
                "user {name:?} needs a password_hash that starts with $argon2, a token_sha256, or certificate = true"
            ));
        }
        let lists = [("publish", self.may_publish()), ("subscribe", self.may_subscribe())];
        for (list, filters) in lists {
            for filter in filters {
                if let Err(why) = crate::topic::check(&filter.replace("%u", "u").replace("%c", "c")) {
                    return Some(format!("{list} of user {name:?}: {why}"));
                }
                let names_it = filter.split('/').any(|level| level == "%u" || level == "%c");
                if self.role == Role::Device && !names_it {
                    return Some(format!(
                        "{list} of device {name:?}: {filter:?} does not name it; put %u where its name stands, or make it a gateway"
                    ));
                }
            }
        }
        None
    }
}
