//! What a detector of one domain must be able to do. Knows none of them.
//!
//! A detector watches a whole *field*: all series of one domain of one tenant, because the question "is it this sensor, its circuit,
//! or the weather?" is answered by the neighbours. It is pure and deterministic: the same samples and beats in the same order give
//! the same findings, and its state is bounded and can be written down and taken up again.

use model::{Duration, Timestamp};
use serde::{Deserialize, Serialize};

/// One series of a field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// What findings about it are called by: an asset, or a series of a data set.
    pub name: String,
    /// Where its group stands in [`Field::groups`]: its circuit, station, structure, zone, district.
    pub group: usize,
    /// What is measured, in the product's words, such as `active_power`, `pressure`, `no2`.
    pub metric: String,
    /// How often it is expected to speak.
    pub period: Duration,
}

/// Who is watched: the series and the groups that they are in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// The names of the groups.
    pub groups: Vec<String>,
    /// The series.
    pub members: Vec<Member>,
}

/// One measurement of one member, with what was known beside it at the same moment.
#[derive(Debug, Clone, Copy)]
pub struct Sample<'a> {
    /// Where the member stands in [`Field::members`].
    pub member: usize,
    /// When it was measured; times of one member never go backwards.
    pub time: Timestamp,
    /// What was measured, in the metric's unit. May be anything, NaN and infinities too.
    pub value: f64,
    /// The newest companions, in the order of the detector's [`Detector::COMPANIONS`]; NaN where nothing is known.
    pub companions: &'a [f64],
}

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum About {
    /// The member at this place.
    Member(usize),
    /// The group at this place, as a whole.
    Group(usize),
}

/// Whether a finding begins or ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Turn {
    /// From now on something is wrong.
    Raised,
    /// It is no longer.
    Cleared,
}

/// Something that a detector noticed, or that is over.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What it is about.
    pub about: About,
    /// What it is, one of the detector's [`Detector::KINDS`].
    pub kind: &'static str,
    /// Begin or end.
    pub turn: Turn,
    /// The moment of the sample or beat that decided; never earlier (nobody may know things before they happened).
    pub time: Timestamp,
    /// What was seen, and the band in which it was expected: the evidence of an alarm.
    pub evidence: Evidence,
}

/// Why a finding was made, in the unit of `of`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Evidence {
    /// What the numbers are, such as `active_power` or `residual`.
    pub of: &'static str,
    /// What was seen.
    pub seen: f64,
    /// The lower end of what was expected; NaN when there is none.
    pub low: f64,
    /// The upper end; NaN when there is none.
    pub high: f64,
}

/// Watches one field. Its state is written down by serde (moments inside it as nanoseconds, `model` knows no serde). State per series is bounded (1 KiB is the goal, 2 KiB the limit), work per sample is O(1) amortised, and
/// nothing is allocated per sample in the steady state.
pub trait Detector: Serialize + for<'de> Deserialize<'de> {
    /// What it is called in rule files and on the command line.
    const NAME: &'static str;
    /// The kinds of finding that it can make.
    const KINDS: &'static [&'static str];
    /// The measurements it wants beside the value, such as `dim_level`; absent ones are NaN.
    const COMPANIONS: &'static [&'static str];

    /// A detector that has heard nothing yet.
    fn new(field: &Field) -> Self;

    /// Takes in one sample. What it notices is added to `found`.
    fn observe(&mut self, sample: &Sample<'_>, found: &mut Vec<Finding>);

    /// Time passes: called at least every minute of running time (and, in a replay, whenever the time of the data reaches the next
    /// whole minute), so that silence can be noticed.
    fn beat(&mut self, now: Timestamp, found: &mut Vec<Finding>);
}
