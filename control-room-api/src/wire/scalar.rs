//! A single value in JSON.

use model::Value;
use serde::Serialize;
use utoipa::ToSchema;

/// A value as JSON has it. A whole number beyond 2^53, and a number that is not finite, is a string.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Scalar {
    /// Yes or no.
    Flag(bool),
    /// A whole number up to 2^53.
    Whole(i64),
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// Nothing.
    #[schema(value_type = Option<bool>)]
    Nothing(Option<()>),
}

impl Scalar {
    pub(crate) const NULL: Self = Self::Nothing(None);

    pub(crate) fn whole(number: i64) -> Self {
        if (-Value::EXACT..=Value::EXACT).contains(&number) {
            Self::Whole(number)
        } else {
            Self::Text(number.to_string())
        }
    }

    pub(crate) fn number(number: f64) -> Self {
        if number.is_finite() {
            Self::Number(number)
        } else if number.is_nan() {
            Self::Text("NaN".into())
        } else {
            Self::Text(if number > 0.0 { "Infinity" } else { "-Infinity" }.into())
        }
    }
}

impl From<&Value> for Scalar {
    fn from(value: &Value) -> Self {
        match value {
            Value::Number(number) => Self::number(*number),
            Value::Integer(number) => Self::whole(*number),
            Value::Flag(flag) => Self::Flag(*flag),
            Value::Text(text) => Self::Text(text.to_string()),
            Value::Gap => Self::NULL,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_a_page_would_bend_is_sent_as_text() {
        let json = |value: &Value| serde_json::to_string(&Scalar::from(value)).unwrap();
        assert_eq!(json(&Value::Number(21.5)), "21.5");
        assert_eq!(json(&Value::Integer(9_007_199_254_740_993)), "\"9007199254740993\"");
        assert_eq!(json(&Value::Flag(true)), "true");
        assert_eq!(json(&Value::Gap), "null");
        assert_eq!(serde_json::to_string(&Scalar::number(f64::NAN)).unwrap(), "\"NaN\"");
    }
}
