//! What the others say: comparison within a group by median and median absolute deviation.

/// A normal distribution's standard deviation in median absolute deviations.
const PER_MAD: f64 = 1.482_602_218_505_6;

/// Where a group is at one moment, in spite of up to half of it being wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Peers {
    /// The median.
    pub center: f64,
    /// The median absolute deviation as a standard deviation.
    pub spread: f64,
    /// How many spoke.
    pub count: usize,
}

impl Peers {
    /// Of the values in `values`; those that are not finite are removed, and what is left changes its order and its values. `None` when
    /// nobody spoke.
    pub fn of(values: &mut Vec<f64>) -> Option<Self> {
        values.retain(|value| value.is_finite());
        let count = values.len();
        let center = median(values)?;
        values.iter_mut().for_each(|value| *value = (*value - center).abs());
        Some(Self { center, spread: PER_MAD * median(values)?, count })
    }

    /// How many spreads above the group `value` is, where a spread is at least `resolution`.
    pub fn standing(&self, value: f64, resolution: f64) -> f64 {
        (value - self.center) / self.spread.max(resolution).max(f64::MIN_POSITIVE)
    }
}

/// The median, which changes the order; the mean of the two in the middle when their number is even.
pub fn median(values: &mut [f64]) -> Option<f64> {
    let middle = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let odd = values.len() % 2 == 1;
    let (below, upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    if odd {
        return Some(*upper);
    }
    let lower = below.iter().copied().max_by(f64::total_cmp)?;
    Some(lower / 2.0 + *upper / 2.0)
}
