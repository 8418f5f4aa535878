//! Which numbers may be reckoned with.

/// Beyond this a square still fits into a double, and no sensor of a city says anything true.
const ABSURD: f64 = 1e100;

/// Whether `value` is a number that may enter a state: finite, and not absurdly large.
pub fn usable(value: f64) -> bool {
    // False for NaN too.
    value.abs() < ABSURD
}
