//! A double as text, bit for bit: readers of JSON numbers may round the last digit, and JSON has no infinity.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A double, written as the shortest text that means exactly it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Number(pub(super) f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| D::Error::custom(format_args!("{text:?} is no number")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_double_comes_back_bit_for_bit(bits in any::<u64>()) {
            let number = f64::from_bits(bits);
            let back: Number = serde_json::from_str(&serde_json::to_string(&Number(number)).unwrap()).unwrap();
            prop_assert!(back.0.to_bits() == number.to_bits() || (back.0.is_nan() && number.is_nan()));
        }
    }
}
