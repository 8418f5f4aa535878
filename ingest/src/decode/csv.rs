//! Tables with a header, RFC 4180: a reading a row, or a column for each metric. A row that is wrong is refused alone. Written down in FORMATS.md.

use std::collections::HashSet;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use model::{Quality, Reason, Value};

use super::decoder::{Decoder, Message, NotFinite, Observation, Refusal, Sink, Tools};
use super::json::value as number;
use super::moment::Moment;
use crate::lines::{Records, separator};

/// How fractions are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decimal {
    /// 12.5
    Point,
    /// 12,5
    Comma,
}

/// Reads tables.
pub(super) struct Csv {
    decimal: Decimal,
    commas: Reader,
    semicolons: Reader,
    header: Fields,
    row: Fields,
}

impl Csv {
    pub(super) fn new(decimal: Decimal) -> Self {
        Self {
            decimal,
            commas: Reader::new(),
            semicolons: ReaderBuilder::new().delimiter(b';').build(),
            header: Fields::default(),
            row: Fields::default(),
        }
    }
}

/// The fields of one record, without their quotes. Its memory is used again for each record.
#[derive(Debug, Default)]
struct Fields {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    count: usize,
}

impl Fields {
    /// Takes a record apart. Its text must be UTF-8.
    fn read(&mut self, reader: &mut Reader, text: &[u8]) -> Result<(), Refusal> {
        if let Err(why) = std::str::from_utf8(text) {
            return Err(Refusal::new(
                Reason::Malformed,
                format!("not UTF-8 at byte {} of the line", why.valid_up_to()),
            ));
        }
        reader.reset();
        // Fields are never longer than their record, nor more than its bytes and one.
        if self.bytes.len() <= text.len() {
            self.bytes.resize(text.len() + 1, 0);
            self.ends.resize(text.len() + 2, 0);
        }
        let (mut read, mut written, mut ended) = (0, 0, 0);
        loop {
            let (result, taken, bytes, ends) =
                reader.read_record(&text[read..], &mut self.bytes[written..], &mut self.ends[ended..]);
            (read, written, ended) = (read + taken, written + bytes, ended + ends);
            match result {
                // What is left is given again; when nothing is left, that tells the reader that the record ends here.
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::Record | ReadRecordResult::End => break,
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    return Err(Refusal::new(Reason::Malformed, "the line cannot be cut into fields"));
                }
            }
        }
        self.count = ended;
        Ok(())
    }

    fn get(&self, index: usize) -> &str {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        std::str::from_utf8(&self.bytes[start..self.ends[index]]).unwrap_or_default()
    }

    fn all(&self) -> impl Iterator<Item = &str> {
        (0..self.count).map(|index| self.get(index))
    }
}

/// Which column says what.
struct Columns {
    device: usize,
    time: Option<usize>,
    quality: Option<usize>,
    values: Values,
}

enum Values {
    /// A reading a row.
    Long { metric: usize, value: usize, unit: Option<usize> },
    /// Every other column is a metric.
    Wide,
}

impl Columns {
    fn of(header: &Fields) -> Result<Self, Refusal> {
        let mut names = HashSet::with_capacity(header.count);
        for name in header.all().map(str::trim) {
            if name.is_empty() {
                return Err(Refusal::schema("a column of the header has no name"));
            }
            if !names.insert(name) {
                let name = name.chars().take(64).collect::<String>();
                return Err(Refusal::new(Reason::DuplicateKey, format!("the column {name:?} twice in the header")));
            }
        }
        let column = |wanted: &str| header.all().position(|name| name.trim() == wanted);
        let device = column("device").ok_or_else(|| Refusal::schema("the header has no column device"))?;
        let (time, quality) = (column("time"), column("quality"));
        let values = match (column("metric"), column("value"), column("unit")) {
            (Some(metric), Some(value), unit) => {
                let known = ["device", "time", "metric", "value", "unit", "quality"];
                if let Some(other) = header.all().map(str::trim).find(|name| !known.contains(name)) {
                    let other = other.chars().take(64).collect::<String>();
                    return Err(Refusal::schema(format!(
                        "the column {other:?} means nothing beside the columns metric and value"
                    )));
                }
                Values::Long { metric, value, unit }
            }
            (None, None, None) => Values::Wide,
            _ => return Err(Refusal::schema("the columns metric and value belong together, and unit needs both")),
        };
        Ok(Self { device, time, quality, values })
    }

    /// Whether the column is a metric of a wide table.
    fn is_metric(&self, index: usize) -> bool {
        index != self.device && Some(index) != self.time && Some(index) != self.quality
    }
}

/// What a row says about all its values.
struct Row<'a> {
    device: &'a str,
    time: Moment,
    quality: Quality,
}

impl<'a> Row<'a> {
    fn of(columns: &Columns, header: &Fields, row: &'a Fields) -> Result<Self, Refusal> {
        if row.count != header.count {
            return Err(Refusal::schema(format!("{} fields, and the header has {}", row.count, header.count)));
        }
        let device = row.get(columns.device).trim();
        if device.is_empty() {
            return Err(Refusal::schema("a row without device"));
        }
        let time = match columns.time.map_or("", |at| row.get(at).trim()) {
            "" => Moment::Arrival,
            text => Moment::rfc3339(text)
                .ok_or_else(|| Refusal::schema("time must be like 2026-11-22T09:30:00.250Z, with its zone"))?,
        };
        let quality = match columns.quality.map_or("", |at| row.get(at).trim()) {
            "" => Quality::Good,
            word => word.parse().map_err(|_| {
                Refusal::schema("quality must be good, uncertain, bad, simulated or historical, or nothing")
            })?,
        };
        Ok(Self { device, time, quality })
    }

    /// Says one value. An empty field is no value, or a gap where the row is said to be bad.
    fn say(&self, metric: &str, text: &str, unit: &str, decimal: Decimal, sink: &mut dyn Sink) -> Result<(), Refusal> {
        let Self { device, time, quality } = *self;
        let value = match cell(text, decimal)? {
            Some(value) => value,
            None if quality == Quality::Bad => Ok(Value::Gap),
            None => return Ok(()),
        };
        sink.reading(Observation { device, metric, value, unit, time, quality })
    }
}

/// A value as it was written: a number, true or false, or a text; nothing for an empty field.
fn cell(text: &str, decimal: Decimal) -> Result<Option<Result<Value, NotFinite>>, Refusal> {
    let word = text.trim();
    match word {
        "" => return Ok(None),
        "true" | "TRUE" | "True" => return Ok(Some(Ok(Value::Flag(true)))),
        "false" | "FALSE" | "False" => return Ok(Some(Ok(Value::Flag(false)))),
        _ => {}
    }
    let unsigned = word.strip_prefix(['-', '+']).unwrap_or(word);
    if ["nan", "inf", "infinity"].iter().any(|name| unsigned.eq_ignore_ascii_case(name)) {
        return Ok(Some(Err(NotFinite)));
    }
    let numeric = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == ',')
        && word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b',' | b'e' | b'E' | b'+' | b'-'));
    if !numeric {
        return Ok(Some(Ok(Value::Text(text.into()))));
    }
    let (points, commas) = (word.matches('.').count(), word.matches(',').count());
    match decimal {
        Decimal::Point if commas > 0 => Err(Refusal::schema(format!(
            "{word:?} has a comma: write 12.5, or separate fields by ; and say decimal=comma"
        ))),
        Decimal::Comma if commas > 0 && points > 0 => {
            Err(Refusal::schema(format!("{word:?} has commas and points: write it without marks for thousands")))
        }
        Decimal::Comma if points == 1 && plain(word).is_ok() => {
            Err(Refusal::schema(format!("{word:?} has a decimal point although decimal commas were said")))
        }
        Decimal::Comma if commas == 1 => Ok(Some(plain(&word.replace(',', ".")).unwrap_or_else(|()| texted(text)))),
        _ => Ok(Some(plain(word).unwrap_or_else(|()| texted(text)))),
    }
}

fn texted(text: &str) -> Result<Value, NotFinite> {
    Ok(Value::Text(text.into()))
}

/// The number, if it is one; a date or an address of digits is none.
fn plain(word: &str) -> Result<Result<Value, NotFinite>, ()> {
    let word = word.strip_prefix('+').unwrap_or(word);
    word.parse::<f64>().map(|_| number(word)).map_err(|_| ())
}

impl Decoder for Csv {
    fn decode(&mut self, message: &Message<'_>, _tools: &mut Tools, sink: &mut dyn Sink) -> Result<(), Refusal> {
        let Self { decimal, commas, semicolons, header, row } = self;
        let mut records = Records::of_csv(message.payload, b",;");
        let first = records.next().ok_or_else(|| Refusal::new(Reason::Malformed, "there is no line in it"))?;
        if !first.closed {
            return Err(Refusal::new(Reason::Malformed, "a quote of the header is never closed"));
        }
        let mark = separator(first.text);
        if *decimal == Decimal::Comma && mark == b"," {
            return Err(Refusal::schema("decimal commas need fields that are separated by ;"));
        }
        let reader = if mark == b";" { semicolons } else { commas };
        header.read(reader, first.text)?;
        let columns = Columns::of(header)?;
        for record in records.separated_by(mark) {
            sink.line(record.line);
            let read = if record.closed {
                row.read(reader, record.text)
            } else {
                Err(Refusal::new(Reason::Malformed, "a quote is never closed"))
            };
            if let Err(refusal) = read.and_then(|()| say(&columns, header, row, *decimal, sink)) {
                sink.refuse_line(refusal);
            }
        }
        Ok(())
    }
}

/// Says the readings of one row.
fn say(
    columns: &Columns,
    header: &Fields,
    fields: &Fields,
    decimal: Decimal,
    sink: &mut dyn Sink,
) -> Result<(), Refusal> {
    // Spreadsheets leave rows of separators behind.
    if fields.all().all(|field| field.trim().is_empty()) {
        return Ok(());
    }
    let row = Row::of(columns, header, fields)?;
    sink.seen(row.device)?;
    match columns.values {
        Values::Long { metric, value, unit } => {
            let unit = unit.map_or("", |at| fields.get(at).trim());
            row.say(fields.get(metric).trim(), fields.get(value), unit, decimal, sink)
        }
        Values::Wide => (0..fields.count)
            .filter(|index| columns.is_metric(*index))
            .try_for_each(|index| row.say(header.get(index).trim(), fields.get(index), "", decimal, sink)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, decimal: Decimal) -> String {
        match cell(text, decimal) {
            Err(_) => "refused".to_owned(),
            Ok(None) => "nothing".to_owned(),
            Ok(Some(Err(NotFinite))) => "range".to_owned(),
            Ok(Some(Ok(value))) => format!("{value:?}"),
        }
    }

    #[test]
    fn a_cell_is_what_it_looks_like_and_a_comma_is_never_guessed() {
        for (text, point, comma) in [
            ("12.5", "Number(12.5)", "refused"),
            ("12,5", "refused", "Number(12.5)"),
            ("1.234,5", "refused", "refused"),
            ("1,234", "refused", "Number(1.234)"),
            ("-3", "Number(-3.0)", "Number(-3.0)"),
            ("+3", "Number(3.0)", "Number(3.0)"),
            ("1e400", "range", "range"),
            ("NaN", "range", "range"),
            ("-inf", "range", "range"),
            ("true", "Flag(true)", "Flag(true)"),
            (" ", "nothing", "nothing"),
            ("marcia", "Text(\"marcia\")", "Text(\"marcia\")"),
            ("2026-01-01", "Text(\"2026-01-01\")", "Text(\"2026-01-01\")"),
            ("10.0.0.1", "Text(\"10.0.0.1\")", "Text(\"10.0.0.1\")"),
        ] {
            assert_eq!(
                (shown(text, Decimal::Point), shown(text, Decimal::Comma)),
                (point.into(), comma.into()),
                "{text}"
            );
        }
    }
}
