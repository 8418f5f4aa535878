//! Everything that can be scored in a folder of labelled data, as a table.

use std::fs;
use std::path::{Path, PathBuf};

use super::ageing::forecast_lives;
use super::alert::write_alerts;
use super::data::DataSet;
use super::domains::DOMAINS;
use super::error::{Result, ScoreError};
use super::events::{read_events, score_events};
use super::life::{LifeScore, read_lives, score_lives, write_lives};
use super::nab::{NabScore, PROFILES, read_nab, score_nab, write_nab};
use super::skab::{SkabScore, read_skab, score_skab, write_skab};
use super::table::Table;
use crate::detect::{Habit, Multivariate};

/// What is to be scored.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The folder that holds `domains/…`, `nab` and `skab`; what is absent is not scored.
    pub data: PathBuf,
    /// The name of the only domain or benchmark that is wanted.
    pub only: Option<String>,
    /// Where the predictions are written for other scorers.
    pub predictions: Option<PathBuf>,
    /// Whether to say what was found of each kind, what was missed and what was false.
    pub details: bool,
}

/// The scores that were asked for.
#[derive(Debug, Default)]
pub struct Report {
    /// The domains.
    pub domains: Table,
    /// The three profiles of the benchmark of single series: at a score of one half, and at the best threshold.
    pub nab: Vec<(&'static str, NabScore, NabScore)>,
    /// The benchmark of a machine with several sensors.
    pub skab: Option<SkabScore>,
    /// Forecasts of the end of life.
    pub lives: Option<LifeScore>,
}

impl Request {
    /// The folder of `name`, when it is wanted and there.
    fn folder(&self, within: &str, name: &str) -> Option<PathBuf> {
        let wanted = self.only.as_deref().is_none_or(|only| only == name);
        Some(self.data.join(within).join(name)).filter(|folder| wanted && folder.is_dir())
    }
}

impl Report {
    /// Plays the data through the detectors and scores what they say.
    pub fn of(request: &Request) -> Result<Self> {
        let mut report = Self { domains: Table { details: request.details, ..Table::default() }, ..Self::default() };
        let predictions = request.predictions.as_deref();
        for domain in DOMAINS {
            let Some(folder) = request.folder("domains", domain.name) else { continue };
            let (set, events) = (DataSet::read(&folder)?, read_events(&folder)?);
            let alerts = (domain.play)(&set);
            if let Some(folder) = predictions {
                fs::create_dir_all(folder).map_err(ScoreError::file(folder))?;
                write_alerts(&folder.join(format!("{}.csv", domain.name)), &alerts)?;
            }
            report.domains.lines.push((domain.name.to_owned(), score_events(&set, &events, &alerts)));
        }
        if let Some(folder) = request.folder("", "nab") {
            report.nab(&folder, predictions)?;
        }
        if let Some(folder) = request.folder("", "skab") {
            report.skab(&folder, predictions)?;
        }
        if let Some(folder) = request.folder("domains", "rul") {
            report.lives(&folder, predictions)?;
        }
        Ok(report)
    }

    /// Every row gets its surprise from 0 to 1, one half being a surprise.
    fn nab(&mut self, folder: &Path, predictions: Option<&Path>) -> Result<()> {
        let files = read_nab(folder)?;
        let mut scores = Vec::with_capacity(files.len());
        for file in &files {
            let mut habit = Habit::default();
            let rows = file.times.iter().zip(&file.values);
            let surprises = rows.map(|(time, value)| habit.observe(*time, *value));
            scores.push(surprises.map(|surprise| surprise / (1.0 + surprise)).collect::<Vec<_>>());
        }
        for profile in PROFILES {
            let at = |threshold| score_nab(&files, &scores, profile, threshold);
            self.nab.push((profile.name, at(Some(0.5)), at(None)));
        }
        predictions.map_or(Ok(()), |folder| write_nab(&folder.join("nab"), &files, &scores))
    }

    fn lives(&mut self, folder: &Path, predictions: Option<&Path>) -> Result<()> {
        let forecasts = forecast_lives(folder)?;
        self.lives = Some(score_lives(&read_lives(folder)?, &forecasts));
        predictions.map_or(Ok(()), |folder| {
            fs::create_dir_all(folder).map_err(ScoreError::file(folder))?;
            write_lives(&folder.join("rul.csv"), &forecasts)
        })
    }

    fn skab(&mut self, folder: &Path, predictions: Option<&Path>) -> Result<()> {
        let files = read_skab(folder)?;
        let flags: Vec<Vec<bool>> = files.iter().map(|file| file.play::<Multivariate>()).collect();
        self.skab = Some(score_skab(&files, &flags));
        predictions.map_or(Ok(()), |folder| write_skab(&folder.join("skab"), &files, &flags))
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.domains.lines.is_empty() {
            write!(f, "{}", self.domains)?;
        }
        for (profile, ours, best) in &self.nab {
            writeln!(
                f,
                "nab {profile:<20} {:>6.2} at one half: {} windows hit, {} rows outside; {:.2} at the best threshold, {:.4}",
                ours.normalized, ours.hit, ours.outside, best.normalized, best.threshold
            )?;
        }
        if let Some(s) = &self.skab {
            writeln!(
                f,
                "skab balanced accuracy {:.4}: f1 {:.4}, false alarms {:.4}, missed {:.4}, {} rows",
                s.balanced_accuracy, s.f1, s.false_alarms, s.missed, s.rows
            )?;
        }
        if let Some(s) = &self.lives {
            let imminent = s.false_imminent.unwrap_or(0.0);
            writeln!(
                f,
                "remaining life within 20 %: {:.4}, interval holds the end: {:.4}, {} points, survivors declared dead: {imminent:.4}",
                s.within_a_fifth, s.coverage, s.points
            )?;
        }
        Ok(())
    }
}
