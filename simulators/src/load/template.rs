//! A message that was encoded once, with holes for what changes: its number, its time, its packet id.

use model::Timestamp;

/// What goes into a hole. The width never changes, so that a message is a copy and a few writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hole {
    /// The packet id of MQTT.
    PacketId,
    /// The number in decimal digits, filled up with spaces, which JSON does not mind.
    Digits,
    /// The number as a double, high byte first.
    DoubleBig,
    /// The number as a double, low byte first.
    DoubleLittle,
    /// The time as RFC 3339 with nine digits of a second.
    Rfc3339,
    /// The time in seconds since 1970 with nine decimals.
    Seconds,
    /// The time in nanoseconds since 1970, high byte first.
    NanosBig,
    /// The time in milliseconds since 1970 as a varint of six bytes (until the year 2109).
    MillisVarint,
    /// A count of sent messages modulo 256 as a varint of two bytes.
    SequenceVarint,
}

impl Hole {
    fn width(self) -> usize {
        match self {
            Self::PacketId | Self::SequenceVarint => 2,
            Self::MillisVarint => 6,
            Self::DoubleBig | Self::DoubleLittle | Self::NanosBig => 8,
            Self::Digits | Self::Seconds => 20,
            Self::Rfc3339 => 30,
        }
    }
}

/// An encoded message with holes.
#[derive(Debug, Default, Clone)]
pub(super) struct Template {
    bytes: Vec<u8>,
    holes: Vec<(usize, Hole)>,
}

/// What makes one message of a template.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filling<'a> {
    pub(super) number: u64,
    pub(super) time: &'a Moment,
    pub(super) packet_id: u16,
    pub(super) sequence: u8,
}

impl Template {
    /// Adds bytes that never change.
    pub(super) fn put(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        self.bytes.extend_from_slice(bytes.as_ref());
        self
    }

    /// Adds a hole.
    pub(super) fn hole(&mut self, hole: Hole) -> &mut Self {
        self.holes.push((self.bytes.len(), hole));
        self.bytes.resize(self.bytes.len() + hole.width(), 0);
        self
    }

    /// Adds another template with its holes.
    pub(super) fn append(&mut self, other: &Self) -> &mut Self {
        let at = self.bytes.len();
        self.bytes.extend_from_slice(&other.bytes);
        self.holes.extend(other.holes.iter().map(|(place, hole)| (place + at, *hole)));
        self
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds one message to `out`.
    pub(super) fn fill(&self, out: &mut Vec<u8>, filling: Filling<'_>) {
        let Filling { number, time, packet_id, sequence } = filling;
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        let message = &mut out[start..];
        let mut digits = [b' '; 20];
        write_digits(&mut digits, number);
        for (at, hole) in &self.holes {
            let place = &mut message[*at..at + hole.width()];
            match hole {
                Hole::PacketId => place.copy_from_slice(&packet_id.to_be_bytes()),
                Hole::Digits => place.copy_from_slice(&digits),
                Hole::DoubleBig => place.copy_from_slice(&(number as f64).to_be_bytes()),
                Hole::DoubleLittle => place.copy_from_slice(&(number as f64).to_le_bytes()),
                Hole::Rfc3339 => place.copy_from_slice(&time.rfc3339),
                Hole::Seconds => place.copy_from_slice(&time.seconds),
                Hole::NanosBig => place.copy_from_slice(&time.nanos.to_be_bytes()),
                Hole::MillisVarint => write_varint(place, (time.nanos / 1_000_000).unsigned_abs()),
                Hole::SequenceVarint => write_varint(place, sequence.into()),
            }
        }
    }
}

/// Digits from the left; what is to the right of them stays.
fn write_digits(place: &mut [u8], mut number: u64) {
    let length = number.checked_ilog10().unwrap_or(0) as usize + 1;
    for digit in place[..length].iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// Digits from the right with leading zeros.
fn write_padded(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// A varint that fills its place, longer than it needs to be.
fn write_varint(place: &mut [u8], mut number: u64) {
    let last = place.len() - 1;
    for (at, byte) in place.iter_mut().enumerate() {
        *byte = (number & 0x7f) as u8 | if at < last { 0x80 } else { 0 };
        number >>= 7;
    }
}

/// A moment as templates want it; what changes once a second is written once a second.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    nanos: i64,
    second: i64,
    rfc3339: [u8; 30],
    seconds: [u8; 20],
}

impl Moment {
    pub(super) fn new() -> Self {
        Self { nanos: 0, second: i64::MIN, rfc3339: [b' '; 30], seconds: [b'.'; 20] }
    }

    /// Nanoseconds since 1970.
    pub(super) fn set(&mut self, nanos: i64) {
        let (second, fraction) = (nanos.div_euclid(1_000_000_000), nanos.rem_euclid(1_000_000_000));
        self.nanos = nanos;
        if second != self.second {
            self.second = second;
            let text = Timestamp::from_nanos(nanos - fraction).to_rfc3339();
            self.rfc3339[..19].copy_from_slice(&text.as_bytes()[..19]);
            (self.rfc3339[19], self.rfc3339[29]) = (b'.', b'Z');
            write_padded(&mut self.seconds[..10], second.unsigned_abs());
        }
        write_padded(&mut self.rfc3339[20..29], fraction.unsigned_abs());
        write_padded(&mut self.seconds[11..], fraction.unsigned_abs());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(hole: Hole, number: u64) -> Vec<u8> {
        let mut template = Template::default();
        template.put("<").hole(hole).put(">");
        let mut time = Moment::new();
        time.set(1_772_359_200_000_000_007);
        let mut out = b"before".to_vec();
        template.fill(&mut out, Filling { number, time: &time, packet_id: 0x1234, sequence: 200 });
        assert!(out.starts_with(b"before<") && out.ends_with(b">"));
        out[7..out.len() - 1].to_vec()
    }

    #[test]
    fn holes_are_filled_with_what_they_ask_for() {
        assert_eq!(filled(Hole::PacketId, 0), [0x12, 0x34]);
        assert_eq!(filled(Hole::Digits, 0), b"0                   ");
        assert_eq!(filled(Hole::Digits, u64::MAX), b"18446744073709551615");
        assert_eq!(filled(Hole::Rfc3339, 0), b"2026-03-01T10:00:00.000000007Z");
        assert_eq!(filled(Hole::Seconds, 0), b"1772359200.000000007");
        assert_eq!(filled(Hole::DoubleBig, 5), 5.0_f64.to_be_bytes());
        assert_eq!(filled(Hole::DoubleLittle, 5), 5.0_f64.to_le_bytes());
        assert_eq!(filled(Hole::SequenceVarint, 0), [0xc8, 0x01]);
        let varint = filled(Hole::MillisVarint, 0);
        let millis = varint.iter().rev().fold(0_u64, |sum, byte| sum << 7 | u64::from(byte & 0x7f));
        assert_eq!((millis, varint[5] & 0x80), (1_772_359_200_000, 0));
    }
}
