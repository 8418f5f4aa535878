//! From one unit to another of the same kind.

use super::dimension::Measure;
use super::table::measures;

/// How a number in one unit becomes one in another: `(number - before) * times / by + after`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conversion {
    before: f64,
    times: f64,
    by: f64,
    after: f64,
}

impl Conversion {
    /// Changes nothing.
    pub const NONE: Self = Self { before: 0.0, times: 1.0, by: 1.0, after: 0.0 };

    /// From the unit that is written `from` to the one written `to`; none when one of them is not known, or they measure different things.
    /// A spelling may stand for several kinds (`C` is a coulomb and, on many a sensor, a degree): the kind that both share counts.
    pub fn between(from: &str, to: &str) -> Option<Self> {
        if from == to {
            return Some(Self::NONE);
        }
        let targets = measures(to);
        measures(from).iter().find_map(|from| {
            let target = targets.iter().find(|to| to.dimension == from.dimension)?;
            Some(Self::of(from, target))
        })
    }

    fn of(from: &Measure, to: &Measure) -> Self {
        let (times, by) = reduced(from.times * to.by, from.by * to.times);
        if times == by && from.zero == to.zero {
            return Self::NONE;
        }
        Self { before: from.zero, times, by, after: to.zero }
    }

    /// Whether numbers stay as they are, to the last bit.
    pub fn is_none(&self) -> bool {
        *self == Self::NONE
    }

    /// The number in the other unit. Not finite when the other unit is so small that no double holds it.
    pub fn apply(&self, number: f64) -> f64 {
        if self.is_none() {
            return number;
        }
        let moved = number - self.before;
        // One rounding instead of two where one of both factors is 1: most units are a thousandth or a thousand of another.
        let scaled = if self.times == 1.0 { moved / self.by } else { moved * self.times / self.by };
        scaled + self.after
    }
}

/// The same ratio in its lowest terms, where both are whole numbers.
fn reduced(times: f64, by: f64) -> (f64, f64) {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let whole = |number: f64| number.fract() == 0.0 && (1.0..=EXACT).contains(&number);
    if !whole(times) || !whole(by) {
        return (times, by);
    }
    let (mut a, mut b) = (times as u64, by as u64);
    while b != 0 {
        (a, b) = (b, a % b);
    }
    (times / a as f64, by / a as f64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::table::spellings;
    use super::*;

    #[track_caller]
    fn check(number: f64, from: &str, expected: f64, to: &str) {
        let found = Conversion::between(from, to).map(|conversion| conversion.apply(number));
        let near = |found: f64| (found - expected).abs() <= expected.abs() * 1e-12;
        assert!(found.is_some_and(near), "{number} {from} is {found:?}, not {expected} {to}");
    }

    #[test]
    fn numbers_become_what_the_definitions_say() {
        check(1_013.25, "hPa", 1.013_25, "bar");
        check(1.0, "psi", 6.894_757_293_168_361, "kPa");
        check(1.0, "atm", 101_325.0, "Pa");
        check(12.5, "L/s", 45.0, "m³/h");
        check(1.0, "kWh", 3_600_000.0, "J");
        check(0.5, "mg/l", 500_000.0, "µg/m³");
        check(100.0, "km/h", 27.777_777_777_777_78, "m/s");
        check(1.0, "kn", 1.852, "km/h");
        check(1.0, "[mi_i]", 1_609.344, "m");
        check(9.806_65, "m/s2", 1_000.0, "mg");
        check(1.0, "mrad", 0.057_295_779_513_082_32, "deg");
        check(1.0, "Ah", 3_600.0, "C");
        check(1.0, "KiB", 1_024.0, "B");
        check(1.0, "B/s", 8.0, "bit/s");
        check(1_500.0, "rpm", 25.0, "Hz");
        check(450.0, "ppm", 0.045, "%");
        check(1.0, "gal/min", 3.785_411_784, "l/min");
    }

    #[test]
    fn temperatures_have_their_own_nought() {
        check(0.0, "Cel", 273.15, "K");
        check(212.0, "°F", 100.0, "°C");
        check(32.0, "FAH", 0.0, "CEL");
        check(-40.0, "degC", -40.0, "[degF]");
        check(25.0, "C", 77.0, "F");
    }

    #[test]
    fn what_measures_something_else_or_is_not_known_is_not_converted() {
        for (from, to) in
            [("V", "A"), ("W", "VA"), ("Cel", "m"), ("smoot", "m"), ("m", "smoot"), ("dBm", "dB"), ("", "m")]
        {
            assert_eq!(Conversion::between(from, to), None, "{from} became {to}");
        }
        assert_eq!(Conversion::between("smoot", "smoot"), Some(Conversion::NONE));
    }

    #[test]
    fn another_word_for_the_same_unit_changes_no_bit() {
        for (from, to) in [
            ("ug/m3", "µg/m³"),
            ("Cel", "°C"),
            ("CEL", "degC"),
            ("L/s", "l/s"),
            ("%RH", "%"),
            ("VLT", "V"),
            ("MQH", "m3/h"),
        ] {
            assert!(Conversion::between(from, to).is_some_and(|conversion| conversion.is_none()), "{from} {to}");
        }
    }

    #[test]
    fn a_thousandth_is_rounded_once() {
        let thousandth = Conversion::between("mV", "V").unwrap();
        for number in [3.3, 0.1, 12_345.678] {
            assert_eq!(thousandth.apply(number), number / 1_000.0);
        }
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_number(number in -1e9..1e9_f64, a in 0_usize..10_000, b in 0_usize..10_000) {
            let all: Vec<_> = spellings().collect();
            let (from, to) = (all[a % all.len()], all[b % all.len()]);
            if let (Some(there), Some(back)) = (Conversion::between(from, to), Conversion::between(to, from)) {
                let again = back.apply(there.apply(number));
                // A shifted nought costs the digits that the shift has.
                prop_assert!((again - number).abs() <= number.abs().max(1e3) * 1e-12, "{number} {from} {to} {again}");
            }
        }

        #[test]
        fn no_unit_text_makes_it_panic(from in ".{0,12}", to in ".{0,12}", number in any::<f64>()) {
            if let Some(conversion) = Conversion::between(&from, &to) {
                conversion.apply(number);
            }
        }
    }
}
