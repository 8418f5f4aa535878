//! A client that speaks MQTT byte for byte, so that a test sees every packet and can send what no library would.

use std::collections::VecDeque;
use std::sync::Arc;

use ingest::config::{Format, Listener, Route, Secret, User};
use ingest::{Arrival, Config, EverybodyIsNew, Ingest, SystemClock};
use model::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::kit::{LONG, Running};

/// How long nothing must happen for a test to believe that nothing happens.
pub(crate) const QUIET: Duration = Duration::from_millis(300);
pub(crate) const READING: &[u8] = br#"{"values":{"a":1}}"#;

pub(crate) fn topic_of(gateway: &str) -> String {
    format!("specola/v1/messina/{gateway}/readings")
}

pub(crate) fn listener() -> Listener {
    Listener {
        enabled: true,
        bind: "127.0.0.1:0".parse().unwrap(),
        tenant: "messina".to_owned(),
        anonymous: true,
        ..Listener::default()
    }
}

pub(crate) fn with_users(users: Vec<User>) -> Listener {
    Listener { anonymous: false, users, ..listener() }
}

pub(crate) fn user(name: &str) -> User {
    User::generated(name, Secret::new(name))
}

pub(crate) fn config(listener: Listener) -> Config {
    // Without a host application, which would say that it is there to everybody who listens to everything.
    let mut routes = Route::defaults();
    routes.retain(|route| route.format != Format::SparkplugB);
    Config { listener, routes, ..Config::default() }
}

/// A running ingest on the clock of the machine, for what is counted in seconds.
pub(crate) async fn run(listener: Listener) -> Running {
    let (sender, arrivals) = mpsc::channel(16);
    let stop = CancellationToken::new();
    let (service, handle) =
        Ingest::start(config(listener), Arc::new(EverybodyIsNew), Arc::new(SystemClock), sender, stop.clone())
            .await
            .unwrap();
    Running { handle, arrivals, stop, service: tokio::spawn(service.run()) }
}

pub(crate) fn port(running: &Running) -> u16 {
    running.handle.listener_addr().unwrap().port()
}

/// A running ingest whose arrivals are confirmed as they come, for tests of what clients say to each other.
pub(crate) struct Kept {
    pub(crate) handle: ingest::Handle,
    stop: CancellationToken,
    service: JoinHandle<ingest::Result<()>>,
    confirming: JoinHandle<usize>,
}

impl Kept {
    pub(crate) async fn start(listener: Listener) -> Self {
        let Running { handle, mut arrivals, stop, service } = run(listener).await;
        let confirming = tokio::spawn(async move {
            let mut readings = 0;
            while let Some(arrival) = arrivals.recv().await {
                readings += arrival.readings.len();
                Arrival::confirm(arrival.owed);
            }
            readings
        });
        Self { handle, stop, service, confirming }
    }

    pub(crate) fn port(&self) -> u16 {
        self.handle.listener_addr().unwrap().port()
    }

    /// Stops; says how many readings came.
    pub(crate) async fn end(self) -> usize {
        self.stop.cancel();
        timeout(LONG, self.service).await.expect("the service did not end").unwrap().unwrap();
        self.confirming.await.unwrap()
    }
}

/// What a client says first.
pub(crate) struct Hello<'a> {
    pub(crate) version: u8,
    pub(crate) client: &'a str,
    pub(crate) clean: bool,
    pub(crate) keep_alive: u16,
    pub(crate) user: Option<(&'a str, &'a str)>,
    /// Topic, payload, flags (QoS and retain), properties.
    pub(crate) will: Option<(&'a str, &'a [u8], u8, &'a [u8])>,
    pub(crate) properties: &'a [u8],
}

impl<'a> Hello<'a> {
    pub(crate) fn new(version: u8, client: &'a str) -> Self {
        Self { version, client, clean: true, keep_alive: 60, user: None, will: None, properties: b"" }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut body = text(if self.version == 3 { "MQIsdp" } else { "MQTT" });
        let will = self.will.map_or(0, |(_, _, flags, _)| 4 | flags);
        body.push(self.version);
        body.push(u8::from(self.clean) << 1 | will | if self.user.is_some() { 0xc0 } else { 0 });
        body.extend(self.keep_alive.to_be_bytes());
        let properties = |body: &mut Vec<u8>, bytes: &[u8]| {
            if self.version == 5 {
                body.push(bytes.len() as u8);
                body.extend(bytes);
            }
        };
        properties(&mut body, self.properties);
        body.extend(text(self.client));
        if let Some((topic, payload, _, bytes)) = self.will {
            properties(&mut body, bytes);
            body.extend(text(topic));
            body.extend((payload.len() as u16).to_be_bytes());
            body.extend(payload);
        }
        if let Some((user, password)) = self.user {
            body.extend(text(user));
            body.extend(text(password));
        }
        packet(0x10, &body)
    }
}

pub(crate) fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes(), text.as_bytes()].concat()
}

pub(crate) fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    let mut length = body.len();
    while length > 127 {
        bytes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
    bytes.extend(body);
    bytes
}

/// A PUBLISH; `flags` are duplicate (8), QoS (2, 4) and retain (1).
pub(crate) fn publish(version: u8, topic: &str, flags: u8, number: u16, payload: &[u8]) -> Vec<u8> {
    publish_with(version, topic, flags, number, b"", payload)
}

pub(crate) fn publish_with(
    version: u8,
    topic: &str,
    flags: u8,
    number: u16,
    properties: &[u8],
    payload: &[u8],
) -> Vec<u8> {
    let mut body = text(topic);
    if flags & 6 != 0 {
        body.extend(number.to_be_bytes());
    }
    if version == 5 {
        body.push(properties.len() as u8);
        body.extend(properties);
    }
    body.extend(payload);
    packet(0x30 | flags, &body)
}

/// A message as it was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) flags: u8,
    pub(crate) topic: String,
    pub(crate) number: u16,
    pub(crate) properties: Vec<u8>,
    pub(crate) payload: Vec<u8>,
}

pub(crate) struct Client<S = TcpStream> {
    pub(crate) socket: S,
    version: u8,
    /// Messages that came while something else was waited for.
    pub(crate) heard: VecDeque<Heard>,
}

impl Client {
    pub(crate) async fn raw(port: u16) -> Self {
        Self::over(TcpStream::connect(("127.0.0.1", port)).await.unwrap())
    }

    /// Connects; says what the CONNACK says.
    pub(crate) async fn hello(port: u16, hello: &Hello<'_>) -> (Self, Vec<u8>) {
        let mut client = Self::raw(port).await;
        let answer = client.greet(hello).await;
        (client, answer)
    }

    /// Connects and must be let in.
    pub(crate) async fn new(port: u16, version: u8, name: &str) -> Self {
        let (client, answer) = Self::hello(port, &Hello::new(version, name)).await;
        assert_eq!(answer[1], 0, "{name} was not let in: {answer:x?}");
        client
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Client<S> {
    pub(crate) fn over(socket: S) -> Self {
        Self { socket, version: 4, heard: VecDeque::new() }
    }

    pub(crate) async fn greet(&mut self, hello: &Hello<'_>) -> Vec<u8> {
        self.version = hello.version;
        self.send(&hello.bytes()).await;
        let (first, body) = self.packet().await.expect("no CONNACK");
        assert_eq!(first, 0x20);
        body
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        timeout(LONG, self.socket.write_all(bytes)).await.expect("nobody reads").unwrap();
    }

    /// The next packet; `None` when the connection has ended.
    pub(crate) async fn packet(&mut self) -> Option<(u8, Vec<u8>)> {
        timeout(LONG, self.read()).await.expect("nothing came in time")
    }

    async fn read(&mut self) -> Option<(u8, Vec<u8>)> {
        let first = self.socket.read_u8().await.ok()?;
        let (mut length, mut shift) = (0, 0);
        loop {
            let byte = self.socket.read_u8().await.ok()?;
            length |= usize::from(byte & 0x7f) << shift;
            shift += 7;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let mut body = vec![0; length];
        self.socket.read_exact(&mut body).await.ok()?;
        Some((first, body))
    }

    fn parse(&self, first: u8, body: &[u8]) -> Heard {
        let length = usize::from(u16::from_be_bytes([body[0], body[1]]));
        let topic = String::from_utf8(body[2..2 + length].to_vec()).unwrap();
        let mut at = 2 + length;
        let mut number = 0;
        if first & 6 != 0 {
            number = u16::from_be_bytes([body[at], body[at + 1]]);
            at += 2;
        }
        let mut properties = Vec::new();
        if self.version == 5 {
            let length = usize::from(body[at]);
            assert!(length < 128);
            properties = body[at + 1..at + 1 + length].to_vec();
            at += 1 + length;
        }
        Heard { flags: first & 0x0f, topic, number, properties, payload: body[at..].to_vec() }
    }

    /// The next message, not answered.
    pub(crate) async fn message(&mut self) -> Heard {
        if let Some(heard) = self.heard.pop_front() {
            return heard;
        }
        let (first, body) = self.packet().await.expect("the connection ended");
        assert_eq!(first >> 4, 3, "{first:x} {body:x?} is no message");
        self.parse(first, &body)
    }

    /// The next packet that is no message; messages are put aside.
    pub(crate) async fn answer(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            let (first, body) = self.packet().await?;
            if first >> 4 != 3 {
                return Some((first, body));
            }
            let heard = self.parse(first, &body);
            self.heard.push_back(heard);
        }
    }

    /// Publishes at QoS 1 and waits for the answer; says its reason.
    pub(crate) async fn assure(&mut self, topic: &str, retain: bool, payload: &[u8]) -> u8 {
        self.send(&publish(self.version, topic, 2 | u8::from(retain), 77, payload)).await;
        let (first, body) = self.answer().await.expect("the connection ended without an answer");
        assert_eq!((first, &body[..2]), (0x40, &[0, 77][..]));
        body.get(2).copied().unwrap_or(0)
    }

    /// Subscribes; says the code. `options` as on the wire.
    pub(crate) async fn subscribe(&mut self, filter: &str, options: u8) -> u8 {
        self.subscribe_with(filter, options, b"").await
    }

    pub(crate) async fn subscribe_with(&mut self, filter: &str, options: u8, properties: &[u8]) -> u8 {
        let mut body = vec![0, 9];
        if self.version == 5 {
            body.push(properties.len() as u8);
            body.extend(properties);
        }
        body.extend(text(filter));
        body.push(options);
        self.send(&packet(0x82, &body)).await;
        let (first, body) = self.answer().await.expect("the connection ended without SUBACK");
        assert_eq!(first, 0x90);
        *body.last().unwrap()
    }

    /// Nothing more comes.
    pub(crate) async fn silence(&mut self) {
        assert_eq!(self.heard, [], "messages came");
        if let Ok(came) = timeout(QUIET, self.read()).await {
            panic!("{came:x?} came");
        }
    }

    /// Says goodbye and waits until it was heard.
    pub(crate) async fn goodbye(mut self) {
        self.send(&[0xe0, 0]).await;
        while self.packet().await.is_some() {}
    }
}
