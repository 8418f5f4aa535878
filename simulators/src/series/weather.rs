//! A plausible Mediterranean sky: temperature, wind, humidity, pressure, rain and sunshine that change smoothly.

use std::f64::consts::TAU;

use super::sun::Daylight;
use crate::chance::wander;

const DAY_S: f64 = 86_400.0;

/// The weather of the whole city at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Weather {
    /// °C.
    pub(crate) temperature: f64,
    /// °C inside concrete and steel: later and flatter than the air.
    pub(crate) in_structures: f64,
    /// Percent.
    pub(crate) humidity: f64,
    /// m/s.
    pub(crate) wind: f64,
    /// hPa.
    pub(crate) pressure: f64,
    /// mm/h.
    pub(crate) rain: f64,
    /// W/m².
    pub(crate) irradiance: f64,
}

impl Weather {
    /// Means and swings after the climate normals of Messina (12 °C in January, 27 °C in August).
    pub(crate) fn at(key: u64, seconds: f64, day_of_year: f64, hour: f64, light: &Daylight) -> Self {
        let cloud = (0.5 + 0.5 * wander(key ^ 1, seconds, 1.1 * DAY_S)).clamp(0.0, 1.0);
        let season = -(TAU * (day_of_year + hour / 24.0 - 35.0) / 365.25).cos();
        let mean = 19.3 + 7.6 * season + 2.4 * wander(key ^ 2, seconds, 2.3 * DAY_S);
        let swing = 3.4 * (1.0 - 0.5 * cloud);
        let temperature = mean + swing * (TAU * (hour - 14.5) / 24.0).cos();
        let in_structures = mean + 0.6 * swing * (TAU * (hour - 17.5) / 24.0).cos();
        let breeze = 1.0 + 0.5 * (TAU * (hour - 15.0) / 24.0).cos();
        let wind = (3.2 * breeze * (1.0 + 0.7 * wander(key ^ 3, seconds, 0.4 * DAY_S))).max(0.2);
        let wet = (cloud - 0.78).max(0.0) * (0.5 + 0.5 * wander(key ^ 4, seconds, 2400.0)).max(0.0);
        let humidity =
            (68.0 - 1.6 * (temperature - mean) + 14.0 * cloud + if wet > 0.0 { 8.0 } else { 0.0 }).clamp(25.0, 99.0);
        let part = (seconds - light.rise) / (light.set - light.rise);
        let irradiance = if (0.0..=1.0).contains(&part) {
            (620.0 + 330.0 * season) * (std::f64::consts::PI * part).sin() * (1.0 - 0.7 * cloud)
        } else {
            0.0
        };
        Self {
            temperature,
            in_structures,
            humidity,
            wind,
            pressure: 1015.0 + 8.0 * wander(key ^ 5, seconds, 2.6 * DAY_S),
            rain: wet * 30.0,
            irradiance,
        }
    }
}
