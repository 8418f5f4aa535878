//! Abnormal when nothing is heard of a device for too long. The engine keeps the time; any reading ends the silence.

use model::{Duration, Timestamp};
use serde::Deserialize;

use super::condition::{Kind, Sample, Verdict, Wrong};
use crate::book::Span;

/// How long a device may be silent after the start before its rhythm is known, where the rule goes by rhythm.
const PATIENCE: Duration = Duration::from_secs(300);

/// No reading for `lasting`, counted from the later of the last reading and the start of the service. With `intervals`, a device that
/// speaks less often is waited for that many of its own intervals.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Silence {
    lasting: Span,
    intervals: Option<f64>,
}

/// When the device was last heard since the start, and the longest of its recent intervals; both on the engine's running time.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    heard: Option<Timestamp>,
    longest: Option<Duration>,
}

impl Silence {
    /// Notes a sign of life at `running`. `listening` is when the engine last began to hear.
    pub(crate) fn hear(&self, memory: &mut Memory, running: Timestamp, listening: Timestamp) {
        if let Some(heard) = memory.heard.filter(|heard| *heard >= listening) {
            let gap = running.since(heard);
            memory.longest = Some(match memory.longest {
                None => gap,
                // one long silence says little about the rhythm; a slower rhythm is learned within a few intervals
                Some(longest) if gap > longest => {
                    gap.min(longest.saturating_add(longest / 2).max(Duration::from_secs(1)))
                }
                Some(longest) => longest - (longest - gap) / 16,
            });
        }
        memory.heard = Some(running);
    }

    /// When its silence will have lasted too long.
    pub(crate) fn due(&self, memory: &Memory, listening: Timestamp) -> Timestamp {
        let lasting = self.lasting.0;
        let patience = match (self.intervals, memory.longest) {
            (None, _) => lasting,
            (Some(_), None) => lasting.max(PATIENCE),
            (Some(intervals), Some(longest)) => lasting.max(longest.mul_f64(intervals)),
        };
        memory.heard.map_or(listening, |heard| heard.max(listening)).plus(patience)
    }

    /// How long nothing may be heard at least.
    pub(crate) fn lasting(&self) -> Duration {
        self.lasting.0
    }
}

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
        if self.intervals.is_some_and(|intervals| !(1.0..=100.0).contains(&intervals)) {
            return Err(("intervals", "must be 1 to 100".into(), "2.5 lets one message be lost"));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Hears the device after each of these gaps and tells how long it will then be waited for.
    #[track_caller]
    fn check(gaps: &[u64], patience: u64) {
        let silence = Silence { lasting: "40s".parse().unwrap(), intervals: Some(2.0) };
        let mut memory = Memory::default();
        let mut running = Timestamp::EPOCH;
        for gap in gaps {
            running = running.plus(Duration::from_secs(*gap));
            silence.hear(&mut memory, running, Timestamp::EPOCH);
        }
        assert_eq!(silence.due(&memory, Timestamp::EPOCH).since(running).as_secs(), patience);
    }

    #[test]
    fn a_slow_device_is_waited_for_longer_and_an_unknown_one_patiently() {
        check(&[], 300);
        check(&[5], 300);
        check(&[5, 10, 10], 40);
        check(&[5, 60, 60], 120);
    }

    #[test]
    fn one_long_silence_does_not_make_a_device_slow() {
        check(&[5, 30, 30, 3000], 90);
    }
}
