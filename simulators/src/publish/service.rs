//! The living city: one MQTT client per gateway over TCP, each with its timetable.

use std::sync::Arc;
use std::time::SystemTime;

use metrics::counter;
use model::Timestamp;
use rumqttc::{AsyncClient, QoS};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::handle::{Handle, Tally};
use super::plan::Plan;
use super::session;
use crate::metrics::{PUBLISHED, READINGS};
use crate::{City, Config, Result, Scenario};

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
            let (client, events) = session::open(&config.broker, city.tenant().as_str(), &gateway);
            tasks.spawn(session::drive(events, gateway, city.seed(), Arc::clone(&tally), stop.clone()));
            tasks.spawn(speak(plan, client, Arc::clone(&tally), stop.clone()));
        }
        while let Some(ended) = tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a simulated gateway ended early");
            }
        }
    }
}

/// Hands the messages of a timetable to its session as they fall due; waits while the session is full.
async fn speak(mut plan: Plan, client: AsyncClient, tally: Arc<Tally>, stop: CancellationToken) {
    while let Some(at) = plan.next_at() {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            () = tokio::time::sleep(at.since(now())) => {}
        }
        while let Some(message) = plan.due(now()) {
            let readings = message.readings as u64;
            let sent = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                sent = client.publish_bytes(message.topic, QoS::AtLeastOnce, false, message.payload) => sent,
            };
            if sent.is_err() {
                return; // the session has ended, which it does only on stop
            }
            Tally::add(&tally.published, 1);
            Tally::add(&tally.readings, readings);
            counter!(PUBLISHED).increment(1);
            counter!(READINGS).increment(readings);
        }
    }
    // Fails when the queue is full or the session has gone; then there is no farewell to say.
    let _ = client.try_disconnect();
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::EPOCH.plus(since)
}
