//! One sensor that sends a number whenever it is told to: for measuring how long a reading takes from here to a screen.

use model::Duration;
use rumqttc::{AsyncClient, MqttOptions, QoS};
use serde_json::json;
use tokio::task::JoinSet;

use crate::{Error, Result};

/// Probes that wait for the connection; a measurement that is further behind has found its answer.
const WAITING: usize = 16;
const PATIENCE: Duration = Duration::from_secs(5);
const KEEP_ALIVE: Duration = Duration::from_secs(10);
/// Between two attempts to connect.
const PAUSE: Duration = Duration::from_millis(200);

/// A sensor in the hand of whoever measures; its connection ends when it is dropped.
#[derive(Debug)]
pub struct Probe {
    client: AsyncClient,
    broker: String,
    topic: String,
    device: String,
    _session: JoinSet<()>,
}

impl Probe {
    /// The metric under which its numbers arrive.
    pub const METRIC: &str = "probe";

    /// Begins to connect to a broker without credentials, as `device` of a tenant. Needs a tokio runtime.
    pub fn connect(host: &str, port: u16, tenant: &str, device: &str) -> Self {
        // Two measurements at the same time do not throw each other out.
        let mut options = MqttOptions::new(format!("probe-{tenant}-{device}-{}", std::process::id()), host, port);
        options.set_keep_alive(KEEP_ALIVE);
        let (client, mut events) = AsyncClient::new(options, WAITING);
        let mut session = JoinSet::new();
        session.spawn(async move {
            loop {
                if let Err(error) = events.poll().await {
                    tracing::debug!(%error, "the probe is not connected");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        });
        Self {
            client,
            broker: format!("{host}:{port}"),
            topic: format!("specola/v1/{tenant}/{device}/readings"),
            device: device.to_owned(),
            _session: session,
        }
    }

    /// Sends a number with QoS 1, in Specola's own JSON, without a time: it counts from its arrival.
    ///
    /// # Errors
    /// [`Error::Unreachable`] when the connection has taken nothing for five seconds.
    pub async fn publish(&self, value: f64) -> Result<()> {
        let body = json!({"device": self.device, "values": {Self::METRIC: value}}).to_string();
        let sent = self.client.publish(&self.topic, QoS::AtLeastOnce, false, body);
        match tokio::time::timeout(PATIENCE, sent).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(Error::Unreachable(self.broker.clone())),
        }
    }
}
