//! The rules of the Numenta Anomaly Benchmark (Lavin and Ahmad, ICMLA 2015): each row has a score, and one threshold holds for all files.
//!
//! * The first 15 % of the rows of a file, at most 750, are probation and ignored.
//! * Inside a window only the best placed detection counts, by `A_tp s(y) / s(-1)`, where `s(y) = 2 / (1 + e^5y) - 1` and `y` goes from -1 at the
//!   window's left edge to 0 at its right one. A window without detection costs `A_fn`.
//! * A detection outside costs up to `A_fp`, less when it follows closely upon a window.
//! * 0 is no detection at all, 100 the perfect one.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chrono::NaiveDateTime;
use model::Timestamp;
use serde::Deserialize;

use super::error::{Result, ScoreError};

/// What a right detection is worth, what a false one costs, and what a missed window.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// What it is called.
    pub name: &'static str,
    right: f64,
    wrong: f64,
    missed: f64,
}

/// The three profiles of the benchmark.
pub const PROFILES: [Profile; 3] = [
    Profile { name: "standard", right: 1.0, wrong: 0.11, missed: 1.0 },
    Profile { name: "reward_low_FP_rate", right: 1.0, wrong: 0.22, missed: 1.0 },
    Profile { name: "reward_low_FN_rate", right: 1.0, wrong: 0.11, missed: 2.0 },
];

/// One file of the benchmark.
#[derive(Debug)]
pub struct NabFile {
    /// Its category and name.
    pub name: String,
    /// The moments as they are written in the file.
    pub written: Vec<String>,
    /// The same as moments.
    pub times: Vec<Timestamp>,
    /// What was measured.
    pub values: Vec<f64>,
    /// First and last row of each window, ascending.
    pub windows: Vec<(usize, usize)>,
}

/// How good row scores are under one profile.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NabScore {
    /// From 0, nothing detected, to 100, perfect; below 0 is worse than silence.
    pub normalized: f64,
    /// The threshold.
    pub threshold: f64,
    /// How many windows were hit.
    pub hit: usize,
    /// How many rows outside of windows were flagged.
    pub outside: usize,
}

/// Reads the files that `labels.json` in `folder` names.
pub fn read_nab(folder: &Path) -> Result<Vec<NabFile>> {
    #[derive(Deserialize)]
    struct Label {
        windows: Vec<(String, String)>,
    }
    let path = folder.join("labels.json");
    let text = fs::read(&path).map_err(ScoreError::file(&path))?;
    let labels: BTreeMap<String, Label> = serde_json::from_slice(&text).map_err(|e| ScoreError::form(&path, e))?;
    labels.into_iter().map(|(name, label)| NabFile::read(folder, name, &label.windows)).collect()
}

impl NabFile {
    fn read(folder: &Path, name: String, windows: &[(String, String)]) -> Result<Self> {
        let path = folder.join("data").join(&name);
        let mut table = csv::Reader::from_path(&path).map_err(|e| ScoreError::form(&path, e))?;
        let mut file = Self { name, written: Vec::new(), times: Vec::new(), values: Vec::new(), windows: Vec::new() };
        for row in table.records() {
            let row = row.map_err(|e| ScoreError::form(&path, e))?;
            let (written, value) = (row.get(0).unwrap_or_default(), row.get(1).unwrap_or_default());
            file.times.push(moment(written).ok_or_else(|| ScoreError::form(&path, format!("{written:?} is no time")))?);
            file.values.push(value.parse().map_err(|_| ScoreError::form(&path, format!("{value:?} is no number")))?);
            file.written.push(written.to_owned());
        }
        let row = |edge: &str| {
            let at = moment(edge);
            let found = file.times.iter().position(|time| Some(*time) == at);
            found.ok_or_else(|| ScoreError::form(&path, format!("window edge {edge} is no row")))
        };
        let mut places: Vec<_> = windows.iter().map(|(a, b)| Ok((row(a)?, row(b)?))).collect::<Result<_>>()?;
        places.sort_unstable();
        file.windows = places;
        Ok(file)
    }

    /// How many rows are not scored.
    pub fn probation(&self) -> usize {
        ((0.15 * self.values.len() as f64).floor() as usize).min(750)
    }

    /// For each row its window, and what a detection there is worth before weighing.
    fn worth(&self) -> Vec<(Option<usize>, f64)> {
        let rows = self.values.len();
        let mut worth = vec![(None, -1.0); rows];
        for (window, &(first, last)) in self.windows.iter().enumerate() {
            let width = (last - first + 1) as f64;
            for (row, worth) in worth.iter_mut().enumerate().take(last + 1).skip(first) {
                *worth = (Some(window), sigmoid(-((last - row + 1) as f64) / width) / sigmoid(-1.0));
            }
            let stop = self.windows.get(window + 1).map_or(rows, |next| next.0);
            for (row, worth) in worth.iter_mut().enumerate().take(stop).skip(last + 1) {
                let y = if width > 1.0 { (row - last) as f64 / (width - 1.0) } else { 4.0 };
                *worth = (None, if y > 3.0 { -1.0 } else { sigmoid(y) });
            }
        }
        worth
    }
}

fn sigmoid(y: f64) -> f64 {
    2.0 / (1.0 + (5.0 * y).exp()) - 1.0
}

/// A moment as the benchmark writes it; it names no zone, and none is needed.
fn moment(text: &str) -> Option<Timestamp> {
    let text = text.trim().replace('T', " ");
    let text = text.split('.').next()?.trim_end_matches('Z');
    let time = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()?;
    Timestamp::from_utc(time.and_utc())
}

/// Scores rows under one profile: at the `fixed` threshold, or at the one that is best for all files together. A row is flagged when its
/// score is at least the threshold.
pub fn score_nab(files: &[NabFile], scores: &[Vec<f64>], profile: Profile, fixed: Option<f64>) -> NabScore {
    let mut rows = Vec::new();
    let (mut windows, mut live) = (0, 0);
    for (file, scores) in files.iter().zip(scores) {
        let probation = file.probation();
        live += file.windows.iter().filter(|window| window.1 >= probation).count();
        for ((window, worth), score) in file.worth().into_iter().zip(scores).skip(probation) {
            rows.push((*score, window.map(|window| windows + window), worth));
        }
        windows += file.windows.len();
    }
    rows.sort_by(|a, b| b.0.total_cmp(&a.0));

    let null = -profile.missed * live as f64;
    let mut raw = null;
    let mut best_in: Vec<Option<f64>> = vec![None; windows];
    let (mut hit, mut outside) = (0, 0);
    let mut best = (raw, f64::INFINITY, 0, 0);
    for (n, (score, window, worth)) in rows.iter().enumerate() {
        if fixed.is_some_and(|fixed| *score < fixed) {
            break;
        }
        if let Some(window) = window {
            let gain = profile.right * worth;
            match &mut best_in[*window] {
                Some(best) if gain <= *best => {}
                Some(best) => {
                    raw += gain - *best;
                    *best = gain;
                }
                none => {
                    raw += gain + profile.missed;
                    hit += 1;
                    *none = Some(gain);
                }
            }
        } else {
            raw += profile.wrong * worth;
            outside += 1;
        }
        // A threshold stands between two different scores, never within equal ones.
        let last_of_equals = rows.get(n + 1).is_none_or(|next| next.0 < *score);
        if fixed.is_none() && last_of_equals && raw > best.0 {
            best = (raw, *score, hit, outside);
        }
    }
    if let Some(fixed) = fixed {
        best = (raw, fixed, hit, outside);
    }
    let normalized = 100.0 * (best.0 - null) / (profile.right * windows as f64 - null);
    NabScore { normalized, threshold: best.1, hit: best.2, outside: best.3 }
}

/// Writes row scores as `timestamp,anomaly_score`, one file for each.
pub fn write_nab(folder: &Path, files: &[NabFile], scores: &[Vec<f64>]) -> Result<()> {
    for (file, scores) in files.iter().zip(scores) {
        let path = folder.join(&file.name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(ScoreError::file(folder))?;
        }
        let mut out = csv::Writer::from_path(&path).map_err(|e| ScoreError::form(&path, e))?;
        let mut row = |fields: [&str; 2]| out.write_record(fields).map_err(|e| ScoreError::form(&path, e));
        row(["timestamp", "anomaly_score"])?;
        for (written, score) in file.written.iter().zip(scores) {
            row([written, &score.to_string()])?;
        }
        out.flush().map_err(ScoreError::file(&path))?;
    }
    Ok(())
}
