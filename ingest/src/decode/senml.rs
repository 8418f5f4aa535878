//! SenML packs, RFC 8428, in whatever syntax: base values hold until they are changed, each record is resolved against them.

use model::{Quality, Reason, Value};

use super::decoder::{Message, NotFinite, Observation, Refusal, Sink};
use super::moment::Moment;
use super::number::Number;
use crate::topic;

/// Times below this many seconds are relative to the arrival (RFC 8428, 4.5.3).
const RELATIVE: i128 = (1 << 28) * SECOND;
const SECOND: i128 = 1_000_000_000;
/// The newest version of SenML that is understood.
const VERSION: i128 = 10;

/// The labels of RFC 8428, in the order of their numbers in CBOR, from -6 to 8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Label {
    BaseSum,
    BaseValue,
    BaseUnit,
    BaseTime,
    BaseName,
    BaseVersion,
    Name,
    Unit,
    Value,
    Text,
    Flag,
    Sum,
    Time,
    UpdateTime,
    Data,
}

impl Label {
    const ALL: [Self; 15] = [
        Self::BaseSum,
        Self::BaseValue,
        Self::BaseUnit,
        Self::BaseTime,
        Self::BaseName,
        Self::BaseVersion,
        Self::Name,
        Self::Unit,
        Self::Value,
        Self::Text,
        Self::Flag,
        Self::Sum,
        Self::Time,
        Self::UpdateTime,
        Self::Data,
    ];

    /// The label that is written as this word.
    pub(super) fn word(word: &str) -> Option<Self> {
        Some(match word {
            "bs" => Self::BaseSum,
            "bv" => Self::BaseValue,
            "bu" => Self::BaseUnit,
            "bt" => Self::BaseTime,
            "bn" => Self::BaseName,
            "bver" => Self::BaseVersion,
            "n" => Self::Name,
            "u" => Self::Unit,
            "v" => Self::Value,
            "vs" => Self::Text,
            "vb" => Self::Flag,
            "s" => Self::Sum,
            "t" => Self::Time,
            "ut" => Self::UpdateTime,
            "vd" => Self::Data,
            _ => return None,
        })
    }

    /// The label with this number.
    pub(super) fn number(number: i128) -> Option<Self> {
        usize::try_from(number.checked_add(6)?).ok().and_then(|index| Self::ALL.get(index)).copied()
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::BaseSum => "bs",
            Self::BaseValue => "bv",
            Self::BaseUnit => "bu",
            Self::BaseTime => "bt",
            Self::BaseName => "bn",
            Self::BaseVersion => "bver",
            Self::Name => "n",
            Self::Unit => "u",
            Self::Value => "v",
            Self::Text => "vs",
            Self::Flag => "vb",
            Self::Sum => "s",
            Self::Time => "t",
            Self::UpdateTime => "ut",
            Self::Data => "vd",
        }
    }

    const fn is_base(self) -> bool {
        (self as u8) < Self::Name as u8
    }
}

/// What stands under a label.
#[derive(Debug, Clone, Copy)]
pub(super) enum Given<'a> {
    Number(Number<'a>),
    Text(&'a str),
    Flag(bool),
    /// Raw bytes.
    Bytes,
    /// Anything else: the word for people.
    Other(&'static str),
}

impl<'a> Given<'a> {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Flag(_) => "a boolean",
            Self::Bytes => "bytes",
            Self::Other(word) => word,
        }
    }

    fn number(self, label: Label) -> Result<Number<'a>, Refusal> {
        if let Self::Number(number) = self { Ok(number) } else { Err(self.mistyped(label, "a number")) }
    }

    fn text(self, label: Label) -> Result<&'a str, Refusal> {
        if let Self::Text(text) = self { Ok(text) } else { Err(self.mistyped(label, "a text")) }
    }

    fn mistyped(self, label: Label, wanted: &str) -> Refusal {
        Refusal::schema(format!("{} must be {wanted} and is {}", label.as_str(), self.as_str()))
    }
}

/// Base values, kept from record to record.
struct Base<'a> {
    name: &'a str,
    /// In nanoseconds, worked out once for all records; `None` is beyond any calendar.
    time: Option<i128>,
    unit: &'a str,
    value: Option<Number<'a>>,
    sum: Option<Number<'a>>,
}

impl Default for Base<'_> {
    fn default() -> Self {
        Self { name: "", time: Some(0), unit: "", value: None, sum: None }
    }
}

/// The fields of one record.
#[derive(Default)]
struct Record<'a> {
    name: &'a str,
    unit: Option<&'a str>,
    time: Option<Number<'a>>,
    sum: Option<Number<'a>>,
    number: Option<Number<'a>>,
    text: Option<&'a str>,
    flag: Option<bool>,
    data: bool,
    /// Whether anything but base fields stood there.
    own: bool,
    /// A bit for each label that stood there.
    labels: u16,
}

/// A pack while it is read: give it the fields of each record, then close the record.
pub(super) struct Pack<'a> {
    topic: &'a str,
    received: i128,
    base: Base<'a>,
    record: Record<'a>,
}

impl<'a> Pack<'a> {
    pub(super) fn new(message: &Message<'a>) -> Self {
        let received = i128::from(message.received.as_nanos());
        Self { topic: message.topic, received, base: Base::default(), record: Record::default() }
    }

    /// Takes one field of the record that is open.
    pub(super) fn field(&mut self, label: Label, given: Given<'a>) -> Result<(), Refusal> {
        let Self { base, record, .. } = self;
        let bit = 1 << label as u16;
        if record.labels & bit != 0 {
            let detail = format!("the label {} twice in one record", label.as_str());
            return Err(Refusal::new(Reason::DuplicateKey, detail));
        }
        record.labels |= bit;
        record.own |= !label.is_base();
        match label {
            Label::BaseName => base.name = given.text(label)?,
            Label::BaseTime => base.time = given.number(label)?.nanos(SECOND),
            Label::BaseUnit => base.unit = given.text(label)?,
            Label::BaseValue => base.value = Some(given.number(label)?),
            Label::BaseSum => base.sum = Some(given.number(label)?),
            Label::BaseVersion => {
                if given.number(label)?.nanos(SECOND).is_none_or(|version| version > VERSION * SECOND) {
                    return Err(Refusal::schema("bver is above 10: a newer SenML than is understood"));
                }
            }
            Label::Name => record.name = given.text(label)?,
            Label::Unit => record.unit = Some(given.text(label)?),
            Label::Value => record.number = Some(given.number(label)?),
            Label::Text => record.text = Some(given.text(label)?),
            Label::Flag => match given {
                Given::Flag(flag) => record.flag = Some(flag),
                _ => return Err(given.mistyped(label, "a boolean")),
            },
            Label::Data => match given {
                Given::Bytes | Given::Text(_) => record.data = true,
                _ => return Err(given.mistyped(label, "data")),
            },
            Label::Time => record.time = Some(given.number(label)?),
            Label::Sum => record.sum = Some(given.number(label)?),
            Label::UpdateTime => drop(given.number(label)?),
        }
        Ok(())
    }

    /// Takes a field whose label is none of the RFC: it is not looked at, unless its name says that it must be.
    pub(super) fn unknown(&mut self, word: &str) -> Result<(), Refusal> {
        self.record.own = true;
        if word.ends_with('_') {
            let shown = word.chars().take(32).collect::<String>();
            return Err(Refusal::schema(format!("the label {shown:?} must be understood and is not")));
        }
        Ok(())
    }

    /// Says what the open record means, and opens the next.
    pub(super) fn close(&mut self, path: &mut String, sink: &mut dyn Sink) -> Result<(), Refusal> {
        let record = std::mem::take(&mut self.record);
        let base = &self.base;
        let value = record.value(base)?;
        if !record.own {
            return Ok(());
        }
        let (device, name) = names(base.name, record.name, self.topic)?;
        let unit = record.unit.unwrap_or(base.unit);
        let metric = [name, unit, "value"].into_iter().find(|name| !name.is_empty()).unwrap_or("value");
        let time = record.moment(base, self.received);
        sink.seen(device)?;
        if record.data {
            sink.skipped(1);
        }
        if let Some(value) = value {
            sink.reading(Observation { device, metric, value, unit, time, quality: Quality::Good })?;
        }
        if let Some(own) = record.sum {
            path.clear();
            path.push_str(metric);
            path.push_str(".sum");
            let value = own.plus(base.sum);
            sink.reading(Observation { device, metric: path, value, unit, time, quality: Quality::Good })?;
        }
        Ok(())
    }
}

impl Record<'_> {
    /// The value, unless it is data or there is none.
    fn value(&self, base: &Base<'_>) -> Result<Option<Result<Value, NotFinite>>, Refusal> {
        let given = [self.number.is_some(), self.text.is_some(), self.flag.is_some(), self.data];
        match given.into_iter().filter(|given| *given).count() {
            0 if self.sum.is_some() || !self.own => Ok(None),
            0 => match base.value {
                Some(number) => Ok(Some(number.value())),
                None => Err(Refusal::schema("a record without a value")),
            },
            1 => Ok(self
                .number
                .map(|number| number.plus(base.value))
                .or_else(|| self.text.map(|text| Ok(Value::Text(text.into()))))
                .or_else(|| self.flag.map(|flag| Ok(Value::Flag(flag))))),
            _ => Err(Refusal::schema("a record with more than one value")),
        }
    }

    fn moment(&self, base: &Base<'_>, received: i128) -> Moment {
        let own = self.time.map_or(Some(0), |time| time.nanos(SECOND));
        let Some(time) = base.time.zip(own).and_then(|(base, own)| base.checked_add(own)) else {
            return Moment::Beyond;
        };
        match time {
            0 => Moment::Arrival,
            relative if relative < RELATIVE => Moment::from_nanos(received.checked_add(relative)),
            absolute => Moment::from_nanos(Some(absolute)),
        }
    }
}

/// Device and metric of a record (the metric without its fallback, which is the unit).
fn names<'a>(base: &'a str, name: &'a str, topic: &'a str) -> Result<(&'a str, &'a str), Refusal> {
    if !base.is_empty() {
        let device = base.strip_suffix([':', '/', ';', '.', '_', '-']).unwrap_or(base);
        return Ok((device, name));
    }
    if name.contains([':', '/']) {
        return Ok((name, ""));
    }
    let device =
        topic::level(topic, 2).ok_or_else(|| Refusal::schema("neither the pack nor the topic names a device"))?;
    Ok((device, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_of_a_label_are_those_of_the_rfc() {
        for (number, word) in
            (-6..=8).zip(["bs", "bv", "bu", "bt", "bn", "bver", "n", "u", "v", "vs", "vb", "s", "t", "ut", "vd"])
        {
            let label = Label::number(number).unwrap();
            assert_eq!((Label::word(word), label.as_str(), label.is_base()), (Some(label), word, number < 0));
        }
        for number in [-7, 9, i128::MAX, i128::MIN] {
            assert_eq!(Label::number(number), None);
        }
    }
}
