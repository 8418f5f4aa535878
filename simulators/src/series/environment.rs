//! Air, weather and noise: traffic dirties the air, wind cleans it, the sun makes ozone. Units as SenML writes them (RFC 8428, RFC 8798).

use super::Moment;
use crate::chance::{between, noise as instrument, wander};
use crate::sensor::Samples;

/// `smog` from 0 to 1: a source of exhaust next to the station.
pub(crate) fn air(key: u64, busy: f64, moment: &Moment, smog: f64, out: &mut Samples) {
    let weather = &moment.weather;
    let still = 1.0 / (0.45 + weather.wind / 4.0);
    let traffic = moment.traffic * busy * (1.0 + 0.15 * wander(key, moment.seconds, 1800.0));
    let no2 = (7.0 + 62.0 * traffic) * still + 240.0 * smog + 0.6 * instrument(key, moment.tick);
    let washed = if weather.rain > 0.2 { 0.6 } else { 1.0 };
    let pm10 =
        ((12.0 + 20.0 * traffic) * still * washed + 45.0 * smog + 0.5 * instrument(key ^ 1, moment.tick)).max(1.0);
    let pm25 = pm10 * between(key, 1, 0.52, 0.66);
    let o3 = (58.0 + weather.irradiance / 14.0 - 0.5 * no2.min(80.0)).max(4.0) + instrument(key ^ 2, moment.tick);
    out.number("no2", no2.max(0.5), 1, "ug/m3");
    out.number("pm10", pm10, 1, "ug/m3");
    out.number("pm25", pm25, 1, "ug/m3");
    out.number("o3", o3, 1, "ug/m3");
    climate(key, moment, out);
}

fn climate(key: u64, moment: &Moment, out: &mut Samples) {
    let here = between(key, 3, -0.8, 0.8);
    out.number("temperature", moment.weather.temperature + here + 0.05 * instrument(key ^ 4, moment.tick), 1, "Cel");
    out.number(
        "humidity",
        (moment.weather.humidity - 2.0 * here + 0.3 * instrument(key ^ 5, moment.tick)).clamp(5.0, 100.0),
        1,
        "%RH",
    );
}

pub(crate) fn weather(key: u64, moment: &Moment, out: &mut Samples) {
    let weather = &moment.weather;
    let exposed = between(key, 1, 0.7, 1.4);
    climate(key, moment, out);
    out.number("wind", (weather.wind * exposed * (1.0 + 0.25 * wander(key, moment.seconds, 45.0))).max(0.0), 1, "m/s");
    out.number("pressure", weather.pressure + between(key, 2, -0.4, 0.4), 1, "hPa");
    out.number("rain", weather.rain, 1, "mm/h");
    out.number("irradiance", weather.irradiance * between(key, 6, 0.94, 1.0), 0, "W/m2");
}

pub(crate) fn noise(key: u64, busy: f64, moment: &Moment, out: &mut Samples) {
    let quiet = between(key, 1, 41.0, 46.0);
    let laeq = quiet
        + 24.0 * (moment.traffic * busy).sqrt()
        + 1.6 * wander(key, moment.seconds, 90.0)
        + 0.4 * instrument(key, moment.tick);
    let peak = 7.0 + 4.0 * wander(key ^ 1, moment.seconds, 25.0).abs();
    out.number("laeq", laeq, 1, "dB");
    out.number("lmax", laeq + peak, 1, "dB");
}
