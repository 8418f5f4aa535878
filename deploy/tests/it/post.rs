//! What machines hand in by HTTP, and the tokens that let them.

use std::io::Write;
use std::net::SocketAddr;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::city::{Home, PATIENCE};

/// Adds a machine and returns its token: the last line that is said.
pub(crate) fn machine(home: &Home, name: &str, tenant: &str) -> String {
    let words = ["user", "add", name, "--role", "sender", "--tenant", tenant, "--config", "specola.toml"];
    last_line(home, &words)
}

#[track_caller]
pub(crate) fn last_line(home: &Home, words: &[&str]) -> String {
    let output = home.run(words);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().lines().last().unwrap().to_owned()
}

/// One body: where to, as what, and whether it is packed.
pub(crate) struct Letter<'a> {
    pub(crate) path: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) packed: bool,
    pub(crate) body: &'a [u8],
}

impl<'a> Letter<'a> {
    pub(crate) fn new(path: &'a str, kind: &'a str, body: &'a [u8]) -> Self {
        Self { path, kind, packed: false, body }
    }

    /// Status and JSON of the answer; nothing when nobody answers.
    pub(crate) fn send(&self, address: SocketAddr, token: &str) -> Option<(u16, Value)> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let client = reqwest::Client::builder().timeout(PATIENCE).build().unwrap();
            let request = client.post(format!("http://{address}{}", self.path)).header("content-type", self.kind);
            let request = if self.packed { request.header("content-encoding", "gzip") } else { request };
            let response = request.bearer_auth(token).body(self.body.to_vec()).send().await.ok()?;
            let status = response.status().as_u16();
            Some((status, serde_json::from_slice(&response.bytes().await.ok()?).unwrap_or(Value::Null)))
        })
    }
}

pub(crate) fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
