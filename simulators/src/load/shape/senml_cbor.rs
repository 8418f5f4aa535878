//! SenML packs in CBOR.

use super::speech::{Shape, Speech, Wanted, metric};
use crate::load::template::{Hole, Template};

pub(super) const SHAPE: Shape = Shape { speech, filter: |_| "senml/+/cbor".to_owned() };

/// The heads of items, by major type (RFC 8949, 3).
const TEXT: u8 = 0x60;
const LIST: u8 = 0x80;
const MAP: u8 = 0xa0;
/// Labels of SenML in CBOR.
const BASE_NAME: u8 = 0x21;
const BASE_TIME: u8 = 0x22;
const NAME: u8 = 0x00;
const VALUE: u8 = 0x02;
/// A decimal fraction of exponent -9: tag 4, a list of two, -9, and a whole number of eight bytes.
const NANOSECONDS: [u8; 4] = [0xc4, 0x82, 0x28, 0x1b];
const DOUBLE: u8 = 0xfb;
/// A label that nobody knows is ignored.
const FILLING: &str = "filling";

fn speech(wanted: &Wanted<'_>) -> Speech {
    let name = wanted.name;
    let mut payload = Template::default();
    payload.put(head(LIST, wanted.values));
    for index in 0..wanted.values {
        let mut record = Template::default();
        if index == 0 {
            record.put([BASE_NAME]).put(text(&format!("{name}:")));
            record.put([BASE_TIME]).put(NANOSECONDS).hole(Hole::NanosBig);
        }
        record.put([NAME]).put(text(&metric(index))).put([VALUE, DOUBLE]).hole(Hole::DoubleBig);
        let fields = if index == 0 { 4 } else { 2 };
        // The label of the filling, the head of its text and that of the map.
        let missing = wanted.bytes.saturating_sub(payload.len() + record.len() + FILLING.len() + 1 + 5 + 1);
        let is_filled = index + 1 == wanted.values && missing > 0;
        if is_filled {
            record.put(text(FILLING)).put(head(TEXT, missing)).put(" ".repeat(missing));
        }
        payload.put(head(MAP, fields + usize::from(is_filled))).append(&record);
    }
    let topic = format!("senml/{name}/cbor");
    Speech { topic, payload, device: name.to_owned(), births: Vec::new(), step: 1 }
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = head(TEXT, text.len());
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// The head of an item of this length; long ones always take five bytes.
fn head(major: u8, length: usize) -> Vec<u8> {
    match u32::try_from(length).unwrap_or(u32::MAX) {
        short @ 0..24 => vec![major | short as u8],
        long => {
            let mut bytes = vec![major | 26];
            bytes.extend(long.to_be_bytes());
            bytes
        }
    }
}
