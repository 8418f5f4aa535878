//! Labelled telemetry of one domain: `meta.json`, and one table for each series.

use std::fs;
use std::path::Path;

use model::{Duration, Timestamp};
use serde::{Deserialize, Deserializer};

use super::error::{Result, ScoreError};
use crate::detect::{Field, Member};

/// What the data sets call a companion, and what the product calls it. Detectors may ask by either word.
const WORDS: &[(&str, &str)] = &[
    ("dim_pct", "dimming"),
    ("lux", "illuminance"),
    ("mains_v", "voltage"),
    ("temp_c", "temperature"),
    ("wind_ms", "wind"),
    ("rh_pct", "humidity"),
    ("bitrate_kbps", "bitrate"),
    ("sharpness", "focus"),
];

/// The labelled telemetry of one domain.
#[derive(Debug)]
pub struct DataSet {
    /// What it is about, such as `water`.
    pub domain: String,
    /// Which half it is.
    pub set: String,
    /// There is no fault before this moment, and alerts before it do not count.
    pub warmup_end: Timestamp,
    /// Where it ends.
    pub end: Timestamp,
    /// How many false alarms per 1,000 device-days are forgiven.
    pub budget: f64,
    /// Who is watched.
    pub field: Field,
    /// The measurements, in the order of [`Field::members`].
    pub series: Vec<Series>,
}

/// The measurements of one series.
#[derive(Debug, Default)]
pub struct Series {
    /// The names of the companions.
    pub columns: Vec<String>,
    /// When each was made, ascending.
    pub times: Vec<Timestamp>,
    /// What was measured; NaN where the cell was empty.
    pub values: Vec<f64>,
    /// The companions, row by row, `columns.len()` each; NaN where the cell was empty.
    pub companions: Vec<f64>,
}

#[derive(Deserialize)]
struct Meta {
    domain: String,
    set: String,
    #[serde(deserialize_with = "time")]
    end: Timestamp,
    #[serde(deserialize_with = "time")]
    warmup_end: Timestamp,
    budget_per_1000_device_days: Option<f64>,
    series: Vec<SeriesMeta>,
}

#[derive(Deserialize)]
struct SeriesMeta {
    id: String,
    group: String,
    metric: String,
    period_s: u64,
}

/// Reads a moment of a JSON file.
pub(super) fn time<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(from)?;
    Timestamp::parse(&text).map_err(serde::de::Error::custom)
}

impl DataSet {
    /// Reads `meta.json` and `series/*.csv` below `folder`.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join("meta.json");
        let text = fs::read(&path).map_err(ScoreError::file(&path))?;
        let meta: Meta = serde_json::from_slice(&text).map_err(|e| ScoreError::form(&path, e))?;
        let mut field = Field::default();
        let mut series = Vec::with_capacity(meta.series.len());
        for one in meta.series {
            let group = field.groups.iter().position(|group| *group == one.group).unwrap_or_else(|| {
                field.groups.push(one.group);
                field.groups.len() - 1
            });
            series.push(Series::read(&folder.join("series").join(format!("{}.csv", one.id)))?);
            let period = Duration::from_secs(one.period_s);
            field.members.push(Member { name: one.id, group, metric: one.metric, period });
        }
        let budget = meta.budget_per_1000_device_days.unwrap_or(10.0);
        Ok(Self {
            domain: meta.domain,
            set: meta.set,
            warmup_end: meta.warmup_end,
            end: meta.end,
            budget,
            field,
            series,
        })
    }
}

impl Series {
    pub(super) fn read(path: &Path) -> Result<Self> {
        let mut table = csv::Reader::from_path(path).map_err(|e| ScoreError::form(path, e))?;
        let header = table.headers().map_err(|e| ScoreError::form(path, e))?;
        let mut series = Self { columns: header.iter().skip(2).map(str::to_owned).collect(), ..Self::default() };
        let mut row = csv::StringRecord::new();
        while table.read_record(&mut row).map_err(|e| ScoreError::form(path, e))? {
            let time = Timestamp::parse(row.get(0).unwrap_or_default()).map_err(|e| ScoreError::form(path, e))?;
            if series.times.last().is_some_and(|last| *last > time) {
                return Err(ScoreError::form(path, format!("{time} is not in order")));
            }
            series.times.push(time);
            series.values.push(number(row.get(1), path)?);
            for column in 0..series.columns.len() {
                series.companions.push(number(row.get(column + 2), path)?);
            }
        }
        Ok(series)
    }

    /// Where the companion called `word`, by the data's name or the product's, stands in [`Series::columns`].
    pub fn column(&self, word: &str) -> Option<usize> {
        let meant = |column: &str| column == word || WORDS.iter().any(|(data, ours)| *data == column && *ours == word);
        self.columns.iter().position(|column| meant(column))
    }
}

/// A cell as a number; an empty one is NaN.
fn number(cell: Option<&str>, path: &Path) -> Result<f64> {
    match cell.map(str::trim) {
        None | Some("") => Ok(f64::NAN),
        Some(text) => text.parse().map_err(|_| ScoreError::form(path, format!("{text:?} is no number"))),
    }
}
