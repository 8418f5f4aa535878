//! The columns in which readings are kept, in the log, in memory and in parts. One constant for all three.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// Position of each column. A new column goes to the end and is nullable.
pub(super) mod column {
    /// What sent it, as it names itself.
    pub(in crate::columnar) const DEVICE: usize = 0;
    /// What was measured.
    pub(in crate::columnar) const METRIC: usize = 1;
    /// When it was measured, UTC, nanoseconds.
    pub(in crate::columnar) const TIME: usize = 2;
    /// The value as a number: whole numbers beyond 2^53 rounded, flags 1 and 0, none for texts and gaps.
    pub(in crate::columnar) const VALUE: usize = 3;
    /// The exact value of a whole number beyond 2^53.
    pub(in crate::columnar) const INTEGER: usize = 4;
    /// The value of a flag.
    pub(in crate::columnar) const FLAG: usize = 5;
    /// The value of a state in words.
    pub(in crate::columnar) const TEXT: usize = 6;
    /// The unit as it was sent, if it was.
    pub(in crate::columnar) const UNIT: usize = 7;
    /// How far it can be trusted: good, uncertain, bad, simulated, historical.
    pub(in crate::columnar) const QUALITY: usize = 8;
    /// When it reached us, UTC, nanoseconds.
    pub(in crate::columnar) const RECEIVED: usize = 9;
}

/// The zone that is written beside times; the spelling that `now()` has, so that a comparison needs no cast.
pub(super) const ZONE: &str = "+00:00";

/// The type of a moment.
pub(super) fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Nanosecond, Some(Arc::from(ZONE)))
}

/// The schema of readings. Texts are views: rows with the same few names share one buffer, and batches are joined without rewriting
/// dictionaries.
pub(super) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("device", DataType::Utf8View, false),
        Field::new("metric", DataType::Utf8View, false),
        Field::new("time", time_type(), false),
        Field::new("value", DataType::Float64, true),
        Field::new("integer", DataType::Int64, true),
        Field::new("flag", DataType::Boolean, true),
        Field::new("text", DataType::Utf8View, true),
        Field::new("unit", DataType::Utf8View, true),
        Field::new("quality", DataType::Utf8View, false),
        Field::new("received", time_type(), false),
    ]))
});
