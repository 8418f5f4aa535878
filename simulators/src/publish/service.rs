//! The living city: one MQTT client per gateway over TCP, each with its timetable.

use std::sync::Arc;
use std::time::SystemTime;

use bytes::Bytes;
use metrics::counter;
use model::Timestamp;
use rumqttc::{AsyncClient, QoS};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::handle::{Handle, Tally};
use super::plan::Plan;
use super::session;
use crate::metrics::{PUBLISHED, READINGS};
use crate::{City, Config, Result, Scenario};

/// Messages to a gateway that wait for it to answer; a host that asks more often than it is answered is answered once.
const HEARD: usize = 4;

/// A city ready to speak.
#[derive(Debug)]
pub struct Simulator {
    city: Arc<City>,
    config: Config,
    tally: Arc<Tally>,
}

impl Simulator {
    /// Prepares a city (see [`Config::city`]) to publish as the configuration says.
    ///
    /// # Errors
    /// As [`Config::check`].
    pub fn new(city: Arc<City>, config: Config) -> Result<(Self, Handle)> {
        config.check()?;
        let tally = Arc::new(Tally::default());
        let handle = Handle(Arc::clone(&tally));
        Ok((Self { city, config, tally }, handle))
    }

    /// Publishes until `stop`, then lets what is queued leave (two seconds at most) and returns. Never fails: a broker that is away is
    /// tried again for ever.
    pub async fn run(self, stop: CancellationToken) {
        let Self { city, config, tally } = self;
        let start = now();
        let scenario = config.scenario.then(|| Arc::new(Scenario::new(&city, start)));
        if let Some(scenario) = &scenario {
            let _first = tally.scenario.set(Arc::clone(scenario));
        }
        let plans = Plan::all(&city, scenario.as_ref(), config.readings_per_second, start);
        tracing::info!(
            assets = city.assets().len(),
            gateways = plans.len(),
            seed = city.seed(),
            "simulated city starts to speak"
        );
        let mut tasks = JoinSet::new();
        for plan in plans {
            let gateway = plan.gateway().to_owned();
            let (client, events) = session::open(&config.broker, city.tenant().as_str(), &gateway, plan.converses());
            let (connection, connected) = watch::channel(0);
            let (sender, heard) = mpsc::channel(HEARD);
            let line = session::Line { connection, heard: sender, will: plan.will() };
            tasks.spawn(session::drive(events, line, gateway, city.seed(), Arc::clone(&tally), stop.clone()));
            let speaker = Speaker { plan, client, connected, heard, tally: Arc::clone(&tally) };
            tasks.spawn(speaker.speak(stop.clone()));
        }
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a simulated gateway ended early");
            }
        }
    }
}

/// One gateway's timetable with its end of the session.
struct Speaker {
    plan: Plan,
    client: AsyncClient,
    connected: watch::Receiver<u64>,
    heard: mpsc::Receiver<(String, Bytes)>,
    tally: Arc<Tally>,
}

impl Speaker {
    /// Hands the messages of the timetable to the session as they fall due; waits while the session is full.
    async fn speak(mut self, stop: CancellationToken) {
        while let Some(at) = self.plan.next_at() {
            let silent = self.plan.converses() && *self.connected.borrow() == 0;
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                changed = self.connected.changed() => {
                    if changed.is_err() {
                        return; // the session has ended, which it does only on stop
                    }
                    self.begin();
                    continue;
                }
                Some((topic, payload)) = self.heard.recv() => self.plan.hear(&topic, &payload),
                () = tokio::time::sleep(at.since(now())), if !silent => {}
            }
            if !self.say(&stop).await {
                return;
            }
        }
        let connection = *self.connected.borrow();
        // These fail when the queue is full or the session has gone; then there is no farewell to say.
        if let Some(death) = self.plan.death(connection).filter(|_| connection > 0) {
            let _ = self.client.try_publish(death.topic, QoS::AtLeastOnce, false, death.payload);
        }
        let _ = self.client.try_disconnect();
    }

    /// What a new connection begins with.
    fn begin(&mut self) {
        let connection = *self.connected.borrow_and_update();
        if connection > 0 {
            self.plan.connected(connection);
            if let Some(filter) = self.plan.ears() {
                // A full queue belongs to a connection that has just come back: the next one will be asked again.
                let _ = self.client.try_subscribe(filter, QoS::AtMostOnce);
            }
        }
    }

    /// Hands over what is due; false when the session has ended.
    async fn say(&mut self, stop: &CancellationToken) -> bool {
        while let Some(message) = self.plan.due(now()) {
            let readings = message.readings as u64;
            let qos = if message.assured { QoS::AtLeastOnce } else { QoS::AtMostOnce };
            let sent = tokio::select! {
                biased;
                () = stop.cancelled() => return true,
                sent = self.client.publish_bytes(message.topic, qos, false, message.payload) => sent,
            };
            if sent.is_err() {
                return false;
            }
            Tally::add(&self.tally.published, 1);
            Tally::add(&self.tally.readings, readings);
            counter!(PUBLISHED).increment(1);
            counter!(READINGS).increment(readings);
            if self.connected.has_changed().unwrap_or(true) && self.plan.converses() {
                return true;
            }
        }
        true
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::EPOCH.plus(since)
}
