//! Writing what we say to clients, PUBLISH excepted.

use bytes::{BufMut, BytesMut};

use super::{Reason, Version};

pub(super) fn varint_len(value: usize) -> usize {
    match value {
        0..=127 => 1,
        128..=16_383 => 2,
        16_384..=2_097_151 => 3,
        _ => 4,
    }
}

pub(super) fn put_varint(out: &mut BytesMut, mut value: usize) {
    while value > 127 {
        out.put_u8((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.put_u8(value as u8);
}

/// Texts are never longer than 65,535 bytes here: they came in over MQTT, or were checked.
pub(super) fn put_text(out: &mut BytesMut, text: &str) {
    let bytes = &text.as_bytes()[..text.len().min(65_535)];
    out.put_u16(bytes.len() as u16);
    out.put_slice(bytes);
}

/// What we tell a client that we let in.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accepted<'a> {
    pub(crate) session_present: bool,
    pub(crate) session_expiry: Option<u32>,
    pub(crate) receive_maximum: u16,
    pub(crate) maximum_packet: u32,
    pub(crate) assigned: Option<&'a str>,
    pub(crate) alias_maximum: u16,
    pub(crate) keep_alive: Option<u16>,
}

/// CONNACK: the client is let in, or told why not.
pub(crate) fn connack(out: &mut BytesMut, version: Version, outcome: Result<&Accepted<'_>, Reason>) {
    let mut properties = BytesMut::new();
    let (present, code) = match outcome {
        Ok(accepted) => {
            let put = &mut properties;
            if let Some(seconds) = accepted.session_expiry {
                put.put_u8(0x11);
                put.put_u32(seconds);
            }
            if accepted.receive_maximum != u16::MAX {
                put.put_u8(0x21);
                put.put_u16(accepted.receive_maximum);
            }
            put.put_u8(0x27);
            put.put_u32(accepted.maximum_packet);
            if let Some(assigned) = accepted.assigned {
                put.put_u8(0x12);
                put_text(put, assigned);
            }
            if accepted.alias_maximum > 0 {
                put.put_u8(0x22);
                put.put_u16(accepted.alias_maximum);
            }
            if let Some(seconds) = accepted.keep_alive {
                put.put_u8(0x13);
                put.put_u16(seconds);
            }
            // A client of MQTT 3.1 does not know this flag.
            (u8::from(accepted.session_present && version != Version::V31), 0)
        }
        Err(reason) if version == Version::V5 => (0, reason.code()),
        Err(reason) => (0, reason.connect_return()),
    };
    out.put_u8(0x20);
    if version == Version::V5 {
        put_varint(out, 2 + varint_len(properties.len()) + properties.len());
        out.put_slice(&[present, code]);
        put_varint(out, properties.len());
        out.put_slice(&properties);
    } else {
        out.put_slice(&[2, present, code]);
    }
}

/// PUBACK (0x40), PUBREC (0x50) or PUBCOMP (0x70). A reason is said to clients of MQTT 5 only.
pub(crate) fn pub_answer(out: &mut BytesMut, version: Version, first: u8, packet: u16, reason: Reason) {
    let [high, low] = packet.to_be_bytes();
    if version == Version::V5 && reason != Reason::Success {
        out.put_slice(&[first, 3, high, low, reason.code()]);
    } else {
        out.put_slice(&[first, 2, high, low]);
    }
}

/// PUBREL for a message that we sent.
pub(crate) fn pub_release(out: &mut BytesMut, packet: u16) {
    let [high, low] = packet.to_be_bytes();
    out.put_slice(&[0x62, 2, high, low]);
}

/// SUBACK, one code for each filter.
pub(crate) fn subscribed(out: &mut BytesMut, version: Version, packet: u16, codes: &[u8]) {
    let properties = usize::from(version == Version::V5);
    out.put_u8(0x90);
    put_varint(out, 2 + properties + codes.len());
    out.put_u16(packet);
    out.put_bytes(0, properties);
    if version == Version::V5 {
        out.put_slice(codes);
    } else {
        // Older clients know one way of being refused. MQTT 3.1 knows none, and most of its clients take 0x80 all the same.
        codes.iter().for_each(|code| out.put_u8(if *code > 2 { 0x80 } else { *code }));
    }
}

/// UNSUBACK.
pub(crate) fn unsubscribed(out: &mut BytesMut, version: Version, packet: u16, codes: &[u8]) {
    out.put_u8(0xb0);
    if version == Version::V5 {
        put_varint(out, 3 + codes.len());
        out.put_u16(packet);
        out.put_u8(0);
        out.put_slice(codes);
    } else {
        out.put_u8(2);
        out.put_u16(packet);
    }
}

/// PINGRESP.
pub(crate) fn ping_answer(out: &mut BytesMut) {
    out.put_slice(&[0xd0, 0]);
}

/// DISCONNECT with a reason, for clients that know it.
pub(crate) fn disconnect(out: &mut BytesMut, version: Version, reason: Reason) {
    if version == Version::V5 {
        out.put_slice(&[0xe0, 1, reason.code()]);
    }
}
