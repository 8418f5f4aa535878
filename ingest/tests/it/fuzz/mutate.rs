//! Makes bad messages out of good ones, the same ones for the same seed.

/// Chance that can be repeated (SplitMix64, Steele, Lea and Flood 2014).
pub(super) struct Chance(u64);

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Below `count`, which is not zero.
    pub(super) fn below(&mut self, count: usize) -> usize {
        (self.next() % count as u64) as usize
    }

    pub(super) fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    pub(super) fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}

/// Longer ones are cut: what is interesting about size has tests of its own, and millions of runs must fit into a night.
const LONGEST: usize = 4_096;
/// Whole numbers at which programs stumble.
const EDGES: [u64; 14] = [
    0,
    1,
    0x7f,
    0x80,
    0xff,
    0x100,
    0x7fff,
    0x8000,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0x8000_0000_0000_0000,
    u64::MAX,
];
/// Pieces at which readers of texts stumble.
const PIECES: [&[u8]; 34] = [
    b"{",
    b"}",
    b"[",
    b"]",
    b"\"",
    b",",
    b":",
    b"\\",
    b"\\u0000",
    b"\\ud83d",
    b"null",
    b"true",
    b"NaN",
    b"-Infinity",
    b"1e400",
    b"-0.0",
    b"1e-400",
    b"9007199254740993",
    b"18446744073709551616",
    b"0x10",
    b"01",
    b"\"value\":",
    b"\"unit\":\"\"",
    b"\"time\":\"9999-12-31T23:59:60Z\"",
    b"\"1969-12-31T23:59:59.999999999Z\"",
    b"\xef\xbb\xbf",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
    b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff",
    b"\xbf\xff",
    b"\xc4\x82\x3b\x7f\xff\xff\xff\xff\xff\xff\xff\x01",
    b"\n",
    b"\0",
];

/// One to eight changes to `bytes`; `other` is another good message to cross it with.
pub(super) fn mutate(chance: &mut Chance, bytes: &mut Vec<u8>, other: &[u8]) {
    for _ in 0..=chance.below(8) {
        change(chance, bytes, other);
    }
    bytes.truncate(LONGEST);
}

fn change(chance: &mut Chance, bytes: &mut Vec<u8>, other: &[u8]) {
    let at = chance.below(bytes.len() + 1);
    let length = chance.below(16).min(bytes.len() - at);
    match chance.below(12) {
        0 | 1 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
        2 if at < bytes.len() => bytes[at] = chance.next() as u8,
        3 => {
            let piece = *chance.pick(&PIECES);
            drop(bytes.splice(at..at + length, piece.iter().copied()));
        }
        4 => {
            let piece = *chance.pick(&PIECES);
            drop(bytes.splice(at..at, piece.iter().copied()));
        }
        5 => drop(bytes.drain(at..at + length)),
        6 => bytes.truncate(at),
        7 => {
            let piece = bytes[at..at + length].to_vec();
            let often = if chance.one_in(20) { 100 } else { 1 + chance.below(4) };
            drop(bytes.splice(at..at, piece.repeat(often)));
        }
        8 => {
            // A whole number at the edge of what fits, in either order of bytes.
            let width = 1 << chance.below(4);
            let edge = *chance.pick(&EDGES);
            let piece = if chance.one_in(2) {
                edge.to_be_bytes()[8 - width..].to_vec()
            } else {
                edge.to_le_bytes()[..width].to_vec()
            };
            let end = (at + width).min(bytes.len());
            drop(bytes.splice(at..end, piece));
        }
        9 => {
            let cut = chance.below(other.len() + 1);
            bytes.truncate(at);
            bytes.extend_from_slice(&other[cut..]);
        }
        10 => {
            let from = chance.below(other.len() + 1);
            let until = from + chance.below(other.len() - from + 1);
            drop(bytes.splice(at..at, other[from..until].iter().copied()));
        }
        _ => {
            // A digit becomes another one: lengths, times and numbers that still parse.
            if let Some(digit) = bytes.iter_mut().skip(at).find(|byte| byte.is_ascii_digit()) {
                *digit = b'0' + chance.below(10) as u8;
            }
        }
    }
}

#[test]
fn the_same_seed_breaks_a_message_in_the_same_way_and_often_in_another() {
    let broken = |seed| {
        let mut bytes = b"[{\"n\":\"a\",\"v\":1}]".to_vec();
        mutate(&mut Chance::new(seed), &mut bytes, b"{\"device\":\"d\"}");
        bytes
    };
    assert!((0..100).all(|seed| broken(seed) == broken(seed)));
    let different: std::collections::HashSet<_> = (0..100).map(broken).collect();
    assert!(different.len() > 80, "{}", different.len());
}
