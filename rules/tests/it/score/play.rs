//! Playing labelled data through a detector.

use model::Timestamp;
use rules::detect::{About, Detector, Evidence, Field, Finding, Sample, Turn};
use rules::score::{DataSet, play};
use serde::{Deserialize, Serialize};
use tempfile::tempdir;

use super::small_city;

/// Says of each sample what it saw, and of the first circuit at each noon that noon is there.
#[derive(Serialize, Deserialize)]
struct Witness;

fn finding(about: About, kind: &'static str, turn: Turn, time: Timestamp) -> Finding {
    Finding { about, kind, turn, time, evidence: Evidence { of: "nothing", seen: 0.0, low: 0.0, high: 0.0 } }
}

impl Detector for Witness {
    const NAME: &'static str = "witness";
    const KINDS: &'static [&'static str] = &["even", "odd", "noon"];
    const COMPANIONS: &'static [&'static str] = &["illuminance", "absent"];

    fn new(field: &Field) -> Self {
        assert_eq!(field.groups, ["circuit-1", "circuit-2"]);
        assert_eq!(field.members[2].group, 1);
        Self
    }

    fn observe(&mut self, sample: &Sample<'_>, found: &mut Vec<Finding>) {
        assert!(sample.companions[1].is_nan());
        let hour = (sample.time.as_nanos() / 3_600_000_000_000) % 24;
        // The cell of an odd hour is empty: the companion of the hour before is the newest.
        assert_eq!(sample.companions[0], (hour - hour % 2) as f64);
        assert_eq!(sample.value, [40.0, 50.0, 60.0][sample.member]);
        let about = About::Member(sample.member);
        let turns = if hour % 2 == 0 { [Turn::Raised, Turn::Cleared] } else { [Turn::Cleared, Turn::Raised] };
        found.push(finding(about, "even", turns[0], sample.time));
        // Said twice, shown once.
        found.push(finding(about, "odd", turns[1], sample.time));
        found.push(finding(about, "odd", turns[1], sample.time));
    }

    fn beat(&mut self, now: Timestamp, found: &mut Vec<Finding>) {
        let seconds = now.as_nanos() / 1_000_000_000;
        assert_eq!(seconds % 60, 0);
        if seconds % 86_400 == 43_200 {
            found.push(finding(About::Group(0), "noon", Turn::Raised, now));
        } else if seconds % 86_400 == 43_260 {
            found.push(finding(About::Group(0), "noon", Turn::Cleared, now));
        }
    }
}

#[test]
fn samples_and_beats_come_in_the_order_of_time() {
    let folder = tempdir().unwrap();
    small_city(folder.path(), r#"{"events":[]}"#);
    let alerts = play::<Witness>(&DataSet::read(folder.path()).unwrap());
    let starts: Vec<_> = alerts.iter().map(|alert| alert.start).collect();
    assert!(starts.is_sorted());
    let of = |kind: &str| alerts.iter().filter(|alert| alert.kind == kind).count();
    assert_eq!((of("even"), of("odd"), of("noon")), (31 * 12 * 3, 31 * 12 * 3, 31));
    let noon = alerts.iter().find(|alert| alert.kind == "noon").unwrap();
    assert_eq!((noon.name.as_str(), noon.start.to_rfc3339().as_str()), ("circuit-1", "2026-01-01T12:00:00Z"));
    assert_eq!(noon.end.unwrap().to_rfc3339(), "2026-01-01T12:01:00Z");
    // The beat of a minute comes before the samples of that minute.
    let at_noon: Vec<_> = alerts.iter().filter(|alert| alert.start == noon.start).map(|a| a.kind.as_str()).collect();
    assert_eq!(at_noon, ["noon", "even", "even", "even"]);
}
