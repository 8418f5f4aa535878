//! Sparkplug B: each client is an edge node with one device whose data speak by alias.

use super::speech::{Shape, Speech, Wanted, metric};
use crate::dialect::{birth_of_device, birth_of_node};
use crate::load::template::{Hole, Template};

pub(super) const SHAPE: Shape = Shape { speech, filter: |_| "spBv1.0/#".to_owned() };

/// The name of the only device of a node.
const DEVICE: &str = "d";
/// Tags of protocol buffers: field number and wire type.
const TIMESTAMP: u8 = 1 << 3;
const METRIC: u8 = 2 << 3 | 2;
const SEQ: u8 = 3 << 3;
const BODY: u8 = 5 << 3 | 2;
const ALIAS: u8 = 2 << 3;
const DOUBLE_VALUE: u8 = 13 << 3 | 1;
/// The format tells milliseconds apart.
const MILLISECOND: i64 = 1_000_000;

fn speech(wanted: &Wanted<'_>) -> Speech {
    let Wanted { tenant, name, values, .. } = *wanted;
    let mut payload = Template::default();
    payload.put([TIMESTAMP]).hole(Hole::MillisVarint);
    for alias in 1..=values {
        let alias = varint(alias);
        // Two tags, the alias and a double.
        payload.put([METRIC]).put(varint(2 + alias.len() + 8)).put([ALIAS]).put(alias);
        payload.put([DOUBLE_VALUE]).hole(Hole::DoubleLittle);
    }
    payload.put([SEQ]).hole(Hole::SequenceVarint);
    let missing = wanted.bytes.saturating_sub(payload.len() + 4);
    if missing > 0 {
        payload.put([BODY]).put(varint(missing)).put(vec![0; missing]);
    }
    let births: Vec<(String, super::speech::Birth)> = vec![
        (format!("spBv1.0/{tenant}/NBIRTH/{name}"), Box::new(birth_of_node)),
        (
            format!("spBv1.0/{tenant}/DBIRTH/{name}/{DEVICE}"),
            Box::new(move |millis| birth_of_device((0..values).map(metric), millis)),
        ),
    ];
    Speech {
        topic: format!("spBv1.0/{tenant}/DDATA/{name}/{DEVICE}"),
        payload,
        device: format!("{tenant}/{name}/{DEVICE}"),
        births,
        step: MILLISECOND,
    }
}

fn varint(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        bytes.push(if number == 0 { byte } else { byte | 0x80 });
        if number == 0 {
            return bytes;
        }
    }
}
