//! What a value means: signs and widths of whole numbers, what is no reading, and how far a value can be trusted.

use std::sync::Arc;

use model::{Quality, Reason, Value};

use super::super::{NotFinite, Refusal};
use super::payload::{Metric, Scalar};

/// Codes of the data types that change how a value is read. The others are read as they are written.
mod datatype {
    pub(super) const INT8: u32 = 1;
    pub(super) const INT16: u32 = 2;
    pub(super) const INT32: u32 = 3;
    pub(super) const INT64: u32 = 4;
    pub(super) const UINT8: u32 = 5;
    pub(super) const UINT16: u32 = 6;
    pub(super) const UINT32: u32 = 7;
    pub(super) const BOOLEAN: u32 = 11;
    /// Tables; after them come bytes, files, templates, sets of properties and arrays.
    pub(super) const DATA_SET: u32 = 16;
    pub(super) const LAST_ARRAY: u32 = 34;
}

/// What a metric says.
#[derive(Debug, PartialEq)]
pub(super) enum Meaning {
    /// A value, and whether it fits its type.
    Value(Result<Value, NotFinite>, Fit),
    /// That there is no value.
    Gap,
    /// Something that is no scalar.
    NoReading,
}

/// Whether a value is one of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fit {
    /// It is.
    Fits,
    /// Its type is unknown or too small for it: it may mean another number.
    Doubtful,
}

/// What this metric says, with the data type of its own or of its birth.
pub(super) fn meaning(metric: &Metric, birth: Option<u32>) -> Result<Meaning, Refusal> {
    let datatype = metric.datatype.filter(|code| *code != 0).or(birth);
    if datatype.is_some_and(|code| (datatype::DATA_SET..=datatype::LAST_ARRAY).contains(&code)) {
        return Ok(Meaning::NoReading);
    }
    if metric.is_null == Some(true) {
        return Ok(Meaning::Gap);
    }
    let number = |number: f64| Meaning::Value(Ok(Value::Number(number)), Fit::Fits);
    Ok(match &metric.value {
        None => Meaning::Gap,
        Some(Scalar::Boolean(flag)) => Meaning::Value(Ok(Value::Flag(*flag)), Fit::Fits),
        Some(Scalar::Float(float)) => number(f64::from(*float)),
        Some(Scalar::Double(double)) => number(*double),
        Some(Scalar::Int(bits)) => whole(u64::from(*bits), i64::from(bits.cast_signed()), datatype),
        Some(Scalar::Long(bits)) => whole(*bits, bits.cast_signed(), datatype),
        Some(Scalar::Text(bytes)) => {
            let text =
                std::str::from_utf8(bytes).map_err(|_| Refusal::new(Reason::Malformed, "a text value is not UTF-8"))?;
            Meaning::Value(Ok(Value::Text(Arc::from(text))), Fit::Fits)
        }
        Some(Scalar::Bytes(_) | Scalar::DataSet(_) | Scalar::Template(_) | Scalar::Extension(_)) => Meaning::NoReading,
    })
}

/// A whole number of this type: as it was written, and the same bits in two's complement of the width in which they were written.
fn whole(written: u64, signed: i64, datatype: Option<u32>) -> Meaning {
    use datatype::{BOOLEAN, INT8, INT16, INT32, INT64, UINT8, UINT16, UINT32};
    let (value, fit) = match datatype {
        Some(INT8) => narrow(written, signed, 8),
        Some(INT16) => narrow(written, signed, 16),
        Some(INT32) => narrow(written, signed, 32),
        Some(INT64) => (Value::whole(signed), Fit::Fits),
        Some(UINT8) => (unsigned(written), fits(written <= u64::from(u8::MAX))),
        Some(UINT16) => (unsigned(written), fits(written <= u64::from(u16::MAX))),
        Some(UINT32) => (unsigned(written), fits(written <= u64::from(u32::MAX))),
        Some(BOOLEAN) => (Value::Flag(written != 0), fits(written <= 1)),
        // Nobody said whether the highest bit is a sign.
        None => (unsigned(written), fits(signed >= 0)),
        // UInt64, times in milliseconds, and numbers in the place of something else.
        Some(_) => (unsigned(written), Fit::Fits),
    };
    Meaning::Value(Ok(value), fit)
}

fn fits(it_does: bool) -> Fit {
    if it_does { Fit::Fits } else { Fit::Doubtful }
}

/// A signed number of `width` bits: most senders extend the sign to the width of the field, some write only the bits of the type.
fn narrow(written: u64, signed: i64, width: u32) -> (Value, Fit) {
    let half = 1_i64 << (width - 1);
    if (-half..half).contains(&signed) {
        return (Value::Number(signed as f64), Fit::Fits);
    }
    if written >> width == 0 {
        // The sign bit of the type is set, for the value is not in the positive half.
        return (Value::Number((written.cast_signed() - 2 * half) as f64), Fit::Fits);
    }
    (Value::whole(signed), Fit::Doubtful)
}

/// An unsigned number. Beyond the largest signed one it is the nearest double: half a unit in the 16th digit, and still a number.
fn unsigned(written: u64) -> Value {
    i64::try_from(written).map_or(Value::Number(written as f64), Value::whole)
}

/// How far a value can be trusted: by the code of its quality, by its fit, and whether it is history.
pub(super) fn quality(code: Option<u64>, fit: Fit, historical: bool) -> Quality {
    let told = match code {
        None | Some(192..=255) => Quality::Good,
        Some(500) => Quality::Stale,
        // Not of Sparkplug, but of OPC, from which its numbers come: below 64 is bad, the rest uncertain.
        Some(0..=63) => Quality::Bad,
        Some(_) => Quality::Uncertain,
    };
    match told {
        Quality::Bad | Quality::Stale => told,
        _ if historical => Quality::Historical,
        Quality::Good if fit == Fit::Doubtful => Quality::Uncertain,
        told => told,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    fn say(scalar: Scalar, datatype: Option<u32>) -> Meaning {
        meaning(&Metric { value: Some(scalar), datatype, ..Metric::default() }, None).unwrap()
    }

    #[track_caller]
    fn check(scalar: Scalar, datatype: u32, expected: f64, fit: Fit) {
        assert_eq!(say(scalar, Some(datatype)), Meaning::Value(Ok(Value::Number(expected)), fit));
    }

    #[test]
    fn whole_numbers_are_signed_as_their_type_says_in_any_width() {
        use Fit::{Doubtful, Fits};
        use Scalar::{Int, Long};
        for width in [1, 2, 3, 4] {
            check(Int((-5_i32).cast_unsigned()), width, -5.0, Fits);
            check(Long((-5_i64).cast_unsigned()), width, -5.0, Fits);
            check(Int(7), width, 7.0, Fits);
        }
        check(Int(0xFB), 1, -5.0, Fits);
        check(Int(0x80), 1, -128.0, Fits);
        check(Int(0xFFFB), 2, -5.0, Fits);
        check(Long(0xFFFF_FFFB), 3, -5.0, Fits);
        check(Int(0xFFFF_FF7F), 1, -129.0, Doubtful);
        check(Int(0x1FB), 1, 507.0, Doubtful);
        check(Int(0xFFFF_FFFF), 7, 4_294_967_295.0, Fits);
        check(Int(300), 5, 300.0, Doubtful);
        check(Int(5), 10, 5.0, Fits);
    }

    #[test]
    fn large_whole_numbers_stay_exact_as_long_as_they_are_signed_and_unsigned_ones_stay_numbers() {
        let value = |scalar, datatype| say(scalar, Some(datatype));
        let exact = 9_007_199_254_740_993;
        assert_eq!(value(Scalar::Long(exact), 8), Meaning::Value(Ok(Value::Integer(exact.cast_signed())), Fit::Fits));
        assert_eq!(
            value(Scalar::Long(i64::MIN.cast_unsigned()), 4),
            Meaning::Value(Ok(Value::Integer(i64::MIN)), Fit::Fits)
        );
        check(Scalar::Long(u64::MAX), 8, 18_446_744_073_709_551_615.0, Fit::Fits);
        check(Scalar::Long(1 << 63), 8, 9_223_372_036_854_775_808.0, Fit::Fits);
    }

    #[test]
    fn without_a_type_the_highest_bit_makes_a_number_doubtful() {
        let of = |scalar| say(scalar, None);
        assert_eq!(of(Scalar::Int(7)), Meaning::Value(Ok(Value::Number(7.0)), Fit::Fits));
        assert_eq!(
            of(Scalar::Int((-5_i32).cast_unsigned())),
            Meaning::Value(Ok(Value::Number(4_294_967_291.0)), Fit::Doubtful)
        );
    }

    #[test]
    fn tables_files_templates_and_bytes_are_no_readings_and_no_value_is_a_gap() {
        for scalar in [Scalar::Bytes, Scalar::DataSet, Scalar::Template, Scalar::Extension] {
            assert_eq!(say(scalar(Bytes::new()), None), Meaning::NoReading);
        }
        for datatype in [16, 17, 18, 19, 20, 21, 22, 34] {
            assert_eq!(say(Scalar::Int(1), Some(datatype)), Meaning::NoReading);
        }
        assert_eq!(meaning(&Metric::default(), None).unwrap(), Meaning::Gap);
        let null = Metric { is_null: Some(true), value: Some(Scalar::Int(0)), ..Metric::default() };
        assert_eq!(meaning(&null, Some(3)).unwrap(), Meaning::Gap);
        assert!(
            meaning(&Metric { value: Some(Scalar::Text(Bytes::from_static(&[0xFF]))), ..null.clone() }, None).is_ok()
        );
    }

    #[test]
    fn a_text_that_is_none_is_malformed() {
        let metric = Metric { value: Some(Scalar::Text(Bytes::from_static(&[0xFF]))), ..Metric::default() };
        assert_eq!(meaning(&metric, None).unwrap_err().reason, Reason::Malformed);
    }

    #[test]
    fn a_quality_is_as_its_code_says_and_history_is_history_when_it_is_good() {
        for (code, historical, expected) in [
            (None, false, Quality::Good),
            (Some(192), false, Quality::Good),
            (Some(0), false, Quality::Bad),
            (Some(500), false, Quality::Stale),
            (Some(64), false, Quality::Uncertain),
            (Some(u64::MAX), false, Quality::Uncertain),
            (None, true, Quality::Historical),
            (Some(64), true, Quality::Historical),
            (Some(0), true, Quality::Bad),
            (Some(500), true, Quality::Stale),
        ] {
            assert_eq!(quality(code, Fit::Fits, historical), expected, "{code:?} {historical}");
        }
        assert_eq!(quality(None, Fit::Doubtful, false), Quality::Uncertain);
    }
}
