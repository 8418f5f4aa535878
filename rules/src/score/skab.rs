//! The rules of the Skoltech Anomaly Benchmark (Katser and Kozitsin, 2020) as they are scored here: each row is flagged or not.
//!
//! Rows 1 to 400 of a file are for fitting and not scored. All files are pooled; balanced accuracy is `1 - (false alarms among normal rows +
//! missed among anomalous ones) / 2`. More than half of the rows are anomalous, so F1 flatters a detector that always speaks.

use std::fs;
use std::path::{Path, PathBuf};

use model::{Duration, Timestamp};

use super::error::{Result, ScoreError};
use crate::detect::{Detector, Field, Member, Sample, Turn};

/// How many rows are for fitting.
const FITTING: usize = 400;
/// The columns that are no sensors.
const LABELS: [&str; 2] = ["anomaly", "changepoint"];

/// One run of the machine.
#[derive(Debug)]
pub struct SkabFile {
    /// Its folder and name.
    pub name: PathBuf,
    /// The moments as they are written in the file.
    pub written: Vec<String>,
    /// What the columns are called.
    pub sensors: Vec<String>,
    /// The values, row by row.
    pub values: Vec<f64>,
    /// Whether a row is anomalous.
    pub anomalous: Vec<bool>,
}

/// How good flags are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SkabScore {
    /// Harmonic mean of precision and recall.
    pub f1: f64,
    /// The share of normal rows that were flagged.
    pub false_alarms: f64,
    /// The share of anomalous rows that were not.
    pub missed: f64,
    /// 1 minus the mean of the two.
    pub balanced_accuracy: f64,
    /// How many rows were scored.
    pub rows: usize,
}

/// Reads every run below `folder`, but those without anomalies.
pub fn read_skab(folder: &Path) -> Result<Vec<SkabFile>> {
    let mut names = Vec::new();
    for group in fs::read_dir(folder).map_err(ScoreError::file(folder))? {
        let group = group.map_err(ScoreError::file(folder))?.path();
        let Some(name) = group.file_name().map(PathBuf::from).filter(|_| group.is_dir()) else { continue };
        for run in fs::read_dir(&group).map_err(ScoreError::file(&group))? {
            let run = PathBuf::from(run.map_err(ScoreError::file(&group))?.file_name());
            if run.extension().is_some_and(|ending| ending == "csv") && name != Path::new("anomaly-free") {
                names.push(name.join(run));
            }
        }
    }
    names.sort();
    names.into_iter().map(|name| SkabFile::read(folder, name)).collect()
}

impl SkabFile {
    fn read(folder: &Path, name: PathBuf) -> Result<Self> {
        let path = folder.join(&name);
        let bad = |e: csv::Error| ScoreError::form(&path, e);
        let mut table = csv::ReaderBuilder::new().delimiter(b';').from_path(&path).map_err(bad)?;
        let header = table.headers().map_err(bad)?.clone();
        let sensor = |n: &usize| *n > 0 && !LABELS.contains(&&header[*n]);
        let columns: Vec<usize> = (0..header.len()).filter(sensor).collect();
        let label = header.iter().position(|column| column == LABELS[0]);
        let label = label.ok_or_else(|| ScoreError::form(&path, "has no column anomaly"))?;
        let sensors = columns.iter().map(|n| header[*n].to_owned()).collect();
        let mut file = Self { name, written: Vec::new(), sensors, values: Vec::new(), anomalous: Vec::new() };
        for row in table.records() {
            let row = row.map_err(bad)?;
            let number = |n: usize| {
                let text = row.get(n).unwrap_or_default();
                text.parse::<f64>().map_err(|_| ScoreError::form(&path, format!("{text:?} is no number")))
            };
            file.written.push(row.get(0).unwrap_or_default().to_owned());
            file.anomalous.push(number(label)? > 0.5);
            for &column in &columns {
                file.values.push(number(column)?);
            }
        }
        Ok(file)
    }

    /// Plays the run through a fresh detector `D`, a reading a second of each sensor; a row is flagged while anything that it said stands.
    pub fn play<D: Detector>(&self) -> Vec<bool> {
        let period = Duration::from_secs(1);
        let member = |name: &String| Member { name: name.clone(), group: 0, metric: name.clone(), period };
        let field = Field { groups: vec!["machine".into()], members: self.sensors.iter().map(member).collect() };
        let mut detector = D::new(&field);
        let companions = vec![f64::NAN; D::COMPANIONS.len()];
        let (mut found, mut standing, mut flags) = (Vec::new(), Vec::new(), Vec::new());
        for (second, row) in self.values.chunks_exact(self.sensors.len()).enumerate() {
            let time = Timestamp::EPOCH.plus(Duration::from_secs(second as u64));
            for (member, &value) in row.iter().enumerate() {
                detector.observe(&Sample { member, time, value, companions: &companions }, &mut found);
            }
            for finding in found.drain(..) {
                standing.retain(|stands| *stands != (finding.about, finding.kind));
                if finding.turn == Turn::Raised {
                    standing.push((finding.about, finding.kind));
                }
            }
            flags.push(!standing.is_empty());
        }
        flags
    }
}

/// Scores flags of all runs together.
pub fn score_skab(files: &[SkabFile], flags: &[Vec<bool>]) -> SkabScore {
    let (mut hit, mut wrong, mut missed, mut silent) = (0_usize, 0_usize, 0_usize, 0_usize);
    for (file, flags) in files.iter().zip(flags) {
        for (flag, anomalous) in flags.iter().zip(&file.anomalous).skip(FITTING) {
            match (flag, anomalous) {
                (true, true) => hit += 1,
                (true, false) => wrong += 1,
                (false, true) => missed += 1,
                (false, false) => silent += 1,
            }
        }
    }
    let share = |part: usize, whole: usize| part as f64 / whole.max(1) as f64;
    let (false_alarms, lost) = (share(wrong, wrong + silent), share(missed, missed + hit));
    SkabScore {
        f1: share(2 * hit, 2 * hit + wrong + missed),
        false_alarms,
        missed: lost,
        balanced_accuracy: 1.0 - (false_alarms + lost) / 2.0,
        rows: hit + wrong + missed + silent,
    }
}

/// Writes flags as `datetime,anomaly`, one file for each run.
pub fn write_skab(folder: &Path, files: &[SkabFile], flags: &[Vec<bool>]) -> Result<()> {
    for (file, flags) in files.iter().zip(flags) {
        let path = folder.join(&file.name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(ScoreError::file(folder))?;
        }
        let mut out = csv::Writer::from_path(&path).map_err(|e| ScoreError::form(&path, e))?;
        let mut row = |fields: [&str; 2]| out.write_record(fields).map_err(|e| ScoreError::form(&path, e));
        row(["datetime", "anomaly"])?;
        for (written, flag) in file.written.iter().zip(flags) {
            row([written, if *flag { "1" } else { "0" }])?;
        }
        out.flush().map_err(ScoreError::file(&path))?;
    }
    Ok(())
}
