//! Ingest as a whole: starts the sources and the decoders, waits for them, stops them in order.

use std::collections::HashMap;
use std::sync::Arc;

use model::TenantId;
use tokio::sync::mpsc::Sender;
use tokio::task::{Id, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::decode::Host;
use crate::gate::Gate;
use crate::handle::{Source, SourceKind};
use crate::mqtt::{listener, session};
use crate::stage::Stage;
use crate::{Arrival, Clock, Config, Directory, Door, Error, Handle, Result};

/// Where ingest begins.
#[derive(Debug)]
pub struct Ingest;

/// A running ingest. Wait for it with [`Service::run`].
#[must_use = "ingest stops when the service is dropped"]
pub struct Service {
    tasks: JoinSet<()>,
    names: HashMap<Id, String>,
}

impl Ingest {
    /// Starts every source and the decoders. Sources that must be there (our listener's port, certificate files) fail here; brokers that cannot be
    /// reached are tried again and again. `stop` ends the sources; the decoders end when nothing is left to decode.
    pub async fn start(
        config: Config,
        directory: Arc<dyn Directory>,
        clock: Arc<dyn Clock>,
        arrivals: Sender<Arrival>,
        stop: CancellationToken,
    ) -> Result<(Service, Handle)> {
        config.validate()?;
        let (gate, waiting) = Gate::new(&config);
        let stage = Stage::new(&config, directory, Arc::clone(&clock))?;
        let mut sources = Vec::new();
        let mut sessions = Vec::new();
        let tenant_of = |key: &str, text: &str| {
            TenantId::new(text).map_err(|why| Error::Config { key: key.to_owned(), problem: why.to_string() })
        };
        let mut listening: Option<listener::Bound> = None;
        if config.listener.enabled {
            let tenant = tenant_of("listener.tenant", &config.listener.tenant)?;
            let ours = listener::sources(&config.listener, &tenant);
            let (gate, clock, host) = (gate.downgrade(), Arc::clone(&clock), Host::announced(&config.routes));
            listening = Some(listener::bind(&config.listener, &ours, gate, clock, host, stop.clone()).await?);
            sources.extend(ours);
        }
        for broker in &config.brokers {
            let source = Source::new(&broker.name, tenant_of("brokers.tenant", &broker.tenant)?, SourceKind::Broker);
            sources.push(Arc::clone(&source));
            sessions.push((
                broker.name.clone(),
                session::Session::new(broker, &config.routes, source, Arc::clone(&clock))?,
            ));
        }
        if sources.is_empty() {
            tracing::warn!("neither the listener is enabled nor a broker listed: readings come by HTTP only");
        }
        let address = listening.as_ref().map(listener::Bound::address);
        let secure = listening.as_ref().and_then(listener::Bound::secure_address);
        let door = Door::new(&config, gate.downgrade(), clock);
        let (gate_seen, ledger) = (gate.downgrade(), stage.ledger());
        let handle = Handle { sources: Arc::new(sources), gate: gate_seen, door, listener: address, secure, ledger };
        let mut service = Service { tasks: JoinSet::new(), names: HashMap::new() };
        service.spawn("decode".to_owned(), stage.run(waiting, arrivals, handle.clone()));
        if let Some(bound) = listening {
            service.spawn("listener".to_owned(), bound.run(gate.clone()));
        }
        for (name, session) in sessions {
            service.spawn(format!("session {name}"), session.run(gate.clone(), stop.clone()));
        }
        // The door itself holds nothing open, so that it never delays the end: it is open until the stop signal.
        service.spawn("door".to_owned(), async move {
            stop.cancelled().await;
            drop(gate);
        });
        Ok((service, handle))
    }
}

impl Service {
    fn spawn(&mut self, name: String, task: impl Future<Output = ()> + Send + 'static) {
        let id = self.tasks.spawn(task).id();
        self.names.insert(id, name);
    }

    /// Waits until every task has ended: after the stop signal, when all that came has been handed on and the owed acknowledgements have been
    /// confirmed or given up. A task that panics ends everything with an error that names it.
    pub async fn run(mut self) -> Result<()> {
        while let Some(ended) = self.tasks.join_next_with_id().await {
            let name = |id: &Id| self.names.get(id).cloned().unwrap_or_default();
            match ended {
                Ok((id, ())) => tracing::debug!(task = name(&id), "ended"),
                Err(why) if why.is_panic() => {
                    tracing::error!(task = name(&why.id()), "ended by a panic");
                    return Err(Error::Task(name(&why.id())));
                }
                Err(_) => {}
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Service").field("tasks", &self.names.values()).finish()
    }
}
