//! A reading that the store cannot take, as a message that can be read again.

use model::{DeadLetter, Reading};

/// The letter of a reading that came from `source` and that the store refuses with `error`.
pub(super) fn unstorable(reading: &Reading, source: &str, error: &store::Error) -> DeadLetter {
    store::unstorable(reading, source, error.to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ingest::{EverybodyIsNew, RawMessage, Trial};
    use model::{DeviceId, MetricName, Quality, Series, TenantId, Timestamp, Unit, Value};

    use super::*;

    #[test]
    fn a_letter_reads_back_as_the_reading_that_it_was() {
        let tenant = TenantId::new("city").unwrap();
        let values = [
            (Value::Number(0.1 + 0.2), Quality::Good),
            (Value::Integer(i64::MAX), Quality::Uncertain),
            (Value::Flag(true), Quality::Simulated),
            (Value::Text("gu\u{0}asto".into()), Quality::Historical),
            (Value::Gap, Quality::Bad),
        ];
        for (value, quality) in values {
            let reading = Reading {
                series: Arc::new(Series {
                    tenant: tenant.clone(),
                    device: DeviceId::new("lamp \"1\"").unwrap(),
                    metric: MetricName::new("power").unwrap(),
                }),
                time: Timestamp::from_nanos(1_795_305_600_123_456_789),
                received: Timestamp::from_nanos(1_795_305_601_000_000_000),
                value,
                unit: Unit::new("W"),
                quality,
            };
            let letter = unstorable(&reading, "broker", &store::Error::ReadOnly);
            let message = RawMessage {
                tenant: tenant.clone(),
                source: Arc::from("broker"),
                topic: letter.topic.as_str().into(),
                bytes: letter.payload.len(),
                payload: letter.payload.clone(),
                received: letter.received,
                retained: false,
            };
            let mut trial = Trial::new(&ingest::Config::default(), tenant.clone(), Arc::new(EverybodyIsNew)).unwrap();
            let arrival = trial.hear(&message);
            assert_eq!((arrival.readings, arrival.refused), (vec![reading], Vec::new()));
        }
    }
}
