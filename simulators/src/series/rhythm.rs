//! The rhythm of the day: how busy the streets are and how much water is drawn, by local hour.

/// A bell on the clock face: 1 at `centre`, falling off with `width` hours, across midnight too.
fn bell(hour: f64, centre: f64, width: f64) -> f64 {
    let away = (hour - centre + 36.0).rem_euclid(24.0) - 12.0;
    (-(away / width).powi(2)).exp()
}

/// Road traffic: morning, midday and evening peaks; later and flatter at the weekend.
pub(crate) fn traffic(hour: f64, weekend: bool) -> f64 {
    if weekend {
        0.07 + 0.38 * bell(hour, 12.0, 2.6) + 0.5 * bell(hour, 19.5, 3.0) + 0.18 * bell(hour, 23.5, 1.8)
    } else {
        0.06 + 0.8 * bell(hour, 8.1, 1.3)
            + 0.5 * bell(hour, 13.3, 1.7)
            + 0.8 * bell(hour, 18.3, 2.0)
            + 0.1 * bell(hour, 22.5, 1.8)
    }
}

/// Water demand of households: two peaks, the morning one later at the weekend; mean about 1.
pub(crate) fn demand(hour: f64, weekend: bool) -> f64 {
    let morning = if weekend { 9.3 } else { 7.6 };
    0.57 + 1.0 * bell(hour, morning, 1.8)
        + 0.6 * bell(hour, 13.2, 2.0)
        + 0.85 * bell(hour, 20.2, 2.2)
        + 0.3 * bell(hour, 17.0, 3.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn demand_has_its_mean_near_one_and_its_peaks_at_breakfast_and_dinner() {
        let hours = (0..240).map(|k| f64::from(k) / 10.0);
        let mean = hours.map(|hour| demand(hour, false)).sum::<f64>() / 240.0;
        assert!((0.9..1.1).contains(&mean), "{mean}");
        assert!(demand(7.6, false) > 1.3 && demand(20.2, false) > 1.1 && demand(3.0, false) < 0.65);
    }
}
