//! Plays samples and beats to a detector, as running time would.

use model::{Duration, Timestamp};
use rules::detect::{About, Detector, Field, Finding, Member, Sample, Turn};

const MINUTE: Duration = Duration::from_secs(60);

/// A field of `groups` groups with `each` members of one metric.
pub(super) fn field(metric: &str, groups: usize, each: usize, period: Duration) -> Field {
    let member = |place: usize| Member {
        name: format!("member-{place}"),
        group: place / each,
        metric: metric.to_owned(),
        period,
    };
    Field {
        groups: (0..groups).map(|group| format!("group-{group}")).collect(),
        members: (0..groups * each).map(member).collect(),
    }
}

/// A detector, the time, and what it said so far.
pub(super) struct Stage<D> {
    pub(super) detector: D,
    pub(super) period: Duration,
    members: usize,
    now: Timestamp,
    pub(super) found: Vec<Finding>,
}

impl<D: Detector> Stage<D> {
    pub(super) fn new(field: &Field) -> Self {
        Self {
            detector: D::new(field),
            period: field.members[0].period,
            members: field.members.len(),
            now: Timestamp::EPOCH,
            found: Vec::new(),
        }
    }

    /// One period in which each member says what `says` gives for it and the step, or nothing.
    pub(super) fn step(&mut self, step: u32, says: &mut dyn FnMut(usize, u32) -> Option<(f64, Vec<f64>)>) {
        let time = Timestamp::EPOCH.plus(self.period * step);
        while self.now.plus(MINUTE) <= time {
            self.now = self.now.plus(MINUTE);
            self.detector.beat(self.now, &mut self.found);
        }
        for member in 0..self.members {
            if let Some((value, companions)) = says(member, step) {
                let sample = Sample { member, time, value, companions: &companions };
                self.detector.observe(&sample, &mut self.found);
            }
        }
    }

    /// What was raised since the findings were last taken.
    pub(super) fn raised(&mut self) -> Vec<(About, &'static str)> {
        let raised = self.found.iter().filter(|finding| finding.turn == Turn::Raised);
        let raised = raised.map(|finding| (finding.about, finding.kind)).collect();
        self.found.clear();
        raised
    }
}

/// Noise between -1 and 1 that is the same in each run, even though nothing is drawn.
pub(super) fn noise(member: usize, step: u32, salt: u64) -> f64 {
    let mut word = (member as u64) << 40 ^ u64::from(step) << 8 ^ salt.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    for _ in 0..2 {
        word = (word ^ word >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ word >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        word ^= word >> 31;
    }
    (word >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
}
