//! Where a packet begins and ends in a stream of bytes.

use super::{Fault, Reason};

/// What a packet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Connect,
    Publish,
    PubAck,
    PubRec,
    PubRel,
    PubComp,
    Subscribe,
    Unsubscribe,
    PingReq,
    Disconnect,
    Auth,
}

/// A packet that is there as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Frame {
    /// What it is.
    pub(crate) kind: Kind,
    /// The lower half of its first byte.
    pub(crate) flags: u8,
    /// Bytes before its body.
    pub(crate) head: usize,
    /// Bytes of its body.
    pub(crate) body: usize,
}

impl Frame {
    /// All its bytes.
    pub(crate) fn len(&self) -> usize {
        self.head + self.body
    }
}

/// The packet at the start of `bytes`; `None` while some of it is still to come. Kinds that no client sends are faults, and so are packets of more
/// than `largest` bytes.
pub(crate) fn measure(bytes: &[u8], largest: usize) -> Result<Option<Frame>, Fault> {
    let Some((first, rest)) = bytes.split_first() else { return Ok(None) };
    let flags = first & 0x0f;
    let kind = match first >> 4 {
        1 => Kind::Connect,
        3 => Kind::Publish,
        4 => Kind::PubAck,
        5 => Kind::PubRec,
        6 => Kind::PubRel,
        7 => Kind::PubComp,
        8 => Kind::Subscribe,
        10 => Kind::Unsubscribe,
        12 => Kind::PingReq,
        14 => Kind::Disconnect,
        15 => Kind::Auth,
        _ => return Err(Fault::protocol("a packet that no client sends")),
    };
    let right = match kind {
        Kind::Publish => flags & 0b0110 != 0b0110,
        Kind::PubRel | Kind::Subscribe | Kind::Unsubscribe => flags == 0b0010,
        _ => flags == 0,
    };
    if !right {
        return Err(Fault::malformed("the flags of a packet are wrong"));
    }
    let mut body = 0usize;
    for (index, shift) in [0, 7, 14, 21].into_iter().enumerate() {
        let Some(byte) = rest.get(index) else { return Ok(None) };
        body |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            let frame = Frame { kind, flags, head: index + 2, body };
            if frame.len() > largest {
                return Err(Fault::new(Reason::TooLarge, "a packet is larger than max_packet_bytes"));
            }
            return Ok((bytes.len() >= frame.len()).then_some(frame));
        }
    }
    Err(Fault::malformed("the length of a packet has more than four bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_is_found_when_it_is_whole() {
        assert_eq!(measure(b"", 100), Ok(None));
        assert_eq!(measure(b"\x30", 100), Ok(None));
        assert_eq!(measure(b"\x30\x03\x00\x01", 100), Ok(None));
        let frame = Frame { kind: Kind::Publish, flags: 0, head: 2, body: 3 };
        assert_eq!(measure(b"\x30\x03\x00\x01a and more", 100), Ok(Some(frame)));
    }

    #[test]
    fn what_no_client_may_send_is_a_fault() {
        for (bytes, reason) in [
            (&b"\x20\x00"[..], Reason::Protocol),
            (b"\x00\x00", Reason::Protocol),
            (b"\x36\x00", Reason::Malformed),
            (b"\x80\x00", Reason::Malformed),
            (b"\xc1\x00", Reason::Malformed),
            (b"\x30\xff\xff\xff\xff\x01", Reason::Malformed),
            (b"\x30\xff\xff\x01", Reason::TooLarge),
        ] {
            assert_eq!(measure(bytes, 1000).unwrap_err().reason, reason, "{bytes:x?}");
        }
    }
}
