//! The rules of the public benchmarks, and those of remaining life.

use std::path::Path;
use std::process::Command;

use model::{Duration, Timestamp};
use rules::detect::Multivariate;
use rules::score::{
    LifeForecast, PROFILES, read_lives, read_nab, read_skab, score_lives, score_nab, score_skab, write_lives,
    write_nab, write_skab,
};
use serde_json::json;
use tempfile::tempdir;

use super::{Dice, python};

/// Two small files with three windows, in the form of the benchmark.
fn small_nab(folder: &Path) {
    std::fs::create_dir_all(folder.join("data/real")).unwrap();
    let time = |row: u64| {
        let time = Timestamp::parse("2014-04-01T00:00:00Z").unwrap().plus(Duration::from_secs(300 * row));
        time.to_rfc3339().replace('T', " ").replace('Z', "")
    };
    for name in ["a", "b"] {
        let rows: String = (0..400).map(|row| format!("{},{}\n", time(row), row % 7)).collect();
        std::fs::write(folder.join(format!("data/real/{name}.csv")), format!("timestamp,value\n{rows}")).unwrap();
    }
    let labels = json!({
        "real/a.csv": {"rows": 400, "windows": [[time(100), time(140)], [time(300), time(300)]]},
        "real/b.csv": {"rows": 400, "windows": [[time(30), time(80)]]},
    });
    std::fs::write(folder.join("labels.json"), labels.to_string()).unwrap();
}

#[test]
fn silence_is_worth_nothing_and_the_left_edges_are_perfect() {
    let folder = tempdir().unwrap();
    small_nab(folder.path());
    let files = read_nab(folder.path()).unwrap();
    let silent = vec![vec![0.0; 400]; 2];
    let mut perfect = silent.clone();
    for (file, scores) in files.iter().zip(&mut perfect) {
        file.windows.iter().for_each(|window| scores[window.0.max(file.probation())] = 1.0);
    }
    for profile in PROFILES {
        assert_eq!(score_nab(&files, &silent, profile, Some(0.5)).normalized, 0.0);
        let best = score_nab(&files, &perfect, profile, None);
        assert!((90.0..=100.0).contains(&best.normalized) && best.hit == 3 && best.threshold == 1.0, "{best:?}");
    }
}

#[test]
fn rows_are_scored_as_the_benchmark_does() {
    for seed in 0..4 {
        let (mut dice, folder) = (Dice(seed), tempdir().unwrap());
        small_nab(folder.path());
        let files = read_nab(folder.path()).unwrap();
        let mut row = |_| if dice.below(12) == 0 { dice.below(20) as f64 / 20.0 } else { 0.0 };
        let scores = vec![(0..400).map(&mut row).collect(), (0..400).map(&mut row).collect::<Vec<f64>>()];
        let predictions = folder.path().join("predictions");
        write_nab(&predictions, &files, &scores).unwrap();
        let labels = folder.path().join("labels.json");
        for fixed in [None, Some(0.7)] {
            let mut arguments = vec!["--labels", labels.to_str().unwrap(), "--pred", predictions.to_str().unwrap()];
            arguments.extend(fixed.iter().flat_map(|_| ["--threshold", "0.7"]));
            let Some(theirs) = python("nab_score.py", &arguments, &folder.path().join("out.json")) else { return };
            for profile in PROFILES {
                let (ours, theirs) = (score_nab(&files, &scores, profile, fixed), &theirs["profiles"][profile.name]);
                let near = (ours.normalized - theirs["normalized"].as_f64().unwrap()).abs() < 1e-3;
                assert!(near && theirs["windows_hit"] == ours.hit, "seed {seed}: {ours:?} {theirs}");
                assert_eq!(theirs["detections_outside_windows"], ours.outside, "seed {seed}");
            }
        }
    }
}

#[test]
fn a_machine_that_leaves_its_range_is_flagged_until_it_is_back() {
    let (mut dice, folder) = (Dice(11), tempdir().unwrap());
    std::fs::create_dir_all(folder.path().join("valve")).unwrap();
    let mut table = String::from("datetime;Flow;Warmth;anomaly;changepoint\n");
    for second in 0..1000 {
        let anomalous = (600..800).contains(&second);
        let flow = 30.0 + dice.even() - if anomalous { 6.0 } else { 0.0 };
        // The other one creeps all the time, and that is no fault.
        let warmth = 70.0 + 0.005 * f64::from(second) + 0.1 * dice.even();
        table.push_str(&format!("{second};{flow};{warmth};{};0\n", f64::from(u8::from(anomalous))));
    }
    std::fs::write(folder.path().join("valve/0.csv"), table).unwrap();
    let files = read_skab(folder.path()).unwrap();
    let flags = vec![files[0].play::<Multivariate>()];
    let ours = score_skab(&files, &flags);
    assert!(ours.balanced_accuracy > 0.9 && ours.rows == 600, "{ours:?}");
    assert!(!flags[0][..600].contains(&true) && !flags[0][900..].contains(&true));

    let predictions = folder.path().join("predictions");
    write_skab(&predictions, &files, &flags).unwrap();
    let tool = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/tools/skab_score.py");
    if !tool.exists() {
        return;
    }
    let mut scorer = Command::new("python3");
    let Ok(done) = scorer.arg(tool).arg("--data").arg(folder.path()).arg("--pred").arg(&predictions).output() else {
        return;
    };
    let expected = format!(
        "f1 {:.4}  far {:.4}  mar {:.4}  balanced_accuracy {:.4}  rows {}",
        ours.f1, ours.false_alarms, ours.missed, ours.balanced_accuracy, ours.rows
    );
    assert_eq!(String::from_utf8(done.stdout).unwrap().trim(), expected);
}

#[test]
fn forecasts_of_life_are_scored_as_the_data_does() {
    let day = |n: i64| Timestamp::from_nanos(n * 86_400_000_000_000);
    for seed in 0..4 {
        let (mut dice, folder) = (Dice(seed), tempdir().unwrap());
        let mut lives = serde_json::Map::new();
        let mut forecasts = Vec::new();
        for n in 0..6_i64 {
            let (series, eol) = (format!("pump-{n}"), 200 + dice.below(300) as i64);
            let failed = n % 3 != 0;
            let truth = json!({"start": day(10).to_rfc3339(), "end": day(eol).to_rfc3339(),
                "eol": if failed { json!(day(eol).to_rfc3339()) } else { json!(null) }});
            lives.insert(series.clone(), truth);
            for _ in 0..dice.below(60) {
                let (asof, p50) = (10 + dice.below(eol as u64) as i64, eol + dice.below(80) as i64 - 40);
                let forecast = LifeForecast {
                    series: series.clone(),
                    asof: day(asof),
                    p10: day(p50 - dice.below(50) as i64),
                    p50: day(p50),
                    p90: day(p50 + dice.below(50) as i64),
                };
                if forecasts.iter().all(|f: &LifeForecast| (&f.series, f.asof) != (&series, forecast.asof)) {
                    forecasts.push(forecast);
                }
            }
        }
        std::fs::write(folder.path().join("truth.json"), json!({ "series": lives }).to_string()).unwrap();
        let predictions = folder.path().join("eol.csv");
        write_lives(&predictions, &forecasts).unwrap();
        let ours = score_lives(&read_lives(folder.path()).unwrap(), &forecasts);
        assert_eq!(ours.points, 64);
        let arguments = ["--rul", folder.path().to_str().unwrap(), "--pred", predictions.to_str().unwrap()];
        let Some(theirs) = python("event_score.py", &arguments, &folder.path().join("out.json")) else { return };
        assert_eq!(theirs["missing"], ours.missing, "seed {seed}");
        let numbers = [
            ("alpha_lambda", Some(ours.within_a_fifth)),
            ("coverage80", Some(ours.coverage)),
            ("width", ours.width),
            ("median_rel_error", ours.median_error),
            ("false_imminent", ours.false_imminent),
        ];
        for (name, ours) in numbers {
            match (ours, theirs[name].as_f64()) {
                (Some(ours), Some(theirs)) => assert!((ours - theirs).abs() < 6e-4, "{seed} {name}: {ours} {theirs}"),
                (ours, theirs) => assert_eq!(ours, theirs, "{seed} {name}"),
            }
        }
    }
}
