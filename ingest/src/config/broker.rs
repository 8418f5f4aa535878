//! A foreign broker that we subscribe to.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Secret;
use crate::topic;

/// Which MQTT is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Protocol {
    /// MQTT 3.1.1, which every broker speaks.
    #[serde(rename = "3.1.1")]
    V4,
    /// MQTT 5: the broker is told how many messages we take at a time.
    #[serde(rename = "5")]
    V5,
}

/// One foreign broker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Broker {
    /// Its name in logs, counters and dead letters.
    pub name: String,
    /// Whose readings come from it.
    pub tenant: String,
    /// `mqtt://host:port` or `mqtts://host:port`; ports 1883 and 8883 when left out.
    pub url: String,
    /// 3.1.1 by default, because every broker speaks it.
    pub protocol: Protocol,
    /// The fixed name of our session at the broker: it keeps what we have not acknowledged under this name while we are away. Empty: `specola-` and
    /// the name of this broker. Two processes must never share it.
    pub client_id: String,
    /// User name; empty for none.
    pub username: String,
    /// Password.
    pub password: Secret,
    /// Certificates, for `mqtts://`.
    pub tls: Option<Tls>,
    /// What to subscribe to; empty: the topics of all routes, where `**` stands for one to five levels. For more levels write the filters here.
    pub topics: Vec<String>,
    /// Name of a group of subscribers among which the broker deals out the messages (`$share/<group>/...`), so that several processes share the work.
    /// Empty: everything comes here. Needs MQTT 5 or a broker that knows groups in 3.1.1 too, and a client id of its own in each process.
    pub share_group: String,
    /// Whether the broker forgets our session when the connection ends. `false`: what came while we were away is delivered later, so nothing is lost. `true`
    /// is what Sparkplug 3.0 asks of a host application; its messages are of QoS 0 and would not wait for us anyway.
    pub clean_session: bool,
    /// Seconds between signs of life. A silent connection is found after 1.5 times this.
    pub keep_alive_seconds: u16,
    /// Largest packet in bytes; a larger one would close the connection again and again. More than `max_message_bytes`, so that a message that is
    /// merely too large is counted and kept as a dead letter.
    pub max_packet_bytes: u32,
    /// Messages taken and not yet acknowledged, at most. 2,000 small messages are about 1 MiB; with 10 ms to the disk that is 200,000 messages/s.
    pub in_flight: u16,
    /// Seconds for which an MQTT 5 broker keeps our session while we are away: a week covers a long weekend.
    pub session_expiry_seconds: u32,
}

impl Default for Broker {
    fn default() -> Self {
        Self {
            name: "broker".to_owned(),
            tenant: "city".to_owned(),
            url: "mqtt://127.0.0.1:1883".to_owned(),
            protocol: Protocol::V4,
            client_id: String::new(),
            username: String::new(),
            password: Secret::default(),
            tls: None,
            topics: Vec::new(),
            share_group: String::new(),
            clean_session: false,
            keep_alive_seconds: 30,
            max_packet_bytes: 1_048_576,
            in_flight: 2_000,
            session_expiry_seconds: 604_800,
        }
    }
}

/// Certificates for one broker, as PEM files.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// The authority that signed the broker's certificate; without it the system's authorities are trusted.
    pub ca: Option<PathBuf>,
    /// Our own certificate, if the broker asks for one.
    pub client_certificate: Option<PathBuf>,
    /// The key of our own certificate.
    pub client_key: Option<PathBuf>,
}

/// Where a broker is, taken from its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Whether TLS is spoken.
    pub encrypted: bool,
}

impl Broker {
    /// The client id that is used.
    pub fn effective_client_id(&self) -> String {
        if self.client_id.is_empty() { format!("specola-{}", self.name) } else { self.client_id.clone() }
    }

    /// What is subscribed to: the topics given here, or else `routes`; for a group when it has a name.
    pub fn subscriptions<'a>(&'a self, routes: impl Iterator<Item = &'a str>) -> Vec<String> {
        let grouped = |topic: &str| match self.share_group.as_str() {
            "" => topic.to_owned(),
            group => format!("$share/{group}/{topic}"),
        };
        if self.topics.is_empty() {
            return routes.flat_map(topic::subscriptions).map(|topic| grouped(&topic)).collect();
        }
        self.topics.iter().map(|topic| grouped(topic)).collect()
    }

    /// Host, port and whether TLS is spoken, or what is wrong with `url`.
    pub fn endpoint(&self) -> Result<Endpoint, String> {
        let (scheme, rest) = self.url.split_once("://").ok_or_else(|| {
            format!("url {:?} has no scheme: write mqtt://host:port, or mqtts://host:port for TLS", self.url)
        })?;
        let (encrypted, default_port) = match scheme {
            "mqtt" | "tcp" => (false, 1883),
            "mqtts" | "ssl" | "tls" => (true, 8883),
            other => return Err(format!("url scheme {other:?} is not known: write mqtt:// or mqtts://")),
        };
        let rest = rest.trim_end_matches('/');
        let bad_port = |port: &str| format!("url {:?} has the port {port:?}: write a number from 1 to 65535", self.url);
        let (host, port) = match rest.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') && (!host.contains(':') || host.starts_with('[')) => {
                (host, port.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(|| bad_port(port))?)
            }
            _ => (rest, default_port),
        };
        if host.is_empty() || host.contains(['/', '@', '?']) {
            return Err(format!(
                "url {:?} must be scheme://host:port; user and password have keys of their own",
                self.url
            ));
        }
        Ok(Endpoint { host: host.to_owned(), port, encrypted })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Option<(&str, u16, bool)>) {
        let found = Broker { url: url.to_owned(), ..Broker::default() }.endpoint().ok();
        let found = found.as_ref().map(|at| (at.host.as_str(), at.port, at.encrypted));
        assert_eq!(found, expected, "{url}");
    }

    #[test]
    fn a_url_names_host_port_and_encryption() {
        check("mqtt://broker.example:1884", Some(("broker.example", 1884, false)));
        check("mqtts://broker.example", Some(("broker.example", 8883, true)));
        check("mqtt://[::1]:1883/", Some(("[::1]", 1883, false)));
        check("mqtt://[::1]", Some(("[::1]", 1883, false)));
    }

    #[test]
    fn a_group_stands_before_every_topic() {
        let alone = Broker { topics: vec!["a/#".to_owned()], ..Broker::default() };
        assert_eq!(alone.subscriptions(["b"].into_iter()), ["a/#"]);
        let grouped = Broker { share_group: "city".to_owned(), ..Broker::default() };
        assert_eq!(grouped.subscriptions(["b/+", "c/#"].into_iter()), ["$share/city/b/+", "$share/city/c/#"]);
        assert_eq!(grouped.subscriptions(["**/d/#"].into_iter())[1], "$share/city/+/+/d/#");
    }

    #[test]
    fn a_url_that_cannot_work_is_refused() {
        for bad in [
            "broker:1883",
            "http://broker",
            "mqtt://",
            "mqtt://broker:0",
            "mqtt://broker:x",
            "mqtt://me:pw@broker:1883",
        ] {
            check(bad, None);
        }
    }
}
