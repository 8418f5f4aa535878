//! What messages would become, without any connection: for trying a mapping, for tests and for measuring.

use std::sync::Arc;

use model::{TenantId, Timestamp};

use crate::books::Books;
use crate::decode::Command;
use crate::handle::{Source, SourceKind};
use crate::stage::Stage;
use crate::{Arrival, Config, Directory, RawMessage, Result, SystemClock};

/// Decoders and rules of a configuration, fed by hand.
pub struct Trial {
    stage: Stage,
    source: Arc<Source>,
}

impl Trial {
    /// The decoders and rules of this configuration. Its sources are not opened. What it sees stands in books of its own.
    pub fn new(config: &Config, tenant: TenantId, directory: Arc<dyn Directory>) -> Result<Self> {
        config.validate()?;
        Ok(Self {
            stage: Stage::new(config, directory, Arc::new(SystemClock))?,
            // Nobody watches it: what is tried must not stand among the counters of real sources.
            source: metrics::with_local_recorder(&metrics::NoopRecorder, || {
                Source::new("trial", tenant, SourceKind::Broker)
            }),
        })
    }

    /// What this message would become, with the messages before it in mind.
    pub fn hear(&mut self, message: &RawMessage) -> Arrival {
        self.source.count_received(message.bytes);
        self.stage.hear(message, &self.source);
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
