//! Numbers as messages hold them, in whatever syntax: exact while that is possible.

use std::fmt::{self, Write as _};

use model::Value;

use super::decoder::NotFinite;
use super::json;

/// One number of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number<'a> {
    /// In decimal digits, as JSON writes it.
    Written(&'a str),
    /// A whole number.
    Whole(i128),
    /// A binary fraction; it may be infinite or no number at all.
    Float(f64),
    /// `mantissa` times ten to the power of `exponent`.
    Decimal { mantissa: i128, exponent: i64 },
}

impl Number<'_> {
    /// The value as a reading keeps it: whole numbers of 64 bits exactly, others as the nearest double.
    pub(crate) fn value(self) -> Result<Value, NotFinite> {
        match self {
            Self::Written(text) => json::value(text),
            Self::Whole(whole) => Ok(i64::try_from(whole).map_or_else(|_| Value::Number(whole as f64), Value::whole)),
            Self::Float(number) if number.is_finite() => Ok(Value::Number(number)),
            Self::Float(_) => Err(NotFinite),
            Self::Decimal { mantissa, exponent } => {
                json::value(Digits::of(format_args!("{mantissa}e{exponent}")).text())
            }
        }
    }

    /// The number, of `unit` nanoseconds each, as whole nanoseconds. A binary fraction counts as the shortest decimal number that it stands for: what
    /// was 1276020076.001 for the sender has exactly one millisecond. `None` when it is beyond any calendar.
    pub(crate) fn nanos(self, unit: i128) -> Option<i128> {
        match self {
            Self::Written(text) => json::nanos(text, unit),
            Self::Whole(whole) => whole.checked_mul(unit),
            Self::Float(number) if number.is_finite() => {
                json::nanos(Digits::of(format_args!("{number:e}")).text(), unit)
            }
            Self::Float(_) => None,
            Self::Decimal { mantissa, exponent } => {
                json::nanos(Digits::of(format_args!("{mantissa}e{exponent}")).text(), unit)
            }
        }
    }

    /// This number and `base` added: exactly where both are whole numbers.
    pub(crate) fn plus(self, base: Option<Self>) -> Result<Value, NotFinite> {
        let own = self.value()?;
        let Some(base) = base else { return Ok(own) };
        let base_value = base.value()?;
        if let (Some(a), Some(b)) = (base.whole(), self.whole())
            && let Some(sum) = a.checked_add(b)
        {
            return Ok(Value::whole(sum));
        }
        match (base_value.as_number(), own.as_number()) {
            (Some(a), Some(b)) if (a + b).is_finite() => Ok(Value::Number(a + b)),
            _ => Err(NotFinite),
        }
    }

    fn whole(self) -> Option<i64> {
        match self {
            Self::Written(text) => text.parse().ok(),
            Self::Whole(whole) => i64::try_from(whole).ok(),
            Self::Float(_) | Self::Decimal { .. } => None,
        }
    }
}

/// Digits of a number without an allocation: 40 of the longest mantissa, 20 of the longest exponent, and the letter between them.
struct Digits {
    bytes: [u8; 64],
    length: usize,
}

impl Digits {
    fn of(number: fmt::Arguments<'_>) -> Self {
        let mut digits = Self { bytes: [0; 64], length: 0 };
        digits.write_fmt(number).expect("64 bytes hold every mantissa and every exponent");
        digits
    }

    fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl fmt::Write for Digits {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i128 = 1_000_000_000;

    #[test]
    fn every_form_of_a_number_gives_the_same_value() {
        for number in [
            Number::Written("1.5"),
            Number::Float(1.5),
            Number::Decimal { mantissa: 15, exponent: -1 },
            Number::Decimal { mantissa: 1_500, exponent: -3 },
        ] {
            assert_eq!(number.value(), Ok(Value::Number(1.5)), "{number:?}");
            assert_eq!(number.nanos(S), Some(1_500_000_000), "{number:?}");
        }
        let large = 9_007_199_254_740_993;
        assert_eq!(Number::Whole(large.into()).value(), Ok(Value::Integer(large)));
        assert_eq!(Number::Whole(i128::MAX).value(), Ok(Value::Number(i128::MAX as f64)));
    }

    #[test]
    fn what_no_double_holds_is_no_value_and_no_time() {
        for number in [Number::Float(f64::NAN), Number::Float(f64::INFINITY), Number::Written("1e400")] {
            assert_eq!((number.value(), number.nanos(S)), (Err(NotFinite), None), "{number:?}");
        }
        for exponent in [i64::MAX, 400] {
            let number = Number::Decimal { mantissa: i128::MIN, exponent };
            assert_eq!((number.value(), number.nanos(S)), (Err(NotFinite), None), "{number:?}");
        }
        let nothing = Number::Decimal { mantissa: i128::MIN, exponent: i64::MIN };
        assert_eq!(nothing.value(), Ok(Value::Number(-0.0)));
    }

    #[test]
    fn a_time_as_a_binary_fraction_is_the_decimal_number_that_was_meant() {
        assert_eq!(Number::Float(1_276_020_076.001).nanos(S), Some(1_276_020_076_001_000_000));
        assert_eq!(Number::Float(-5.1).nanos(S), Some(-5_100_000_000));
        assert_eq!(Number::Float(0.0).nanos(S), Some(0));
    }

    #[test]
    fn whole_numbers_are_added_exactly_and_an_overflow_is_a_double() {
        let (big, one) = (Number::Whole(9_007_199_254_740_992), Number::Written("1"));
        assert_eq!(one.plus(Some(big)), Ok(Value::Integer(9_007_199_254_740_993)));
        assert_eq!(Number::Whole(1).plus(Some(Number::Whole(i64::MAX.into()))), Ok(Value::Number(i64::MAX as f64)));
        assert_eq!(Number::Float(0.5).plus(Some(one)), Ok(Value::Number(1.5)));
        assert_eq!(Number::Float(f64::MAX).plus(Some(Number::Float(f64::MAX))), Err(NotFinite));
        assert_eq!(one.plus(Some(Number::Float(f64::NAN))), Err(NotFinite));
        assert_eq!(one.plus(None), Ok(Value::Number(1.0)));
    }
}
