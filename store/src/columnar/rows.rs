//! Readings to columns and back.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BooleanArray, BooleanBuilder, Float64Array, Float64Builder, Int64Array, Int64Builder, RecordBatch,
    StringViewArray, StringViewBuilder, TimestampNanosecondArray, TimestampNanosecondBuilder,
};
use model::{Quality, Reading, Series, Timestamp, Unit, Value};

use super::schema::{SCHEMA, ZONE, column, time_type};

/// Gathers readings into columns.
pub(super) struct Builder {
    device: StringViewBuilder,
    metric: StringViewBuilder,
    time: TimestampNanosecondBuilder,
    value: Float64Builder,
    integer: Int64Builder,
    flag: BooleanBuilder,
    text: StringViewBuilder,
    unit: StringViewBuilder,
    quality: StringViewBuilder,
    received: TimestampNanosecondBuilder,
}

impl Builder {
    pub(super) fn new(rows: usize) -> Self {
        let names = || StringViewBuilder::with_capacity(rows).with_deduplicate_strings();
        Self {
            device: names(),
            metric: names(),
            time: TimestampNanosecondBuilder::with_capacity(rows).with_data_type(time_type()),
            value: Float64Builder::with_capacity(rows),
            integer: Int64Builder::with_capacity(rows),
            flag: BooleanBuilder::with_capacity(rows),
            text: names(),
            unit: names(),
            quality: StringViewBuilder::with_capacity(rows),
            received: TimestampNanosecondBuilder::with_capacity(rows).with_data_type(time_type()),
        }
    }

    pub(super) fn push(&mut self, reading: &Reading) {
        self.device.append_value(reading.series.device.as_str());
        self.metric.append_value(reading.series.metric.as_str());
        self.time.append_value(reading.time.as_nanos());
        self.value.append_option(reading.value.as_number());
        let (mut integer, mut flag, mut text) = (None, None, None);
        match &reading.value {
            Value::Integer(number) => integer = Some(*number),
            Value::Flag(yes) => flag = Some(*yes),
            Value::Text(words) => text = Some(words.as_ref()),
            Value::Number(_) | Value::Gap => {}
        }
        self.integer.append_option(integer);
        self.flag.append_option(flag);
        self.text.append_option(text);
        self.unit.append_option(reading.unit.as_str());
        self.quality.append_value(reading.quality.as_str());
        self.received.append_value(reading.received.as_nanos());
    }

    pub(super) fn finish(mut self) -> RecordBatch {
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.device.finish()),
            Arc::new(self.metric.finish()),
            Arc::new(self.time.finish()),
            Arc::new(self.value.finish()),
            Arc::new(self.integer.finish()),
            Arc::new(self.flag.finish()),
            Arc::new(self.text.finish()),
            Arc::new(self.unit.finish()),
            Arc::new(self.quality.finish()),
            Arc::new(self.received.finish()),
        ];
        RecordBatch::try_new(Arc::clone(&SCHEMA), columns).expect("the builders are those of the schema")
    }
}

/// What tells one value from another when the same reading comes twice: equal values have equal marks, across restarts too.
pub(super) fn mark(value: &Value) -> u64 {
    match value {
        Value::Number(number) => number_mark(*number),
        Value::Integer(number) => scatter(1, *number as u64),
        Value::Flag(flag) => scatter(2, u64::from(*flag)),
        Value::Text(text) => text_mark(text),
        Value::Gap => scatter(4, 0),
    }
}

fn number_mark(number: f64) -> u64 {
    scatter(0, if number == 0.0 { 0 } else { number.to_bits() })
}

fn text_mark(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A bijection for each kind (the finisher of splitmix64), so that numbers never share a mark with each other.
fn scatter(kind: u64, bits: u64) -> u64 {
    let mut mixed = bits.wrapping_add(kind.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The columns of a batch of readings, by their types. `None` from [`Rows::of`] when they are others.
pub(super) struct Rows<'a> {
    pub(super) device: &'a StringViewArray,
    pub(super) metric: &'a StringViewArray,
    pub(super) time: &'a TimestampNanosecondArray,
    value: &'a Float64Array,
    integer: &'a Int64Array,
    flag: &'a BooleanArray,
    text: &'a StringViewArray,
    unit: &'a StringViewArray,
    quality: &'a StringViewArray,
    received: &'a TimestampNanosecondArray,
}

impl<'a> Rows<'a> {
    pub(super) fn of(batch: &'a RecordBatch) -> Option<Self> {
        let any = |position: usize| batch.columns().get(position).map(|array| array.as_any());
        Some(Self {
            device: any(column::DEVICE)?.downcast_ref()?,
            metric: any(column::METRIC)?.downcast_ref()?,
            time: any(column::TIME)?.downcast_ref()?,
            value: any(column::VALUE)?.downcast_ref()?,
            integer: any(column::INTEGER)?.downcast_ref()?,
            flag: any(column::FLAG)?.downcast_ref()?,
            text: any(column::TEXT)?.downcast_ref()?,
            unit: any(column::UNIT)?.downcast_ref()?,
            quality: any(column::QUALITY)?.downcast_ref()?,
            received: any(column::RECEIVED)?.downcast_ref()?,
        })
    }

    pub(super) fn len(&self) -> usize {
        self.time.len()
    }

    pub(super) fn time(&self, row: usize) -> Timestamp {
        Timestamp::from_nanos(self.time.value(row))
    }

    /// The value as a finite number, for charts.
    pub(super) fn number(&self, row: usize) -> Option<f64> {
        self.value.is_valid(row).then(|| self.value.value(row)).filter(|number| number.is_finite())
    }

    pub(super) fn quality(&self, row: usize) -> Quality {
        self.quality.value(row).parse().unwrap_or(Quality::Uncertain)
    }

    pub(super) fn mark(&self, row: usize) -> u64 {
        if self.flag.is_valid(row) {
            scatter(2, u64::from(self.flag.value(row)))
        } else if self.integer.is_valid(row) {
            scatter(1, self.integer.value(row) as u64)
        } else if self.text.is_valid(row) {
            text_mark(self.text.value(row))
        } else if self.value.is_valid(row) {
            number_mark(self.value.value(row))
        } else {
            scatter(4, 0)
        }
    }

    fn value(&self, row: usize) -> Value {
        if self.flag.is_valid(row) {
            Value::Flag(self.flag.value(row))
        } else if self.integer.is_valid(row) {
            Value::Integer(self.integer.value(row))
        } else if self.text.is_valid(row) {
            Value::Text(Arc::from(self.text.value(row)))
        } else if self.value.is_valid(row) {
            Value::Number(self.value.value(row))
        } else {
            Value::Gap
        }
    }

    /// One row as a reading of a series that is already known.
    pub(super) fn reading(&self, row: usize, series: &Arc<Series>) -> Reading {
        let unit = if self.unit.is_valid(row) { Unit::new(self.unit.value(row)) } else { Unit::NONE };
        Reading {
            series: Arc::clone(series),
            time: self.time(row),
            received: Timestamp::from_nanos(self.received.value(row)),
            value: self.value(row),
            unit,
            quality: self.quality(row),
        }
    }
}

/// Times of a column that a query may have made without a zone, for tests and for literals.
pub(super) fn times(nanos: Vec<i64>) -> TimestampNanosecondArray {
    TimestampNanosecondArray::from(nanos).with_timezone(ZONE)
}

#[cfg(test)]
mod tests {
    use model::{DeviceId, MetricName, TenantId};
    use proptest::prelude::*;

    use super::*;

    fn values() -> impl Strategy<Value = Value> {
        prop_oneof![
            any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::Number),
            any::<i64>().prop_map(Value::whole),
            any::<bool>().prop_map(Value::Flag),
            ".{0,40}".prop_map(|text| Value::Text(Arc::from(text))),
            Just(Value::Gap),
        ]
    }

    proptest! {
        #[test]
        fn a_reading_comes_back_from_its_columns_as_it_was(value in values(), unit in ".{0,20}", time in any::<i64>(), quality in 0..Quality::ALL.len()) {
            let series = Arc::new(Series {
                tenant: TenantId::new("me").unwrap(),
                device: DeviceId::new("lamp").unwrap(),
                metric: MetricName::new("power").unwrap(),
            });
            let reading = Reading {
                series: Arc::clone(&series),
                time: Timestamp::from_nanos(time),
                received: Timestamp::from_nanos(time ^ 1),
                value,
                unit: Unit::new(&unit),
                quality: Quality::ALL[quality],
            };
            let mut builder = Builder::new(1);
            builder.push(&reading);
            let batch = builder.finish();
            let rows = Rows::of(&batch).unwrap();
            prop_assert_eq!(rows.mark(0), mark(&reading.value));
            prop_assert_eq!(rows.reading(0, &series), reading);
        }
    }
}
