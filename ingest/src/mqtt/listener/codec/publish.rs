//! PUBLISH, both ways.

use bytes::{BufMut, BytesMut};

use super::properties::{MISPLACED, Passed, Property, properties};
use super::read::Reader;
use super::write::{put_text, put_varint, varint_len};
use super::{Fault, Frame, Reason, Version};

/// How surely a message is to arrive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(crate) enum Qos {
    /// At most once.
    Most = 0,
    /// At least once.
    Least = 1,
    /// Exactly once.
    Exactly = 2,
}

impl Qos {
    /// From its two bits.
    pub(crate) fn new(bits: u8) -> Option<Self> {
        [Self::Most, Self::Least, Self::Exactly].get(usize::from(bits)).copied()
    }
}

/// Whether this may be the name of a topic (and not only a filter).
pub(crate) fn is_topic(topic: &str) -> bool {
    !topic.is_empty() && !topic.bytes().any(|byte| byte == b'+' || byte == b'#')
}

/// A message as a client sends it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Publish<'a> {
    /// Empty when `alias` stands for it.
    pub(crate) topic: &'a str,
    pub(crate) alias: Option<u16>,
    /// 0 at QoS 0.
    pub(crate) packet: u16,
    pub(crate) qos: Qos,
    pub(crate) retain: bool,
    pub(crate) duplicate: bool,
    pub(crate) passed: Passed,
    /// Bytes of the payload; they end the packet.
    pub(crate) payload: usize,
}

impl<'a> Publish<'a> {
    /// Reads the body of a PUBLISH.
    pub(crate) fn read(frame: Frame, body: &'a [u8], version: Version) -> Result<Self, Fault> {
        let qos = Qos::new((frame.flags >> 1) & 3).ok_or(Fault::malformed("a message of QoS 3"))?;
        let duplicate = frame.flags & 8 != 0;
        if duplicate && qos == Qos::Most && version != Version::V31 {
            return Err(Fault::malformed("a duplicate of QoS 0"));
        }
        let mut reader = Reader::new(body);
        let topic = reader.text()?;
        let packet = if qos == Qos::Most { 0 } else { reader.packet()? };
        let (mut passed, mut alias) = (Passed::default(), None);
        if version == Version::V5 {
            properties(&mut reader, |property, bytes| match property {
                Property::Alias(0) => Err(Fault::new(Reason::AliasInvalid, "topic alias 0")),
                Property::Alias(number) => {
                    alias = Some(number);
                    Ok(())
                }
                other => passed.take(other, bytes)?.then_some(()).ok_or(MISPLACED),
            })?;
        }
        if !(is_topic(topic) || topic.is_empty() && alias.is_some()) {
            return Err(Fault::new(Reason::TopicInvalid, "a topic that is empty or has wildcards"));
        }
        let payload = reader.rest().len();
        Ok(Self { topic, alias, packet, qos, retain: frame.flags & 1 != 0, duplicate, passed, payload })
    }
}

/// A message as a subscriber gets it.
#[derive(Debug)]
pub(crate) struct Outgoing<'a> {
    pub(crate) topic: &'a str,
    pub(crate) alias: Option<u16>,
    /// 0 at QoS 0.
    pub(crate) packet: u16,
    pub(crate) qos: Qos,
    pub(crate) retain: bool,
    pub(crate) duplicate: bool,
    /// Properties as they go over the wire.
    pub(crate) passed: &'a [u8],
    /// Seconds it has left.
    pub(crate) expiry: Option<u32>,
    pub(crate) subscriptions: &'a [u32],
    pub(crate) payload: &'a [u8],
}

impl Outgoing<'_> {
    fn properties_len(&self) -> usize {
        self.passed.len()
            + self.alias.map_or(0, |_| 3)
            + self.expiry.map_or(0, |_| 5)
            + self.subscriptions.iter().map(|id| 1 + varint_len(*id as usize)).sum::<usize>()
    }

    fn body_len(&self, version: Version) -> usize {
        let properties = if version == Version::V5 {
            let inside = self.properties_len();
            inside + varint_len(inside)
        } else {
            0
        };
        2 + self.topic.len() + if self.qos == Qos::Most { 0 } else { 2 } + properties + self.payload.len()
    }

    /// Bytes it takes on the wire.
    pub(crate) fn len(&self, version: Version) -> usize {
        let body = self.body_len(version);
        1 + varint_len(body) + body
    }

    /// Writes it.
    pub(crate) fn write(&self, version: Version, out: &mut BytesMut) {
        let flags = u8::from(self.duplicate) << 3 | (self.qos as u8) << 1 | u8::from(self.retain);
        out.reserve(self.len(version));
        out.put_u8(0x30 | flags);
        put_varint(out, self.body_len(version));
        put_text(out, self.topic);
        if self.qos != Qos::Most {
            out.put_u16(self.packet);
        }
        if version == Version::V5 {
            put_varint(out, self.properties_len());
            if let Some(alias) = self.alias {
                out.put_u8(0x23);
                out.put_u16(alias);
            }
            if let Some(seconds) = self.expiry {
                out.put_u8(0x02);
                out.put_u32(seconds);
            }
            out.put_slice(self.passed);
            for id in self.subscriptions {
                out.put_u8(0x0b);
                put_varint(out, *id as usize);
            }
        }
        out.put_slice(self.payload);
    }
}

#[cfg(test)]
mod tests {
    use super::super::measure;
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for version in [Version::V311, Version::V5] {
            for qos in [Qos::Most, Qos::Least, Qos::Exactly] {
                let sent = Outgoing {
                    topic: "a/b",
                    alias: None,
                    packet: 7,
                    qos,
                    retain: true,
                    duplicate: qos != Qos::Most,
                    passed: b"\x26\x00\x01k\x00\x01v\x01\x01",
                    expiry: Some(300),
                    subscriptions: &[],
                    payload: "è".as_bytes(),
                };
                let mut out = BytesMut::new();
                sent.write(version, &mut out);
                assert_eq!(out.len(), sent.len(version));
                let frame = measure(&out, 1000).unwrap().unwrap();
                assert_eq!(frame.len(), out.len());
                let body = &out[frame.head..];
                let read = Publish::read(frame, body, version).unwrap();
                assert_eq!((read.topic, read.qos, read.retain), ("a/b", qos, true));
                assert_eq!(read.packet, if qos == Qos::Most { 0 } else { 7 });
                assert_eq!(&body[body.len() - read.payload..], "è".as_bytes());
                if version == Version::V5 {
                    let passed = Passed { bytes: sent.passed.to_vec(), expiry: Some(300), is_text: true };
                    assert_eq!(read.passed, passed);
                }
            }
        }
    }
}
