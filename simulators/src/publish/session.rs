//! One gateway's MQTT session: connects, stays connected with growing pauses between attempts, and counts what the broker confirms.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use metrics::counter;
use model::Duration;
use rumqttc::{AsyncClient, ConnectReturnCode, Event, EventLoop, MqttOptions, Outgoing, Packet};
use tokio_util::sync::CancellationToken;

use super::handle::Tally;
use crate::Broker;
use crate::chance::{between, key_of};
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

/// A client and the loop that drives it; not connected yet. The session is persistent, so that what was not acknowledged is sent again.
pub(super) fn open(broker: &Broker, tenant: &str, gateway: &str) -> (AsyncClient, EventLoop) {
    let mut options = MqttOptions::new(format!("sim-{tenant}-{gateway}"), &broker.host, broker.port);
    options
        .set_keep_alive(KEEP_ALIVE)
        .set_clean_session(false)
        .set_inflight(IN_FLIGHT)
        .set_max_packet_size(LARGEST, LARGEST);
    if let Some(credentials) = &broker.credentials {
        options.set_credentials(credentials.username.replace("{gateway}", gateway), credentials.password.clone());
    }
    AsyncClient::new(options, WAITING)
}

/// Drives a session until `stop`, then until the last message is acknowledged or the farewell is over.
pub(super) async fn drive(
    mut events: EventLoop,
    gateway: String,
    seed: u64,
    tally: Arc<Tally>,
    stop: CancellationToken,
) {
    let mut session = Session { gateway, seed, tally, failures: 0, was_connected: false, is_connected: false };
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
                }
            }
        }
    }
    if session.is_connected {
        // The timetable has stopped and asked to disconnect; what lies before that in the queue still leaves.
        let _late = tokio::time::timeout(FAREWELL, async {
            loop {
                let event = events.poll().await;
                let over = matches!(event, Ok(Event::Outgoing(Outgoing::Disconnect)) | Err(_));
                session.note(event);
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
    gateway: String,
    seed: u64,
    tally: Arc<Tally>,
    failures: u32,
    was_connected: bool,
    is_connected: bool,
}

impl Session {
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
                None
            }
            Ok(Event::Incoming(Packet::PubAck(_))) => {
                Tally::add(&self.tally.acknowledged, 1);
                counter!(ACKNOWLEDGED).increment(1);
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
        }
    }

    /// Doubles with each failure up to fifteen seconds; each gateway a little different, so that they do not return all at once.
    fn pause(&self) -> Duration {
        let doubled = FIRST_PAUSE.saturating_mul(1 << (self.failures - 1).min(10)).min(LONGEST_PAUSE);
        doubled.mul_f64(between(key_of(self.seed, &self.gateway), u64::from(self.failures), 0.7, 1.3))
    }
}
