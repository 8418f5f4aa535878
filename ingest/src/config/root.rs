//! All settings of ingest, and what makes them impossible.

use std::collections::HashSet;

use model::{TenantId, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Broker, Format, Listener, Route, Welcome};
use crate::{Error, Result, topic};

/// What happens to a device that the registry does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownDevices {
    /// It becomes an asset at once.
    Register,
    /// Its readings are kept, not judged, until somebody approves it.
    Quarantine,
    /// Its readings are refused.
    Refuse,
}

/// How much may wait between the sources and the decoders. Beyond it the sources stop reading, so the pressure reaches the senders.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Queue {
    /// Messages that wait to be decoded. 8,192 are 40 ms of work at 200,000 messages/s.
    pub messages: usize,
    /// Bytes that wait to be decoded: bounds the memory when messages are large. 64 MiB hold 256 messages of the largest size.
    pub bytes: usize,
}

impl Default for Queue {
    fn default() -> Self {
        Self { messages: 8_192, bytes: 64 * 1024 * 1024 }
    }
}

/// Settings of ingest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Our own MQTT listener.
    pub listener: Listener,
    /// Foreign brokers that we subscribe to.
    pub brokers: Vec<Broker>,
    /// Which format is spoken on which topics; the first that matches decides.
    pub routes: Vec<Route>,
    /// Topics on which clients talk to each other and which carry no readings: neither decoded nor refused. Topics that start with `$` never are.
    pub ignored_topics: Vec<String>,
    /// Largest message in bytes; a larger one becomes a dead letter. 262,144 is what the common network servers send at most.
    pub max_message_bytes: usize,
    /// Deepest nesting of a message; sensors need 5 or so, an attack needs thousands.
    pub max_depth: usize,
    /// How far a reading may be ahead of its arrival, in seconds: clocks of devices drift by minutes, not by hours.
    pub future_tolerance_seconds: u64,
    /// Readings before this moment are refused: a device that says 1970 has lost its clock.
    pub oldest: String,
    /// Readings that travel on together at most; a message is never split, so one large message may exceed it.
    pub batch_readings: usize,
    /// Messages that travel on together at most: bounds what is unacknowledged when messages are small.
    pub batch_messages: usize,
    /// How long the first message of a batch waits for others at most, in milliseconds. Many messages share one write to the disk. When many are there,
    /// or nobody says anything more, they leave sooner.
    pub batch_millis: u64,
    /// Bounds before the decoders.
    pub queue: Queue,
    /// Series whose names are kept ready for each tenant. 200,000 take about 60 MiB; more series cost speed, nothing else.
    pub known_series: usize,
    /// What happens to a device that the registry does not know.
    pub unknown_devices: UnknownDevices,
    /// Which class a device gets that nobody registered; without a rule that fits it is of class `device`, which says nothing about its readings.
    pub welcome: Vec<Welcome>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listener: Listener::default(),
            brokers: Vec::new(),
            routes: Route::defaults(),
            ignored_topics: vec!["application/+/device/+/command/+".to_owned(), "specola/v1/+/+/command/#".to_owned()],
            max_message_bytes: 262_144,
            max_depth: 64,
            future_tolerance_seconds: 600,
            oldest: "2000-01-01T00:00:00Z".to_owned(),
            batch_readings: 10_000,
            batch_messages: 4_096,
            batch_millis: 5,
            queue: Queue::default(),
            known_series: 200_000,
            unknown_devices: UnknownDevices::Register,
            welcome: Vec::new(),
        }
    }
}

fn wrong(key: &str, problem: impl Into<String>) -> Error {
    Error::Config { key: key.to_owned(), problem: problem.into() }
}

impl Config {
    /// The oldest moment a reading may have.
    pub fn oldest(&self) -> Result<Timestamp> {
        Timestamp::parse(&self.oldest)
            .map_err(|why| wrong("oldest", format!("{why}; write it like 2000-01-01T00:00:00Z")))
    }

    /// Refuses what cannot work, and says what to write instead.
    pub fn validate(&self) -> Result<()> {
        self.oldest()?;
        self.validate_listener()?;
        self.validate_brokers()?;
        self.validate_routes()?;
        for rule in &self.welcome {
            rule.validate().map_err(|problem| wrong("welcome", problem))?;
        }
        for (key, value) in [
            ("max_message_bytes", self.max_message_bytes),
            ("batch_readings", self.batch_readings),
            ("batch_messages", self.batch_messages),
            ("queue.messages", self.queue.messages),
            ("known_series", self.known_series),
        ] {
            if value == 0 {
                return Err(wrong(key, "0 would let nothing through; write at least 1"));
            }
        }
        if !(4..=128).contains(&self.max_depth) {
            return Err(wrong("max_depth", format!("{} is outside 4 to 128", self.max_depth)));
        }
        if self.batch_millis > 1_000 {
            return Err(wrong(
                "batch_millis",
                "more than 1000 would delay every acknowledgement by more than a second",
            ));
        }
        if self.queue.bytes < self.max_message_bytes {
            let problem = format!(
                "{} is less than one message of max_message_bytes = {}",
                self.queue.bytes, self.max_message_bytes
            );
            return Err(wrong("queue.bytes", problem));
        }
        Ok(())
    }

    fn validate_listener(&self) -> Result<()> {
        let listener = &self.listener;
        if !listener.enabled {
            return Ok(());
        }
        tenant("listener.tenant", &listener.tenant)?;
        if listener.anonymous && !listener.bind.ip().is_loopback() {
            let problem = format!(
                "anyone who reaches {} could send readings; set it to false and list [[listener.users]], or bind 127.0.0.1",
                listener.bind
            );
            return Err(wrong("listener.anonymous", problem));
        }
        if !listener.anonymous && listener.users.is_empty() {
            return Err(wrong(
                "listener.users",
                "nobody could connect; list users, or set listener.anonymous = true on loopback",
            ));
        }
        let mut names = HashSet::new();
        for user in &listener.users {
            if let Some(problem) = user.problem() {
                return Err(wrong("listener.users", problem));
            }
            if !names.insert(user.name.as_str()) {
                return Err(wrong("listener.users", format!("user name {:?} is listed twice", user.name)));
            }
            if let Some(text) = &user.tenant {
                tenant("listener.users.tenant", text)?;
            }
            if user.certificate && listener.tls.as_ref().is_none_or(|tls| tls.client_authorities.is_none()) {
                let problem =
                    format!("user {:?} comes with a certificate; name listener.tls.client_authorities", user.name);
                return Err(wrong("listener.users", problem));
            }
        }
        for (key, value) in [
            ("listener.in_flight", listener.in_flight.into()),
            ("listener.connect_seconds", listener.connect_seconds),
            ("listener.queue_messages", listener.queue_messages as u64),
            ("listener.queue_bytes", listener.queue_bytes as u64),
            ("listener.max_subscriptions", listener.max_subscriptions as u64),
        ] {
            if value == 0 {
                return Err(wrong(key, "0 would let nothing through; write at least 1"));
            }
        }
        if listener.max_connections == 0 {
            return Err(wrong("listener.max_connections", "0 would let nobody connect; write at least 1"));
        }
        packet("listener.max_packet_bytes", listener.max_packet_bytes, self.max_message_bytes)
    }

    fn validate_brokers(&self) -> Result<()> {
        let mut names = HashSet::new();
        let mut sessions = HashSet::new();
        for broker in &self.brokers {
            let key = |field: &str| format!("brokers.{}.{field}", broker.name);
            let ours = ["listener", "http"].contains(&broker.name.as_str()) || broker.name.starts_with("listener/");
            if broker.name.is_empty() || ours || !names.insert(broker.name.as_str()) {
                let problem =
                    format!("{:?} is empty, taken by our own listener or by HTTP, or used twice", broker.name);
                return Err(wrong("brokers.name", problem));
            }
            tenant(&key("tenant"), &broker.tenant)?;
            let endpoint = broker.endpoint().map_err(|problem| wrong(&key("url"), problem))?;
            if !sessions.insert((endpoint.host.clone(), endpoint.port, broker.effective_client_id())) {
                return Err(wrong(&key("client_id"), "two connections to one broker need different client ids"));
            }
            if let Some(tls) = &broker.tls {
                if !endpoint.encrypted {
                    return Err(wrong(&key("tls"), "certificates are only used with a url that starts with mqtts://"));
                }
                if tls.client_certificate.is_some() != tls.client_key.is_some() {
                    return Err(wrong(
                        &key("tls"),
                        "client_certificate and client_key belong together; give both or none",
                    ));
                }
            }
            if broker.keep_alive_seconds < 5 {
                return Err(wrong(
                    &key("keep_alive_seconds"),
                    "write at least 5; less would drop slow but living connections",
                ));
            }
            if broker.in_flight == 0 {
                return Err(wrong(&key("in_flight"), "0 would let nothing through; write at least 1"));
            }
            if broker.share_group.contains(['/', '+', '#']) {
                return Err(wrong(&key("share_group"), "a group is one word without / + #"));
            }
            for filter in &broker.topics {
                topic::check(filter).map_err(|problem| wrong(&key("topics"), problem))?;
            }
            packet(&key("max_packet_bytes"), broker.max_packet_bytes as usize, self.max_message_bytes)?;
        }
        Ok(())
    }

    fn validate_routes(&self) -> Result<()> {
        for route in &self.routes {
            topic::check_route(&route.topic).map_err(|problem| wrong("routes.topic", problem))?;
            match (&route.mapping, route.format) {
                (None, Format::GenericJson) => {
                    let problem = format!("the route {:?} is generic-json and needs a mapping", route.topic);
                    return Err(wrong("routes.mapping", problem));
                }
                (Some(mapping), Format::GenericJson) => {
                    mapping
                        .validate()
                        .map_err(|problem| wrong("routes.mapping", format!("{:?}: {problem}", route.topic)))?;
                }
                (Some(_), format) => {
                    let problem = format!("the route {:?} is {format}, which takes no mapping", route.topic);
                    return Err(wrong("routes.mapping", problem));
                }
                (None, _) => {}
            }
        }
        self.validate_sparkplug()?;
        for filter in &self.ignored_topics {
            topic::check(filter).map_err(|problem| wrong("ignored_topics", problem))?;
        }
        Ok(())
    }

    /// A connection has one will, so it can announce one host only.
    fn validate_sparkplug(&self) -> Result<()> {
        let mut host: Option<String> = None;
        for route in &self.routes {
            if route.sparkplug.is_some() && route.format != Format::SparkplugB {
                let problem =
                    format!("the route {:?} is {}, which takes no sparkplug settings", route.topic, route.format);
                return Err(wrong("routes.sparkplug", problem));
            }
            if route.format != Format::SparkplugB {
                continue;
            }
            let settings = route.sparkplug.clone().unwrap_or_default();
            settings.validate().map_err(|problem| wrong("routes.sparkplug", problem))?;
            if host.get_or_insert_with(|| settings.host_id.clone()) != &settings.host_id {
                return Err(wrong("routes.sparkplug", "all routes of one configuration need the same host_id"));
            }
        }
        Ok(())
    }
}

fn tenant(key: &str, text: &str) -> Result<()> {
    TenantId::new(text).map(|_| ()).map_err(|why| wrong(key, why.to_string()))
}

fn packet(key: &str, bytes: usize, message: usize) -> Result<()> {
    if bytes < message + 65_536 {
        let problem = format!(
            "{bytes} leaves no room for a message of {message} bytes with its topic; write at least {}",
            message + 65_536
        );
        return Err(wrong(key, problem));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Role, Secret, Sparkplug, Tls, User};

    #[track_caller]
    fn refused(config: &Config, words: &str) {
        let text = config.validate().unwrap_err().to_string();
        assert!(text.contains(words), "{text:?} does not say {words:?}");
    }

    #[test]
    fn the_defaults_are_valid_and_survive_a_round_trip() {
        let config = Config::default();
        config.validate().unwrap();
        let text = toml::to_string(&config).unwrap();
        assert_eq!(toml::from_str::<Config>(&text).unwrap(), config);
        assert_eq!(toml::from_str::<Config>("").unwrap(), config);
    }

    #[test]
    fn an_unknown_key_is_an_error_that_names_it() {
        for text in ["max_bytes = 1", "[listener]\nport = 1", "[[brokers]]\nhost = 'x'"] {
            assert!(toml::from_str::<Config>(text).unwrap_err().to_string().contains("unknown field"), "{text}");
        }
    }

    #[test]
    fn a_printed_configuration_has_no_secrets() {
        let broker = Broker { password: Secret::new("geheim"), ..Broker::default() };
        let users = vec![User::generated("sim", Secret::new("geheim"))];
        let config =
            Config { brokers: vec![broker], listener: Listener { users, ..Listener::default() }, ..Config::default() };
        let printed = format!("{}{config:?}", toml::to_string(&config).unwrap());
        assert!(!printed.contains("geheim") && printed.contains("***"));
    }

    #[test]
    fn what_cannot_work_is_refused_with_advice() {
        let listener = |change: fn(&mut Listener)| {
            let mut listener = Listener { enabled: true, anonymous: true, ..Listener::default() };
            change(&mut listener);
            Config { listener, ..Config::default() }
        };
        refused(&listener(|l| l.bind = "0.0.0.0:1883".parse().unwrap()), "bind 127.0.0.1");
        refused(&listener(|l| l.anonymous = false), "list users");
        refused(&listener(|l| l.tenant = "Città".to_owned()), "tenant");
        refused(&listener(|l| l.max_packet_bytes = 1000), "write at least");
        refused(
            &listener(|l| {
                let password_hash = Secret::new("plain");
                l.users = vec![User { name: "a".to_owned(), password_hash, ..User::default() }]
            }),
            "$argon2",
        );
        let user = |change: fn(&mut User)| {
            let mut user = User::generated("lamp-1", Secret::new("x"));
            change(&mut user);
            let listener = Listener { enabled: true, users: vec![user], ..Listener::default() };
            Config { listener, ..Config::default() }
        };
        refused(&user(|u| u.password = None), "token_sha256");
        refused(&user(|u| u.token_sha256 = Secret::new("abc")), "sha256sum");
        refused(&user(|u| u.name = "a/b".to_owned()), "mean something in topics");
        refused(&user(|u| u.tenant = Some("Città".to_owned())), "tenant");
        refused(&user(|u| u.certificate = true), "client_authorities");
        refused(&user(|u| u.publish = Some(vec!["a/#/b".to_owned()])), "#");
        refused(
            &user(|u| {
                u.role = Role::Device;
                u.publish = Some(vec!["sensors/#".to_owned()]);
            }),
            "put %u",
        );
        user(|u| u.role = Role::Device).validate().unwrap();
        let broker = |change: fn(&mut Broker)| {
            let mut broker = Broker::default();
            change(&mut broker);
            Config { brokers: vec![broker], ..Config::default() }
        };
        refused(&broker(|b| b.url = "localhost".to_owned()), "mqtt://host:port");
        refused(&broker(|b| b.keep_alive_seconds = 0), "at least 5");
        refused(&broker(|b| b.topics = vec!["a/#/b".to_owned()]), "#");
        refused(&broker(|b| b.share_group = "a/b".to_owned()), "without / + #");
        refused(&broker(|b| b.tls = Some(Tls::default())), "mqtts://");
        refused(&Config { brokers: vec![Broker::default(), Broker::default()], ..Config::default() }, "used twice");
        refused(
            &Config { routes: vec![Route::new("a/#", Format::GenericJson)], ..Config::default() },
            "needs a mapping",
        );
        let welcome = Welcome { device: None, topic: None, format: None, class: "lamp".to_owned() };
        refused(&Config { welcome: vec![welcome.clone()], ..Config::default() }, "device = \"*\"");
        let welcome = Welcome { topic: Some("a/#/b".to_owned()), ..welcome };
        refused(&Config { welcome: vec![welcome], ..Config::default() }, "#");
        let sparkplug = |host: &str, format| {
            let settings = Sparkplug { host_id: host.to_owned(), ..Sparkplug::default() };
            Route { sparkplug: Some(settings), ..Route::new("spBv1.0/#", format) }
        };
        let routes = |routes| Config { routes, ..Config::default() };
        refused(&routes(vec![sparkplug("a/b", Format::SparkplugB)]), "one level");
        refused(&routes(vec![sparkplug("a", Format::SenmlJson)]), "takes no sparkplug settings");
        refused(
            &routes(vec![sparkplug("a", Format::SparkplugB), sparkplug("b", Format::SparkplugB)]),
            "the same host_id",
        );
        refused(&Config { oldest: "2000".to_owned(), ..Config::default() }, "2000-01-01T00:00:00Z");
        refused(&Config { batch_readings: 0, ..Config::default() }, "at least 1");
    }
}
