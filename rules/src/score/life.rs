//! Scores forecasts of the end of life against how long things lived.
//!
//! Forecasts are asked at 20, 25 … 95 % of the life of each series that failed: the newest one, not older than 5 % of that life. A point
//! without forecast counts as wrong.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use model::Timestamp;
use serde::{Deserialize, Deserializer};

use super::data::time;
use super::error::{Result, ScoreError};
use super::events::quantile;

/// When one series is expected to end, as seen at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct LifeForecast {
    /// Which series.
    pub series: String,
    /// With what was known then.
    pub asof: Timestamp,
    /// One of ten ends before this.
    pub p10: Timestamp,
    /// Every second one ends before this.
    pub p50: Timestamp,
    /// Nine of ten end before this.
    pub p90: Timestamp,
}

/// How long one series lived.
#[derive(Debug, Clone, Deserialize)]
pub struct Life {
    /// When it failed; `None` when it did not.
    #[serde(deserialize_with = "perhaps")]
    pub eol: Option<Timestamp>,
    /// When it began.
    #[serde(deserialize_with = "time")]
    pub start: Timestamp,
    /// When it was last heard.
    #[serde(deserialize_with = "time")]
    pub end: Timestamp,
}

/// How good forecasts are.
#[derive(Debug, Clone, PartialEq)]
pub struct LifeScore {
    /// How often forecasts were asked.
    pub points: usize,
    /// How often there was none.
    pub missing: usize,
    /// The share of points at which the median was within 20 % of the remaining life.
    pub within_a_fifth: f64,
    /// The share of points at which the end lay between p10 and p90; 0.8 is honest.
    pub coverage: f64,
    /// Median of the interval's width in remaining lives, where it covered the end.
    pub width: Option<f64>,
    /// Median error in remaining lives.
    pub median_error: Option<f64>,
    /// The share of survivors that were declared dead at any time, even by p90.
    pub false_imminent: Option<f64>,
}

fn perhaps<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| Timestamp::parse(&text).map_err(serde::de::Error::custom)).transpose()
}

/// Reads `truth.json` below `folder`.
pub fn read_lives(folder: &Path) -> Result<BTreeMap<String, Life>> {
    #[derive(Deserialize)]
    struct Truth {
        series: BTreeMap<String, Life>,
    }
    let path = folder.join("truth.json");
    let text = fs::read(&path).map_err(ScoreError::file(&path))?;
    let truth: Truth = serde_json::from_slice(&text).map_err(|e| ScoreError::form(&path, e))?;
    Ok(truth.series)
}

/// Scores `forecasts` against how long things lived.
pub fn score_lives(lives: &BTreeMap<String, Life>, forecasts: &[LifeForecast]) -> LifeScore {
    let mut by_series: BTreeMap<&str, Vec<&LifeForecast>> = BTreeMap::new();
    for forecast in forecasts.iter().filter(|forecast| lives.contains_key(&forecast.series)) {
        by_series.entry(&forecast.series).or_default().push(forecast);
    }
    let (mut points, mut missing, mut right, mut covered) = (0, 0, 0, 0);
    let (mut errors, mut widths) = (Vec::new(), Vec::new());
    let (mut survivors, mut declared_dead) = (0_usize, 0_usize);
    for (name, life) in lives {
        let mut known = by_series.remove(name.as_str()).unwrap_or_default();
        known.sort_by_key(|forecast| forecast.asof);
        let Some(eol) = life.eol else {
            survivors += 1;
            declared_dead += usize::from(known.iter().any(|forecast| forecast.p90 < life.end));
            continue;
        };
        let (start, eol) = (seconds(life.start), seconds(eol));
        for percent in (20..=95).step_by(5) {
            let asked = start + (eol - start) * f64::from(percent) / 100.0;
            points += 1;
            let newest = known.partition_point(|forecast| seconds(forecast.asof) <= asked).checked_sub(1);
            let newest = newest.map(|n| known[n]).filter(|f| asked - seconds(f.asof) <= 0.05 * (eol - start));
            let Some(forecast) = newest else {
                missing += 1;
                continue;
            };
            let left = eol - asked;
            let (p10, p50, p90) = (seconds(forecast.p10), seconds(forecast.p50), seconds(forecast.p90));
            errors.push((p50 - eol).abs() / left);
            right += usize::from((p50 - eol).abs() <= 0.2 * left);
            if p10 <= eol && eol <= p90 {
                covered += 1;
                widths.push((p90 - p10) / left);
            }
        }
    }
    let share = |part: usize| part as f64 / (points as f64).max(1.0);
    LifeScore {
        points,
        missing,
        within_a_fifth: share(right),
        coverage: share(covered),
        width: quantile(widths, 0.5),
        median_error: quantile(errors, 0.5),
        false_imminent: (survivors > 0).then(|| declared_dead as f64 / survivors as f64),
    }
}

/// Writes forecasts as `series,asof,eol_p10,eol_p50,eol_p90`.
pub fn write_lives(path: &Path, forecasts: &[LifeForecast]) -> Result<()> {
    let mut out = csv::Writer::from_path(path).map_err(|e| ScoreError::form(path, e))?;
    let mut row = |fields: [&str; 5]| out.write_record(fields).map_err(|e| ScoreError::form(path, e));
    row(["series", "asof", "eol_p10", "eol_p50", "eol_p90"])?;
    for f in forecasts {
        let [asof, p10, p50, p90] = [f.asof, f.p10, f.p50, f.p90].map(Timestamp::to_rfc3339);
        row([&f.series, &asof, &p10, &p50, &p90])?;
    }
    out.flush().map_err(ScoreError::file(path))
}

fn seconds(time: Timestamp) -> f64 {
    time.as_seconds_f64()
}
