//! The binary frame that carries asset states: a header of 32 bytes, then columns, little endian.

use bytes::{BufMut, Bytes, BytesMut};

/// "SPL1", read as a little-endian number.
pub(crate) const MAGIC: u32 = 0x314C_5053;
/// Bytes before the columns.
pub(crate) const HEADER: usize = 32;

/// Whether a frame replaces the picture or adds to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameKind {
    /// Everything in the selection.
    Snapshot,
    /// What is newer than the page's version.
    Delta,
}

impl FrameKind {
    /// The number on the wire.
    pub const fn code(self) -> u8 {
        match self {
            Self::Snapshot => 1,
            Self::Delta => 2,
        }
    }

    /// The word in counters.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Snapshot => "snapshot",
            Self::Delta => "delta",
        }
    }
}

/// States of some assets at one version of the board.
#[derive(Debug, Clone, PartialEq)]
pub struct Frame {
    /// Replace or add.
    pub kind: FrameKind,
    /// The version of the board that a page has seen after this frame.
    pub version: u64,
    /// Which assets.
    pub slots: Vec<u32>,
    /// Their state bytes.
    pub states: Vec<u8>,
    /// Their main values; NaN when there is none.
    pub values: Vec<f32>,
}

impl Frame {
    pub(crate) fn empty(kind: FrameKind, version: u64) -> Self {
        Self { kind, version, slots: Vec::new(), states: Vec::new(), values: Vec::new() }
    }

    pub(crate) fn push(&mut self, slot: u32, state: u8, value: f32) {
        self.slots.push(slot);
        self.states.push(state);
        self.values.push(value);
    }

    /// How many assets.
    pub fn len(&self) -> usize {
        self.slots.len()
    }

    /// Whether it tells of no asset.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The bytes on the wire. `server_ms` is the time of sending in milliseconds since 1970.
    pub fn encode(&self, server_ms: f64) -> Bytes {
        let count = self.slots.len();
        let padded = count.next_multiple_of(4);
        let mut out = BytesMut::with_capacity(HEADER + 4 * count + padded + 4 * count);
        out.put_u32_le(MAGIC);
        out.put_u8(self.kind.code());
        out.put_bytes(0, 3);
        out.put_u64_le(self.version);
        out.put_f64_le(server_ms);
        out.put_u32_le(u32::try_from(count).expect("slots are numbered by u32"));
        out.put_bytes(0, 4);
        for slot in &self.slots {
            out.put_u32_le(*slot);
        }
        out.put_slice(&self.states);
        out.put_bytes(0, padded - count);
        for value in &self.values {
            out.put_f32_le(*value);
        }
        out.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_laid_out_as_the_contract_says() {
        let mut frame = Frame::empty(FrameKind::Delta, 7);
        frame.push(3, 0b1001, 1.5);
        frame.push(9, 16, f32::NAN);
        let bytes = frame.encode(1000.0);
        assert_eq!(bytes.len(), 32 + 8 + 4 + 8);
        assert_eq!(&bytes[0..4], b"SPL1");
        assert_eq!(&bytes[4..8], &[2, 0, 0, 0]);
        assert_eq!(&bytes[8..16], &7_u64.to_le_bytes());
        assert_eq!(&bytes[16..24], &1000.0_f64.to_le_bytes());
        assert_eq!(&bytes[24..32], &[2, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(&bytes[32..40], &[3, 0, 0, 0, 9, 0, 0, 0]);
        assert_eq!(&bytes[40..44], &[9, 16, 0, 0]);
        assert_eq!(&bytes[44..48], &1.5_f32.to_le_bytes());
        assert!(f32::from_le_bytes([bytes[48], bytes[49], bytes[50], bytes[51]]).is_nan());
    }
}
