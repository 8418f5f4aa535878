//! What the detectors of the domains say of small cities made by a seed, and that nothing breaks them.

mod environment;
mod life;
mod town;
mod water;

use model::{Duration, Timestamp};
use rules::detect::{Detector, Field, Finding, Sample, Turn};
use serde_json::{from_str, to_string};

/// A reading: which member, when, how much.
type Reading = (usize, Timestamp, f64);

/// The moment `hours` after the start of every test, a Monday.
fn at(hours: f64) -> Timestamp {
    Timestamp::parse("2026-01-05T00:00:00Z").unwrap().plus(Duration::from_secs((hours * 3_600.0) as u64))
}

/// What a detector says of readings, with a beat before each new minute; it is written down and taken up again before reading `restart`.
fn play<D: Detector>(field: &Field, readings: &[Reading], restart: Option<usize>) -> Vec<Finding> {
    let (mut detector, mut found) = (D::new(field), Vec::new());
    let mut minute = i64::MIN;
    for (n, (member, time, value)) in readings.iter().enumerate() {
        if restart == Some(n) {
            detector = from_str(&to_string(&detector).unwrap()).unwrap();
        }
        let now = time.as_millis() / 60_000;
        if now > minute {
            minute = now;
            detector.beat(Timestamp::from_millis(now * 60_000).unwrap(), &mut found);
        }
        detector.observe(&Sample { member: *member, time: *time, value: *value, companions: &[] }, &mut found);
    }
    found
}

/// Who was accused of what from which hour on.
fn raised(found: &[Finding]) -> Vec<(String, f64)> {
    let hours = |time: Timestamp| time.since(at(0.0)).as_secs_f64() / 3_600.0;
    let raised = found.iter().filter(|finding| finding.turn == Turn::Raised);
    raised.map(|finding| (format!("{:?} {}", finding.about, finding.kind), hours(finding.time))).collect()
}

/// The same findings, whether or not the detector was written down in between. Texts hold doubles to the last digit but one.
#[track_caller]
fn survives_a_restart<D: Detector>(field: &Field, readings: &[Reading]) {
    let key = |finding: &Finding| (finding.about, finding.kind, finding.time);
    let whole = play::<D>(field, readings, None);
    assert!(!whole.is_empty(), "there must be something to lose");
    for share in [0.3, 0.7, 0.9] {
        let cut = (readings.len() as f64 * share) as usize;
        let again = play::<D>(field, readings, Some(cut));
        assert_eq!(whole.iter().map(key).collect::<Vec<_>>(), again.iter().map(key).collect::<Vec<_>>());
    }
}
