//! Abnormal when nothing is heard of a device for too long. The engine keeps the time; any reading ends the silence.

use model::{Duration, Timestamp};
use serde::Deserialize;

use super::condition::{Kind, Sample, Verdict, Wrong};
use crate::book::Span;

/// No reading for `lasting`, counted from the later of the last reading and the start of the service.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    lasting: Span,
}

/// When the device was last heard, on the engine's running time; none before the first time since the start.
#[derive(Debug, Default)]
pub(crate) struct Memory(pub(crate) Option<Timestamp>);

impl Kind for Silence {
    type Memory = Memory;

    fn validate(&self) -> Result<(), Wrong> {
        if self.lasting.0 < Duration::from_secs(1) {
            return Err((
                "lasting",
                "is shorter than a second".into(),
                "three times the sensor's interval is a good start",
            ));
        }
        Ok(())
    }

    fn judge(&self, _memory: &mut Memory, _sample: Sample<'_>) -> Verdict {
        Verdict::Normal
    }

    fn silence(&self) -> Option<Duration> {
        Some(self.lasting.0)
    }
}
