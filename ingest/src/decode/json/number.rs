//! Numbers of a JSON text: exact while that is possible.

use model::Value;

use crate::decode::decoder::NotFinite;

/// The value of a number as it was written: whole numbers up to 64 bits stay exact, others become the nearest double.
pub(crate) fn value(text: &str) -> Result<Value, NotFinite> {
    if text.len() <= 20
        && !text.contains(['.', 'e', 'E'])
        && let Ok(whole) = text.parse::<i64>()
    {
        return Ok(Value::whole(whole));
    }
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Value::Number(number)),
        _ => Err(NotFinite),
    }
}

/// A number of `unit` nanoseconds each, as whole nanoseconds, exactly (digits beyond a nanosecond are cut). `None` when it is beyond any calendar.
pub(crate) fn nanos(text: &str, unit: i128) -> Option<i128> {
    let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let mut number = 0_i128;
    let mut scale = exponent;
    for digit in whole.bytes().chain(fraction.bytes()) {
        if !digit.is_ascii_digit() {
            return None;
        }
        if number >= 1_000_000_000_000_000_000_000_000 {
            // 24 digits are known: the rest cannot matter, only its length can.
            scale = scale.checked_add(1)?;
        } else {
            number = number * 10 + i128::from(digit - b'0');
        }
    }
    scale = scale.checked_sub(i32::try_from(fraction.len()).ok()?)?;
    if number == 0 {
        return Some(0);
    }
    let mut nanos = number.checked_mul(unit)?;
    for _ in 0..scale.unsigned_abs() {
        nanos = if scale > 0 { nanos.checked_mul(10)? } else { nanos / 10 };
        if nanos == 0 {
            break;
        }
    }
    Some(if negative { -nanos } else { nanos })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_exact_while_that_is_possible() {
        for (text, expected) in [
            ("0", Ok(Value::Number(0.0))),
            ("-7", Ok(Value::Number(-7.0))),
            ("9007199254740993", Ok(Value::Integer(9_007_199_254_740_993))),
            ("-9223372036854775808", Ok(Value::Integer(i64::MIN))),
            ("18446744073709551615", Ok(Value::Number(18_446_744_073_709_551_615.0))),
            ("0.1", Ok(Value::Number(0.1))),
            ("0.14e1", Ok(Value::Number(1.4))),
            ("1e400", Err(NotFinite)),
            ("-1e400", Err(NotFinite)),
            ("1e-400", Ok(Value::Number(0.0))),
        ] {
            assert_eq!(value(text), expected, "{text}");
        }
    }

    #[test]
    fn times_keep_every_digit_down_to_the_nanosecond() {
        const S: i128 = 1_000_000_000;
        for (text, unit, expected) in [
            ("1276020076.001", S, Some(1_276_020_076_001_000_000)),
            ("1276020076.123456789123", S, Some(1_276_020_076_123_456_789)),
            ("-5", S, Some(-5_000_000_000)),
            ("1.7e9", S, Some(1_700_000_000_000_000_000)),
            ("1700000000123", 1_000_000, Some(1_700_000_000_123_000_000)),
            ("1e400", S, None),
            ("1e-400", S, Some(0)),
            ("0e999999999", S, Some(0)),
            ("1e99999999999", S, None),
        ] {
            assert_eq!(nanos(text, unit), expected, "{text}");
        }
        assert_eq!(nanos(&format!("0.{}1", "0".repeat(5_000)), S), Some(0));
    }
}
