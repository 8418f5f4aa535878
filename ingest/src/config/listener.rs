//! Our own MQTT listener: where it listens and who may speak.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use super::Secret;

/// The embedded broker that sensors and gateways connect to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listener {
    /// Whether it runs. Off by default: a city with a broker of its own needs none.
    pub enabled: bool,
    /// Address and port. Loopback by default, so that nothing is open to the network before somebody decides it. Port 0 takes a free one.
    pub bind: SocketAddr,
    /// Whose readings arrive here; the tenant comes from the door, never from the message.
    pub tenant: String,
    /// Whether clients may connect without a user. Allowed on loopback only.
    pub anonymous: bool,
    /// Who may connect.
    pub users: Vec<User>,
    /// Connections at the same time. 10,000 need about 200 MiB.
    pub max_connections: usize,
    /// Largest packet in bytes; a larger one closes its connection. More than `max_message_bytes`, so that a message that is merely too
    /// large is counted and kept as a dead letter.
    pub max_packet_bytes: usize,
}

impl Default for Listener {
    fn default() -> Self {
        Self {
            enabled: false,
            bind: SocketAddr::from(([127, 0, 0, 1], 1883)),
            tenant: "city".to_owned(),
            anonymous: false,
            users: Vec::new(),
            max_connections: 10_000,
            max_packet_bytes: 1_048_576,
        }
    }
}

/// One user of the listener: a gateway, a network server, a simulator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The name it connects with.
    pub name: String,
    /// Argon2 hash of its password in PHC string form (`$argon2id$v=19$...`).
    #[serde(default)]
    pub password_hash: Secret,
    /// The password itself, for credentials that a program makes up for one run. Cannot be written in a file.
    #[serde(skip)]
    pub password: Option<Secret>,
}

impl User {
    /// A user whose password was made up for this run.
    pub fn generated(name: impl Into<String>, password: Secret) -> Self {
        Self { name: name.into(), password_hash: Secret::default(), password: Some(password) }
    }
}
