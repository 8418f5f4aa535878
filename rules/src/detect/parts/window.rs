//! The newest values, and the one in their middle.

use serde::{Deserialize, Serialize};

/// Stands where there was no value: neither NaN nor infinite, so that every format can write it down.
const ABSENT: f32 = f32::MAX;
/// More places than this a window never has.
const LONGEST: usize = 48;

/// A ring of values. Its median is not moved by anything that lasts less than half of it, such as the flushing of a hydrant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Window {
    values: Box<[f32]>,
    next: usize,
}

impl Window {
    /// Remembers `length` values, at least 3 and at most 48.
    pub fn new(length: usize) -> Self {
        Self { values: vec![ABSENT; length.clamp(3, LONGEST)].into(), next: 0 }
    }

    /// Takes in a value, or that there was none.
    pub fn push(&mut self, value: Option<f64>) {
        self.values[self.next] = value.filter(|value| value.abs() < 1e30).map_or(ABSENT, |value| value as f32);
        self.next = (self.next + 1) % self.values.len();
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.values.fill(ABSENT);
    }

    /// The median, when at least two fifths of the places are filled.
    pub fn median(&self) -> Option<f64> {
        self.sorted(|value| value)
    }

    /// The median distance from `center`.
    pub fn spread(&self, center: f64) -> Option<f64> {
        self.sorted(|value| (value - center as f32).abs())
    }

    /// The values that are there, oldest first.
    pub fn values(&self) -> impl Iterator<Item = f64> {
        let (newer, older) = self.values.split_at(self.next);
        older.iter().chain(newer).filter(|value| **value != ABSENT).map(|value| f64::from(*value))
    }

    fn sorted(&self, of: impl Fn(f32) -> f32) -> Option<f64> {
        let mut room = [0.0; LONGEST];
        let mut count = 0;
        for value in self.values.iter().filter(|value| **value != ABSENT) {
            room[count] = of(*value);
            count += 1;
        }
        (count * 5 >= self.values.len() * 2 && count > 0).then(|| {
            let (below, middle, _) = room[..count].select_nth_unstable_by(count / 2, f32::total_cmp);
            let upper = *middle;
            let lower = if count % 2 == 1 { upper } else { below.iter().copied().fold(f32::MIN, f32::max) };
            f64::from(lower) / 2.0 + f64::from(upper) / 2.0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Window;

    #[test]
    fn what_lasts_less_than_half_of_it_does_not_move_the_middle() {
        let mut window = Window::new(9);
        for _ in 0..5 {
            window.push(Some(1.0));
        }
        for _ in 0..4 {
            window.push(Some(100.0));
        }
        assert_eq!(window.median(), Some(1.0));
        window.push(Some(100.0));
        assert_eq!(window.median(), Some(100.0));
        assert_eq!(window.spread(100.0), Some(0.0));
    }

    #[test]
    fn few_values_have_no_middle_and_broken_ones_do_not_count() {
        let mut window = Window::new(10);
        for value in [f64::NAN, f64::INFINITY, 1e300] {
            window.push(Some(value));
        }
        assert_eq!(window.median(), None);
        for value in [3.0, 1.0, 2.0, 4.0] {
            window.push(Some(value));
        }
        assert_eq!(window.median(), Some(2.5));
        assert_eq!(window.values().collect::<Vec<_>>(), [3.0, 1.0, 2.0, 4.0]);
    }
}
