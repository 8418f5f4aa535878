//! Scores of alerts against known faults.

use model::{Duration, Timestamp};
use rules::score::{Alert, DataSet, EventScore, read_alerts, read_events, score_events, write_alerts};
use serde_json::{Value, json};
use tempfile::tempdir;

use super::{Dice, python, small_city};

fn at(text: &str) -> Timestamp {
    Timestamp::parse(&format!("2026-01-{text}:00Z")).unwrap()
}

fn alert(name: &str, start: &str, kind: &str) -> Alert {
    Alert { name: name.into(), start: at(start), end: None, kind: kind.into() }
}

fn event(id: &str, kind: &str, class: &str, series: &[&str], group: &str, times: [&str; 3]) -> Value {
    let time = |n: usize| at(times[n]).to_rfc3339();
    json!({"id": id, "kind": kind, "class": class, "series": series, "group": group,
        "start": time(0), "deadline": time(1), "end": time(2), "grace_s": 7200, "magnitude": {}})
}

fn score(events: &[Value], alerts: &[Alert]) -> EventScore {
    let folder = tempdir().unwrap();
    small_city(folder.path(), &json!({ "events": events }).to_string());
    let set = DataSet::read(folder.path()).unwrap();
    score_events(&set, &read_events(folder.path()).unwrap(), alerts)
}

fn lamp_out() -> Value {
    event("e1", "lamp_out", "fault", &["lamp-a"], "circuit-1", ["10T00:00", "10T10:00", "12T00:00"])
}

#[test]
fn a_fault_found_at_half_of_its_time_is_worth_three_quarters() {
    let got = score(&[lamp_out()], &[alert("lamp-a", "10T05:00", "lamp_out")]);
    assert_eq!((got.score, got.recall, got.precision, got.kind_accuracy), (75.0, 1.0, 1.0, Some(1.0)));
    assert_eq!(got.median_delay_h, Some(5.0));
}

#[test]
fn an_alert_about_the_circuit_finds_the_lamp_and_one_about_its_neighbour_does_not() {
    assert_eq!(score(&[lamp_out()], &[alert("circuit-1", "10T01:00", "lamp_out")]).detected, 1);
    let neighbour = score(&[lamp_out()], &[alert("lamp-b", "10T01:00", "lamp_out")]);
    assert_eq!((neighbour.detected, neighbour.false_alerts.len()), (0, 1));
}

#[test]
fn late_returning_and_early_alerts_are_neither_found_nor_false() {
    let alerts =
        [alert("lamp-a", "11T00:00", "x"), alert("lamp-a", "12T01:00", "x"), alert("lamp-a", "02T00:00", "lamp_out")];
    let got = score(&[lamp_out()], &alerts);
    assert_eq!((got.detected, got.late, got.ignored, got.false_alerts.len(), got.alerts), (0, 1, 1, 0, 2));
}

#[test]
fn false_alarms_beyond_the_budget_cost_their_share() {
    // 3 lamps for 27 days are 81 device-days: 4 false alarms are 49.4 for each 1,000, and 20 are forgiven.
    let mut alerts = vec![alert("lamp-a", "10T00:00", "lamp_out")];
    alerts.extend((0..4).map(|n| alert("lamp-c", &format!("2{n}T00:00"), "lamp_out")));
    let got = score(&[lamp_out()], &alerts);
    assert!((got.score - 100.0 * 20.0 / (4000.0 / 81.0)).abs() < 1e-9, "{}", got.score);
}

#[test]
fn alerts_survive_being_written_down() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("alerts.csv");
    let mut alerts = vec![alert("lamp, the \"first\"", "10T00:00", "lamp_out"), alert("b", "11T00:00", "")];
    alerts[0].end = Some(at("12T00:00"));
    write_alerts(&path, &alerts).unwrap();
    assert_eq!(read_alerts(&path).unwrap(), alerts);
}

#[test]
fn a_table_that_is_not_in_order_is_refused() {
    let folder = tempdir().unwrap();
    small_city(folder.path(), r#"{"events":[]}"#);
    let back = "timestamp,value\n2026-01-02T00:00:00Z,1\n2026-01-01T00:00:00Z,1\n";
    std::fs::write(folder.path().join("series/lamp-b.csv"), back).unwrap();
    assert!(DataSet::read(folder.path()).unwrap_err().to_string().contains("not in order"));
}

/// Random events and alerts; both scorers must say the same.
#[test]
fn equals_the_scorer_of_the_data() {
    for seed in 0..8 {
        let mut dice = Dice(seed);
        let mut events = Vec::new();
        let any = |dice: &mut Dice| at("01T00:00").plus(Duration::from_secs(600 * dice.below(31 * 144)));
        for n in 0..12 {
            let class = ["fault", "fault", "fault", "benign", "neutral"][dice.below(5) as usize];
            let kind = ["lamp_out", "cycling", "storm"][dice.below(3) as usize];
            let (series, group): (&[&str], &str) =
                [(&["lamp-a"][..], "circuit-1"), (&[], "circuit-1"), (&[], "city"), (&["lamp-c"], "circuit-2")]
                    [dice.below(4) as usize];
            let start = any(&mut dice);
            let deadline = start.plus(Duration::from_secs(600 * dice.below(200)));
            let end = deadline.plus(Duration::from_secs(600 * dice.below(100)));
            let mut event = event(&format!("e{n}"), kind, class, series, group, ["01T00:00"; 3]);
            for (key, time) in [("start", start), ("deadline", deadline), ("end", end)] {
                event[key] = json!(time.to_rfc3339());
            }
            events.push(event);
        }
        let mut alerts = Vec::new();
        for _ in 0..dice.below(60) {
            let name = ["lamp-a", "lamp-b", "lamp-c", "circuit-1", "circuit-2", "nobody"][dice.below(6) as usize];
            let kind = ["lamp_out", "cycling", ""][dice.below(3) as usize];
            alerts.push(Alert { name: name.into(), start: any(&mut dice), end: None, kind: kind.into() });
        }
        let folder = tempdir().unwrap();
        small_city(folder.path(), &json!({ "events": events }).to_string());
        let (predictions, out) = (folder.path().join("alerts.csv"), folder.path().join("out.json"));
        write_alerts(&predictions, &alerts).unwrap();
        let arguments = ["--data", folder.path().to_str().unwrap(), "--pred", predictions.to_str().unwrap()];
        let set = DataSet::read(folder.path()).unwrap();
        let ours = score_events(&set, &read_events(folder.path()).unwrap(), &read_alerts(&predictions).unwrap());
        let Some(theirs) = python("event_score.py", &arguments, &out) else { return };
        same(&ours, &theirs, seed);
    }
}

fn same(ours: &EventScore, theirs: &Value, seed: u64) {
    let near = |name: &str, ours: Option<f64>| match (ours, theirs[name].as_f64()) {
        // They round to two or four digits.
        (Some(ours), Some(theirs)) => {
            assert!((ours - theirs).abs() < 0.005_01, "seed {seed}, {name}: {ours}, {theirs}")
        }
        (ours, theirs) => assert_eq!(ours, theirs, "seed {seed}, {name}"),
    };
    near("score", Some(ours.score));
    near("precision", Some(ours.precision));
    near("recall", Some(ours.recall));
    near("f1", Some(ours.f1));
    near("median_delay_h", ours.median_delay_h);
    near("p90_delay_h", ours.p90_delay_h);
    near("kind_accuracy", ours.kind_accuracy);
    near("false_per_1000_device_days", Some(ours.false_per_1000_device_days));
    near("alerts_per_1000_device_days", Some(ours.alerts_per_1000_device_days));
    let counts = [
        ("alerts", ours.alerts),
        ("false", ours.false_alerts.len()),
        ("late", ours.late),
        ("repeats", ours.repeats),
        ("ignored", ours.ignored),
        ("unknown_series", ours.unknown),
        ("worst_10min", ours.worst_10min),
        ("faults", ours.faults),
    ];
    for (name, ours) in counts {
        assert_eq!(json!(ours), theirs[name], "seed {seed}, {name}");
    }
    assert_eq!(json!(ours.false_in_benign), theirs["false_in_benign"], "seed {seed}");
    assert_eq!(json!(ours.missed), theirs["missed"], "seed {seed}");
    for (kind, ours) in &ours.by_kind {
        let theirs = &theirs["by_kind"][kind];
        assert_eq!((json!(ours.events), json!(ours.detected)), (theirs["events"].clone(), theirs["detected"].clone()));
    }
}
