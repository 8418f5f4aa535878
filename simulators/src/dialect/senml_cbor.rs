//! SenML in CBOR (RFC 8428, section 6): integer labels, the time as a decimal fraction so that its milliseconds are exact.

use ciborium::Value;
use model::Timestamp;

use super::voice::{Report, assured};
use crate::publish::Message;
use crate::sensor::Shown;

const BASE_NAME: i64 = -2;
const BASE_TIME: i64 = -3;
const NAME: i64 = 0;
const UNIT: i64 = 1;
const VALUE: i64 = 2;
const TEXT: i64 = 3;
const FLAG: i64 = 4;
/// RFC 8949, 3.4.4: exponent and mantissa of ten.
const DECIMAL_FRACTION: u64 = 4;

pub(super) fn pack(report: &Report<'_>) -> Vec<Message> {
    let mut records = Vec::new();
    for said in report.said {
        for (k, sample) in said.samples.iter().enumerate() {
            let mut record: Vec<(Value, Value)> = Vec::with_capacity(5);
            let mut put = |label: i64, value: Value| record.push((label.into(), value));
            if k == 0 {
                put(BASE_NAME, format!("{}:", said.sensor.device).into());
                if records.is_empty() {
                    put(BASE_TIME, seconds(report.time));
                }
            }
            put(NAME, sample.metric.into());
            if !sample.unit.is_empty() {
                put(UNIT, sample.unit.into());
            }
            match sample.shown {
                Shown::Number(number) => put(VALUE, number.into()),
                Shown::Flag(flag) => put(FLAG, flag.into()),
                Shown::Word(word) => put(TEXT, word.into()),
            }
            records.push(Value::Map(record));
        }
    }
    let count = records.len();
    let mut payload = Vec::new();
    ciborium::into_writer(&Value::Array(records), &mut payload).expect("a vector takes what is written");
    vec![assured(format!("senml/{}/cbor", report.sender()), payload.into(), count)]
}

fn seconds(time: Timestamp) -> Value {
    Value::Tag(DECIMAL_FRACTION, Box::new(Value::Array(vec![(-3).into(), time.as_millis().into()])))
}
