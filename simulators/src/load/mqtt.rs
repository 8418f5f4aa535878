//! The few packets of MQTT 3.1.1 that a publisher and a subscriber exchange with a broker, written and read without a copy per message.

use std::io::{Error, ErrorKind};

use super::order::Promise;
use super::template::{Hole, Template};
use crate::Credentials;

/// Kinds of packets, as the high half of their first byte.
pub(super) const CONNACK: u8 = 2;
pub(super) const PUBLISH: u8 = 3;
pub(super) const PUBACK: u8 = 4;
pub(super) const PUBREC: u8 = 5;
pub(super) const PUBCOMP: u8 = 7;
pub(super) const SUBACK: u8 = 9;
/// A client that has nothing to say.
pub(super) const PINGREQ: [u8; 2] = [0xc0, 0];
/// A client that leaves.
pub(super) const DISCONNECT: [u8; 2] = [0xe0, 0];

/// Seconds after which the broker gives a silent client up.
pub(super) const KEEP_ALIVE: u16 = 60;
/// The largest packet that is read; a load never makes one near it.
const LARGEST: usize = 1 << 22;

/// A connection without a session from before.
pub(super) fn connect(client: &str, credentials: Option<&Credentials>) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, "MQTT");
    // Version 4 is MQTT 3.1.1; the flags say: clean session, and what is shown.
    body.extend([4, 0x02 | if credentials.is_some() { 0xc0 } else { 0 }]);
    body.extend(KEEP_ALIVE.to_be_bytes());
    text(&mut body, client);
    if let Some(Credentials { username, password }) = credentials {
        text(&mut body, &username.replace("{gateway}", client));
        text(&mut body, password);
    }
    packet(0x10, &body)
}

/// Asks for the messages of a filter.
pub(super) fn subscribe(filter: &str, promise: Promise) -> Vec<u8> {
    let mut body = vec![0, 1];
    text(&mut body, filter);
    body.push(promise.qos());
    packet(0x82, &body)
}

/// A message whose payload never changes, without a promise.
pub(super) fn publish(topic: &str, payload: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, topic);
    body.extend_from_slice(payload);
    packet(0x30, &body)
}

/// A message with holes.
pub(super) fn publish_template(topic: &str, payload: &Template, promise: Promise) -> Template {
    let mut head = Vec::new();
    text(&mut head, topic);
    let id = if promise == Promise::None { 0 } else { 2 };
    let mut packet = Template::default();
    packet.put([0x30 | promise.qos() << 1]).put(length(head.len() + id + payload.len())).put(head);
    if id > 0 {
        packet.hole(Hole::PacketId);
    }
    packet.append(payload);
    packet
}

/// An acknowledgement of a message that came.
pub(super) fn puback(id: [u8; 2]) -> [u8; 4] {
    [PUBACK << 4, 2, id[0], id[1]]
}

/// The second step of QoS 2.
pub(super) fn pubrel(id: [u8; 2]) -> [u8; 4] {
    [0x62, 2, id[0], id[1]]
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first];
    packet.extend(length(body.len()));
    packet.extend_from_slice(body);
    packet
}

fn text(body: &mut Vec<u8>, text: &str) {
    body.extend((text.len() as u16).to_be_bytes());
    body.extend_from_slice(text.as_bytes());
}

fn length(mut length: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let byte = (length & 0x7f) as u8;
        length >>= 7;
        bytes.push(if length == 0 { byte } else { byte | 0x80 });
        if length == 0 {
            return bytes;
        }
    }
}

/// Calls `found` with the first byte and the body of each whole packet in `bytes`; returns how many bytes those were.
///
/// # Errors
/// When a packet is larger than any that belongs to a load.
pub(super) fn packets(bytes: &[u8], mut found: impl FnMut(u8, &[u8])) -> Result<usize, Error> {
    let mut at = 0;
    while let Some((body, end)) = next(&bytes[at..])? {
        found(bytes[at], &bytes[at + body..at + end]);
        at += end;
    }
    Ok(at)
}

/// Where the body of the first packet begins and ends, if it is whole.
fn next(bytes: &[u8]) -> Result<Option<(usize, usize)>, Error> {
    let mut length = 0_usize;
    for (at, byte) in bytes.iter().skip(1).take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            if length > LARGEST {
                return Err(Error::new(ErrorKind::InvalidData, "the broker sends a packet that is too large"));
            }
            let (body, end) = (at + 2, at + 2 + length);
            return Ok((bytes.len() >= end).then_some((body, end)));
        }
    }
    if bytes.len() >= 5 {
        return Err(Error::new(ErrorKind::InvalidData, "the broker sends a packet without a length"));
    }
    Ok(None)
}

/// The packet id of an acknowledgement.
pub(super) fn id(body: &[u8]) -> Option<[u8; 2]> {
    body.get(..2)?.try_into().ok()
}

/// The packet id of a message that came with QoS 1.
pub(super) fn id_of_publish(first: u8, body: &[u8]) -> Option<[u8; 2]> {
    let topic = usize::from(u16::from_be_bytes(id(body)?));
    if first & 0b0110 == 0b0010 { id(body.get(2 + topic..)?) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(bytes: &[u8]) -> (Vec<(u8, Vec<u8>)>, usize) {
        let mut all = Vec::new();
        let used = packets(bytes, |first, body| all.push((first, body.to_vec()))).unwrap();
        (all, used)
    }

    #[test]
    fn packets_are_found_however_they_are_cut() {
        let mut bytes = publish("a", &[7; 200]);
        bytes.extend(puback([1, 2]));
        let (all, used) = found(&bytes);
        assert_eq!((all.len(), used), (2, bytes.len()));
        assert_eq!((all[0].0, all[0].1.len(), &all[1]), (0x30, 203, &(0x40, vec![1, 2])));
        for cut in 0..bytes.len() {
            let (some, used) = found(&bytes[..cut]);
            assert_eq!(some.len(), usize::from(used > 0));
            assert!(used == 0 || used == bytes.len() - 4);
        }
    }

    #[test]
    fn a_length_that_cannot_be_is_an_error_and_not_memory() {
        assert!(packets(&[0x30, 0xff, 0xff, 0xff, 0x7f], |_, _| {}).is_err());
        assert!(packets(&[0x30, 0xff, 0xff, 0xff, 0xff, 1], |_, _| {}).is_err());
    }
}
