//! One gateway's MQTT session: connects, stays connected with growing pauses between attempts, and counts what the broker confirms.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use metrics::counter;
use model::Duration;
use rumqttc::{AsyncClient, ConnectReturnCode, Event, EventLoop, LastWill, MqttOptions, Outgoing, Packet, QoS};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::handle::Tally;
use crate::Broker;
use crate::chance::{between, key_of};
use crate::dialect::Will;
use crate::metrics::{ACKNOWLEDGED, RECONNECTS};

/// Messages that wait between timetable and connection; a gateway with more than this is waiting for the broker anyway.
const WAITING: usize = 32;
/// Messages on their way without acknowledgement; bounds what a broken connection can send twice.
const IN_FLIGHT: u16 = 64;
/// Largest message in bytes: a structure with all its instruments is below 8 KiB; the margin is for a larger scale.
const LARGEST: usize = 256 * 1024;
const KEEP_ALIVE: Duration = Duration::from_secs(30);
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// How long a stopping session waits for outstanding acknowledgements.
const FAREWELL: Duration = Duration::from_secs(2);

/// A client and the loop that drives it; not connected yet. The session of a monologue is persistent, so that what was not acknowledged is sent
/// again; a conversation begins anew with each connection.
pub(super) fn open(broker: &Broker, tenant: &str, gateway: &str, converses: bool) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new(format!("sim-{tenant}-{gateway}"), &broker.host, broker.port);
    options
        .set_keep_alive(KEEP_ALIVE)
        .set_clean_session(converses)
        .set_inflight(IN_FLIGHT)
        .set_max_packet_size(LARGEST, LARGEST);
    if let Some(credentials) = &broker.credentials {
        options.set_credentials(credentials.username.replace("{gateway}", gateway), credentials.password.clone());
    }
    AsyncClient::new(options, WAITING)
}

/// What the session tells the timetable.
pub(super) struct Line {
    /// The number of the open connection; 0 while there is none.
    pub(super) connection: watch::Sender<u64>,
    /// What was said to the gateway. Full means that it has enough to answer.
    pub(super) heard: mpsc::Sender<(String, Bytes)>,
    /// What the broker says for it when it is cut off.
    pub(super) will: Option<Will>,
}

/// Drives a session until `stop`, then until the last message is acknowledged or the farewell is over.
pub(super) async fn drive(
    mut events: EventLoop,
    line: Line,
    gateway: String,
    seed: u64,
    tally: Arc<Tally>,
    stop: CancellationToken,
) {
    let mut session =
        Session { line, gateway, seed, tally, attempts: 0, failures: 0, was_connected: false, is_connected: false };
    session.prepare(&mut events);
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            event = events.poll() => {
                if let Some(pause) = session.note(event) {
                    tokio::select! {
                        () = stop.cancelled() => break,
                        () = tokio::time::sleep(pause) => {}
                    }
                    session.prepare(&mut events);
                }
            }
        }
    }
    if session.is_connected {
        // The timetable has stopped and asked to disconnect; what lies before that in the queue still leaves.
        let _late = tokio::time::timeout(FAREWELL, async {
            loop {
                let event = events.poll().await;
                // That the broker stops as well is no trouble now.
                let Ok(event) = event else { return };
                let over = matches!(event, Event::Outgoing(Outgoing::Disconnect));
                session.note(Ok(event));
                if over {
                    return;
                }
            }
        })
        .await;
        session.lost();
    }
}

struct Session {
    line: Line,
    gateway: String,
    seed: u64,
    tally: Arc<Tally>,
    /// Attempts to connect; the number of the connection when one succeeds.
    attempts: u64,
    failures: u32,
    was_connected: bool,
    is_connected: bool,
}

impl Session {
    /// Makes the next attempt to connect its own: with the will that fits it, and without what was meant for the connection before.
    fn prepare(&mut self, events: &mut EventLoop) {
        self.attempts += 1;
        if let Some(Will { topic, payload }) = &self.line.will {
            events.clean();
            events.pending.clear();
            let will = LastWill::new(topic, payload(self.attempts), QoS::AtLeastOnce, false);
            events.mqtt_options.set_last_will(will);
        }
    }

    /// Counts an event; a pause before the next attempt when the connection failed.
    fn note(&mut self, event: Result<Event, rumqttc::ConnectionError>) -> Option<Duration> {
        match event {
            Ok(Event::Incoming(Packet::ConnAck(answer))) if answer.code == ConnectReturnCode::Success => {
                if self.was_connected {
                    Tally::add(&self.tally.reconnects, 1);
                    counter!(RECONNECTS).increment(1);
                }
                (self.was_connected, self.is_connected, self.failures) = (true, true, 0);
                Tally::add(&self.tally.connected, 1);
                self.line.connection.send_replace(self.attempts);
                None
            }
            Ok(Event::Incoming(Packet::PubAck(_))) => {
                Tally::add(&self.tally.acknowledged, 1);
                counter!(ACKNOWLEDGED).increment(1);
                None
            }
            Ok(Event::Incoming(Packet::Publish(command))) => {
                if self.line.heard.try_send((command.topic, command.payload)).is_err() {
                    tracing::debug!(gateway = %self.gateway, "a simulated gateway hears more than it answers");
                }
                None
            }
            Ok(_) => None,
            Err(error) => {
                self.lost();
                self.failures += 1;
                if self.failures == 1 {
                    tracing::warn!(gateway = %self.gateway, %error, "simulated gateway has no broker, will try again");
                }
                Some(self.pause())
            }
        }
    }

    fn lost(&mut self) {
        if std::mem::take(&mut self.is_connected) {
            self.tally.connected.fetch_sub(1, Ordering::Relaxed);
            self.line.connection.send_replace(0);
        }
    }

    /// Doubles with each failure up to fifteen seconds; each gateway a little different, so that they do not return all at once.
    fn pause(&self) -> Duration {
        let doubled = FIRST_PAUSE.saturating_mul(1 << (self.failures - 1).min(10)).min(LONGEST_PAUSE);
        doubled.mul_f64(between(key_of(self.seed, &self.gateway), u64::from(self.failures), 0.7, 1.3))
    }
}
