//! The kinds of condition. To add one: a file beside these, and its name in the list below.

#[expect(clippy::module_inception, reason = "the contract of the folder bears the folder's name")]
mod condition;
mod deviation;
mod rate_of_change;
mod silence;
mod stuck;
mod surprise;
mod threshold;

use model::{Duration, Value};
use serde::Deserialize as _;
use toml::de::ValueDeserializer;

pub(crate) use condition::{Sample, Verdict};

use crate::book::{Comparison, Complaint};
use condition::Kind;

macro_rules! kinds {
    ($($(#[$doc:meta])* $word:literal => $name:ident($file:ident),)*) => {
        /// What a rule calls abnormal.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Condition { $($(#[$doc])* $name($file::$name),)* }

        /// What one condition remembers of one series.
        #[derive(Debug)]
        pub(crate) enum Memory { $($name(<$file::$name as Kind>::Memory),)* }

        impl Condition {
            /// Reads the keys of the kind with this word; `None` when there is no such kind.
            pub(crate) fn read(word: &str, keys: ValueDeserializer<'_>) -> Option<Result<Self, toml::de::Error>> {
                match word {
                    $($word => Some($file::$name::deserialize(keys).map(Self::$name)),)*
                    _ => None,
                }
            }

            /// The words of all kinds, for hints.
            pub(crate) fn kinds() -> &'static str {
                concat!("one of:" $(, " ", $word)*)
            }

            /// An empty memory for one series.
            pub(crate) fn memory(&self) -> Memory {
                match self { $(Self::$name(_) => Memory::$name(Default::default()),)* }
            }

            /// Judges one reading. A memory of another kind judges nothing.
            pub(crate) fn judge(&self, memory: &mut Memory, sample: Sample<'_>) -> Verdict {
                match (self, memory) {
                    $((Self::$name(kind), Memory::$name(memory)) => kind.judge(memory, sample),)*
                    _ => Verdict::Unchanged,
                }
            }

            /// What an alarm states as the deciding value, when that is not the reading itself.
            pub(crate) fn decisive(&self, memory: &Memory) -> Option<Value> {
                match (self, memory) {
                    $((Self::$name(kind), Memory::$name(memory)) => kind.decisive(memory),)*
                    _ => None,
                }
            }

            pub(crate) fn validate(&self) -> Result<(), Complaint> {
                let checked = match self { $(Self::$name(kind) => kind.validate(),)* };
                checked.map_err(|(key, message, hint)| Complaint::new(key, message, hint))
            }

            /// The limit that an alarm of this condition states, if it has one.
            pub(crate) fn limit(&self, memory: &Memory) -> Option<f64> {
                match (self, memory) {
                    $((Self::$name(kind), Memory::$name(memory)) => kind.limit(memory),)*
                    _ => None,
                }
            }

            /// Takes up again what an alarm from before a restart states.
            pub(crate) fn resume(&self, memory: &mut Memory, value: f64, limit: f64) {
                match (self, memory) {
                    $((Self::$name(kind), Memory::$name(memory)) => kind.resume(memory, value, limit),)*
                    _ => {}
                }
            }

            /// The limit as a line on the chart of the value itself: side, limit, clear limit.
            pub fn limit_of_value(&self) -> Option<(Comparison, f64, f64)> {
                match self { $(Self::$name(kind) => kind.limit_of_value(),)* }
            }

            /// How long nothing may be heard, for conditions about that.
            pub fn silence(&self) -> Option<Duration> {
                match self { $(Self::$name(kind) => kind.silence(),)* }
            }

            /// Whether one reading alone tells normal from abnormal.
            pub(crate) fn one_tells(&self) -> bool {
                match self { $(Self::$name(kind) => kind.one_tells(),)* }
            }
        }
    };
}

kinds! {
    /// Above or below a limit, with hysteresis.
    "threshold" => Threshold(threshold),
    /// Away from its own recent past.
    "deviation" => Deviation(deviation),
    /// Rising or falling too fast.
    "rate_of_change" => RateOfChange(rate_of_change),
    /// Nothing heard for too long.
    "silence" => Silence(silence),
    /// Exactly the same value for too long.
    "stuck" => Stuck(stuck),
    /// Doing what it never did before.
    "surprise" => Surprise(surprise),
}
