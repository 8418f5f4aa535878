//! Plays series that run until their end through the laws of ageing.

use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::data::Series;
use super::error::{Result, ScoreError};
use super::life::LifeForecast;
use crate::detect::life;

#[derive(Deserialize)]
struct Meta {
    series: Vec<Ageing>,
}

#[derive(Deserialize)]
struct Ageing {
    id: String,
    metric: String,
    limit: f64,
}

/// What is forecast with each reading of the series of `meta.json` below `folder`.
pub fn forecast_lives(folder: &Path) -> Result<Vec<LifeForecast>> {
    let path = folder.join("meta.json");
    let text = fs::read(&path).map_err(ScoreError::file(&path))?;
    let meta: Meta = serde_json::from_slice(&text).map_err(|e| ScoreError::form(&path, e))?;
    let mut forecasts = Vec::new();
    for one in meta.series {
        let Some(mut life) = life::Life::of(&one.metric, one.limit) else { continue };
        let series = Series::read(&folder.join("series").join(format!("{}.csv", one.id)))?;
        let readings = series.times.iter().zip(&series.values);
        forecasts.extend(readings.filter_map(|(time, value)| life.observe(*time, *value)).map(|f| LifeForecast {
            series: one.id.clone(),
            asof: f.asof,
            p10: f.p10,
            p50: f.p50,
            p90: f.p90,
        }));
    }
    Ok(forecasts)
}
