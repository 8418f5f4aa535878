//! Readings in the binary form of COPY.

use model::{Quality, Reading, Value};

use super::moment::Moment;
use super::text;

/// The statement whose input [`Rows`] writes.
pub(super) const STATEMENT: &str = "copy reading (time, received, value, part, series, city, nanos, received_nanos, quality, integer, flag, \
                                    text, unit) from stdin (format binary)";
const COLUMNS: i16 = 13;
const HEADER: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// Bytes of a row without texts, so that a buffer grows once.
const ROW_BYTES: usize = 110;

/// The number under which the database keeps a quality: its place in the list.
pub(super) fn quality_number(quality: Quality) -> i16 {
    Quality::ALL.iter().position(|one| *one == quality).map_or(1, |place| place as i16)
}

/// The quality with a number; of one that is not known nothing better can be said than that it is uncertain.
pub(super) fn quality_of(number: i16) -> Quality {
    usize::try_from(number).ok().and_then(|place| Quality::ALL.get(place).copied()).unwrap_or(Quality::Uncertain)
}

/// Rows being written.
pub(super) struct Rows {
    bytes: Vec<u8>,
}

impl Rows {
    /// Room for so many rows.
    pub(super) fn new(rows: usize) -> Self {
        let mut bytes = Vec::with_capacity(HEADER.len() + rows * ROW_BYTES + 2);
        bytes.extend_from_slice(HEADER);
        Self { bytes }
    }

    fn field(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => {
                // A text has at most some hundred thousand bytes; what does not fit the form cannot come this far.
                self.bytes.extend_from_slice(&i32::try_from(bytes.len()).unwrap_or(i32::MAX).to_be_bytes());
                self.bytes.extend_from_slice(bytes);
            }
            None => self.bytes.extend_from_slice(&(-1_i32).to_be_bytes()),
        }
    }

    /// Adds a reading of the series `series` of the city `city`, from the part `part`.
    pub(super) fn push(&mut self, reading: &Reading, part: i64, series: i32, city: i16) {
        let ((time, nanos), (received, received_nanos)) =
            (Moment::split(reading.time), Moment::split(reading.received));
        self.bytes.extend_from_slice(&COLUMNS.to_be_bytes());
        self.field(Some(&time.wire().to_be_bytes()));
        self.field(Some(&received.wire().to_be_bytes()));
        self.field(reading.value.as_number().map(f64::to_be_bytes).as_ref().map(|bytes| &bytes[..]));
        self.field(Some(&part.to_be_bytes()));
        self.field(Some(&series.to_be_bytes()));
        self.field(Some(&city.to_be_bytes()));
        self.field(Some(&nanos.to_be_bytes()));
        self.field(Some(&received_nanos.to_be_bytes()));
        self.field(Some(&quality_number(reading.quality).to_be_bytes()));
        let (mut integer, mut flag, mut words) = (None, None, None);
        match &reading.value {
            Value::Integer(number) => integer = Some(number.to_be_bytes()),
            Value::Flag(yes) => flag = Some([u8::from(*yes)]),
            Value::Text(said) => words = Some(text::written(said)),
            Value::Number(_) | Value::Gap => {}
        }
        self.field(integer.as_ref().map(|bytes| &bytes[..]));
        self.field(flag.as_ref().map(|bytes| &bytes[..]));
        self.field(words.as_ref().map(|words| words.as_bytes()));
        self.field(reading.unit.as_str().map(text::written).as_ref().map(|unit| unit.as_bytes()));
    }

    /// The finished input.
    pub(super) fn finish(mut self) -> Vec<u8> {
        self.bytes.extend_from_slice(&(-1_i16).to_be_bytes());
        self.bytes
    }
}
