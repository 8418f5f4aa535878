//! What messages would become, without any connection: for trying a mapping, for tests and for measuring.

use std::sync::{Arc, Mutex, PoisonError};

use model::{TenantId, Timestamp};

use crate::books::Books;
use crate::decode::Command;
use crate::handle::{Source, SourceKind};
use crate::ledger::Books as Ledger;
use crate::stage::Stage;
use crate::{Arrival, Awaited, Config, Directory, GapReport, RawMessage, Result, SystemClock};

/// Decoders and rules of a configuration, fed by hand.
pub struct Trial {
    stage: Stage,
    source: Arc<Source>,
    ledger: Arc<Mutex<Ledger>>,
}

impl Trial {
    /// The decoders and rules of this configuration. Its sources are not opened. What it sees stands in books of its own.
    pub fn new(config: &Config, tenant: TenantId, directory: Arc<dyn Directory>) -> Result<Self> {
        config.validate()?;
        let stage = Stage::new(config, directory, Arc::new(SystemClock))?;
        Ok(Self {
            ledger: stage.ledger(),
            stage,
            // Nobody watches it: what is tried must not stand among the counters of real sources.
            source: metrics::with_local_recorder(&metrics::NoopRecorder, || {
                Source::new("trial", tenant, SourceKind::Broker)
            }),
        })
    }

    /// What this message would become, with the messages before it in mind.
    pub fn hear(&mut self, message: &RawMessage) -> Arrival {
        self.source.count_received(message.bytes);
        let mut ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        self.stage.hear(message, &self.source, &mut ledger);
        Arrival { messages: 1, ..self.stage.leave() }
    }

    /// Lets it become `now` without a message: decoders may have something to say by then.
    pub fn wait(&mut self, now: Timestamp) {
        for (_, command) in self.stage.due(now) {
            self.source.command(command);
        }
    }

    /// What came and what became of it, as far as the arrivals were settled.
    pub fn books(&self) -> Books {
        self.source.books()
    }

    /// Who should have spoken and did not.
    pub fn gaps(&self, tenant: &TenantId, now: Timestamp) -> GapReport {
        let ledger = self.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.report(tenant, now, |_| Awaited::default())
    }

    /// What was to be said to devices since the last time.
    pub fn commands(&mut self) -> Vec<Command> {
        self.source.take_commands()
    }
}

impl std::fmt::Debug for Trial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trial").field("source", &self.source.name).finish_non_exhaustive()
    }
}
