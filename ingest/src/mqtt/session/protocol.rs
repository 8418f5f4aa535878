//! What a session needs from a client of either protocol version.

use bytes::Bytes;
use model::Duration;

use crate::decode::Command;

/// How to connect.
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) client_id: String,
    pub(super) login: Option<(String, String)>,
    pub(super) tls: Option<rumqttc::TlsConfiguration>,
    pub(super) keep_alive: Duration,
    pub(super) max_packet: u32,
    pub(super) in_flight: u16,
    pub(super) session_expiry: u32,
    pub(super) clean_session: bool,
}

/// What happened on a connection.
#[derive(Debug)]
pub(super) enum Event {
    /// Connected; whether the broker still knew our session.
    Connected { session_present: bool },
    /// The broker answered a subscription: what it refused.
    Subscribed { refused: usize },
    /// A message came.
    Message(Incoming),
    /// Something else came from the broker: it lives.
    Alive,
    /// Something left for the broker.
    Sent,
}

/// One message from a broker.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) topic: String,
    pub(super) payload: Bytes,
    /// The packet to acknowledge; none at QoS 0.
    pub(super) packet: Option<u16>,
    pub(super) retained: bool,
}

/// A client: one half is polled for events, the other takes requests meanwhile. Both die with the connection.
pub(super) trait Protocol: Send + 'static {
    /// Takes requests. Its queue has room for all acknowledgements that a well-behaved broker can be owed, and refuses more.
    type Requests: Send + Sync;
    /// Polled for events.
    type Events: Send;

    /// A client that connects when it is polled. The broker says `will` when the connection is lost.
    fn open(settings: &Settings, will: Option<&Command>) -> (Self::Requests, Self::Events);

    /// The next event, or why the connection ended.
    fn next(events: &mut Self::Events) -> impl Future<Output = Result<Event, String>> + Send;

    /// Asks for these topics at QoS 1; whether there was room for the request.
    fn subscribe(requests: &Self::Requests, topics: &[String]) -> bool;

    /// Acknowledges a packet; whether there was room for the request.
    fn acknowledge(requests: &Self::Requests, packet: u16) -> bool;

    /// Says this to others; whether there was room for the request.
    fn publish(requests: &Self::Requests, command: &Command) -> bool;

    /// Says goodbye; whether there was room for the request.
    fn disconnect(requests: &Self::Requests) -> bool;
}
