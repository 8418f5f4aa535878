//! How the service is set up.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Settings of the API and of the live socket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The address and port to listen on. Only this machine by default: put a TLS proxy in front before opening it to others.
    pub bind: SocketAddr,
    /// How browsers reach the service from outside, such as `https://specola.example.it`. Requests that change something must come from
    /// a page of this origin (or of the host they are sent to); with `https` the session cookie is sent over TLS only.
    pub public_origin: Option<String>,
    /// Whether a proxy of ours stands in front: the last address in `X-Forwarded-For` is then the source of a request.
    pub behind_proxy: bool,
    /// Hours after which a person must sign in again: one shift and its handover.
    pub session_hours: u32,
    /// Serve the screens from this folder instead of the embedded ones; for development, and for a `basemap/city.pmtiles`.
    pub ui_dir: Option<PathBuf>,
    /// Largest body of a request in KiB. A query or a list of 1,000 alarm ids is far below.
    pub body_kib: usize,
    /// Connections held at the same time; each costs a file descriptor. More are closed at once.
    pub connections: usize,
    /// Seconds that a person's SQL may run.
    pub sql_seconds: u64,
    /// Rows that a person's SQL may return at most.
    pub sql_rows: usize,
    /// Queries that run at the same time; others wait. Two cores stay free for the river.
    pub sql_queries: usize,
    /// The live socket.
    pub sockets: SocketLimits,
    /// Readings that machines hand in by HTTP.
    pub intake: IntakeLimits,
}

/// Bounds of what machines hand in by HTTP.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IntakeLimits {
    /// Largest body in MiB, unpacked: some 200,000 readings as a table.
    pub body_mib: usize,
    /// Memory that the bodies of one tenant may take at the same time, in MiB; at least that of two bodies, one packed and one not.
    /// Others wait.
    pub memory_mib: usize,
    /// Bodies of one tenant that may wait for the disk at the same time. Others wait for their turn.
    pub requests: usize,
    /// Seconds after which a sender is told that its body is not known to be kept, and to send it again.
    pub answer_seconds: u64,
}

impl Default for IntakeLimits {
    fn default() -> Self {
        Self { body_mib: 16, memory_mib: 32, requests: 64, answer_seconds: 30 }
    }
}

/// Bounds of the live socket.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SocketLimits {
    /// Sockets of one tenant at the same time: two desks, a wall and every analyst of a large city, tenfold.
    pub per_tenant: usize,
    /// Largest message from a page in KiB. A subscription is a few hundred bytes.
    pub message_kib: usize,
    /// Pictures a second at most.
    pub frames_per_second: u32,
    /// Seconds that a page may leave a frame unread before it is closed with code 4008.
    pub unread_seconds: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_origin: None,
            behind_proxy: false,
            session_hours: 12,
            ui_dir: None,
            body_kib: 256,
            connections: 2048,
            sql_seconds: 30,
            sql_rows: 100_000,
            sql_queries: 2,
            sockets: SocketLimits::default(),
            intake: IntakeLimits::default(),
        }
    }
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self { per_tenant: 512, message_kib: 16, frames_per_second: 5, unread_seconds: 30 }
    }
}

impl Config {
    /// Whether browsers reach the service over TLS.
    pub(crate) fn is_served_over_tls(&self) -> bool {
        self.public_origin.as_deref().is_some_and(|origin| origin.starts_with("https://"))
    }
}
