//! Opening the listener: is the port free, and then serving until the end.

use std::net::SocketAddr;
use std::sync::Arc;

use model::Duration;
use tokio_util::sync::CancellationToken;

use super::credentials::Credentials;
use super::engine::Engine;
use super::mqtt5_engine::Mqtt5;
use super::reception::Reception;
use crate::config::Listener;
use crate::gate::{Gate, WeakGate};
use crate::handle::Source;
use crate::{Clock, Error, Result};

/// How long the engine may take to part from its clients after the stop signal.
const FAREWELL: Duration = Duration::from_secs(8);

/// A listener that has its port and does not serve yet.
pub(crate) struct Bound {
    engine: Box<dyn Engine>,
    source: Arc<Source>,
}

/// Takes the port. A port that is taken is an error that names the address.
pub(crate) async fn bind(
    config: &Listener,
    source: Arc<Source>,
    gate: WeakGate,
    clock: Arc<dyn Clock>,
) -> Result<Bound> {
    // Engines tell a taken port in words of their own, or not at all: ask the system first.
    let probe = tokio::net::TcpListener::bind(config.bind).await;
    drop(probe.map_err(|source| Error::Bind { address: config.bind, source })?);
    let reception = Reception { source: Arc::clone(&source), credentials: Credentials::new(config), gate, clock };
    let engine = Mqtt5::bind(config, Arc::new(reception)).await.map_err(Error::Listener)?;
    Ok(Bound { engine: Box::new(engine), source })
}

impl Bound {
    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.engine.address()
    }

    /// Serves until `stop`. `gate` is held open until then, and until every publish in hand has been answered.
    pub(crate) async fn run(self, gate: Gate, stop: CancellationToken) {
        let address = self.address();
        self.source.set_connected(true);
        tracing::info!(%address, "listening for MQTT");
        let serving = self.engine.serve(stop.clone());
        let overdue = async {
            stop.cancelled().await;
            tokio::time::sleep(FAREWELL).await;
        };
        let outcome = tokio::select! {
            outcome = serving => outcome,
            () = overdue => Err("clients were still connected after the farewell; they will send again".to_owned()),
        };
        self.source.set_connected(false);
        if let Err(why) = outcome {
            tracing::error!(%address, %why, "the MQTT listener ended");
            self.source.set_error(why);
        }
        drop(gate);
    }
}
