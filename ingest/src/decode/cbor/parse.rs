//! The strict reader: well-formed CBOR (RFC 8949) and nothing else, and no key twice in one map.

use std::collections::HashSet;
use std::fmt;

use ciborium_ll::{Decoder, Error, Header};
use model::Reason;

use super::tape::{Cbor, Item, Node, Tape};
use crate::decode::decoder::Refusal;
use crate::decode::number::Number;

/// Maps with fewer keys are compared pair by pair, which is faster than a set.
const PAIRWISE: usize = 12;
/// Tags of big numbers, which are bytes, and of decimal fractions, which are pairs.
const POSITIVE: u64 = 2;
const NEGATIVE: u64 = 3;
const DECIMAL: u64 = 4;

/// Reads `payload` into `tape`.
pub(super) fn parse(payload: &[u8], max_depth: usize, tape: &mut Tape) -> Result<(), Refusal> {
    tape.nodes.clear();
    tape.joined.clear();
    if u32::try_from(payload.len()).is_err() {
        return Err(Refusal::new(Reason::TooLarge, "more than 4 GiB"));
    }
    let mut reader = Reader { payload, at: 0, depth: 0, max_depth, tape };
    reader.value()?;
    if reader.at < payload.len() {
        return Err(reader.malformed("data after the end"));
    }
    Ok(())
}

struct Reader<'a, 't> {
    payload: &'a [u8],
    at: usize,
    depth: usize,
    max_depth: usize,
    tape: &'t mut Tape,
}

impl Reader<'_, '_> {
    fn malformed(&self, what: &str) -> Refusal {
        Refusal::new(Reason::Malformed, format!("{what} at byte {}", self.at))
    }

    fn header(&mut self) -> Result<Header, Refusal> {
        let mut decoder = Decoder::from(&self.payload[self.at..]);
        match decoder.pull() {
            Ok(header) => {
                self.at += decoder.offset();
                Ok(header)
            }
            Err(Error::Io(_)) => Err(self.malformed("the message ends too early")),
            Err(Error::Syntax(_)) => Err(self.malformed("not a CBOR value")),
        }
    }

    fn value(&mut self) -> Result<(), Refusal> {
        let header = self.header()?;
        self.rest(header)
    }

    /// The rest of the value that begins with `header`.
    fn rest(&mut self, mut header: Header) -> Result<(), Refusal> {
        // Other tags say what a value is good for. They may be many, and change nothing here.
        while let Header::Tag(tag) = header {
            match tag {
                POSITIVE | NEGATIVE => {
                    let number = self.big(tag)?;
                    self.tape.nodes.push(Node::Number(number));
                    return Ok(());
                }
                DECIMAL => return self.decimal(),
                _ => header = self.header()?,
            }
        }
        let node = match header {
            Header::Positive(number) => Node::Number(Number::Whole(number.into())),
            Header::Negative(number) => Node::Number(Number::Whole(!i128::from(number))),
            Header::Float(number) => Node::Number(Number::Float(number)),
            Header::Simple(20) => Node::Flag(false),
            Header::Simple(21) => Node::Flag(true),
            Header::Simple(22 | 23) => Node::Null,
            Header::Simple(_) => Node::Simple,
            Header::Text(length) => self.text(length)?,
            Header::Bytes(length) => {
                self.bytes(length, |_| ())?;
                Node::Bytes
            }
            Header::Array(length) => return self.nested(length, 1),
            Header::Map(length) => return self.nested(length, 2),
            Header::Break => return Err(self.malformed("an end without a beginning")),
            Header::Tag(_) => return Err(self.malformed("a tag without a value")),
        };
        self.tape.nodes.push(node);
        Ok(())
    }

    /// The next `length` bytes, if they are there.
    fn take(&mut self, length: usize) -> Result<(usize, usize), Refusal> {
        match self.at.checked_add(length).filter(|end| *end <= self.payload.len()) {
            Some(end) => Ok((std::mem::replace(&mut self.at, end), end)),
            None => Err(self.malformed("the message ends too early")),
        }
    }

    /// A text from the next `length` bytes.
    fn piece(&mut self, length: usize) -> Result<(usize, usize), Refusal> {
        let (start, end) = self.take(length)?;
        match std::str::from_utf8(&self.payload[start..end]) {
            Ok(_) => Ok((start, end)),
            Err(why) => {
                let at = start + why.valid_up_to();
                Err(Refusal::new(Reason::Malformed, format!("not UTF-8 at byte {at}")))
            }
        }
    }

    fn text(&mut self, length: Option<usize>) -> Result<Node, Refusal> {
        if let Some(length) = length {
            let (start, end) = self.piece(length)?;
            return Ok(Node::Text { start: start as u32, end: end as u32 });
        }
        let begin = self.tape.joined.len();
        loop {
            match self.header()? {
                Header::Break => break,
                Header::Text(Some(length)) => {
                    let (start, end) = self.piece(length)?;
                    self.tape.joined.push_str(std::str::from_utf8(&self.payload[start..end]).unwrap_or_default());
                }
                _ => return Err(self.malformed("a text in pieces with a piece that is none")),
            }
        }
        Ok(Node::Joined { start: begin as u32, end: self.tape.joined.len() as u32 })
    }

    /// Goes through bytes, in one piece or many.
    fn bytes(&mut self, length: Option<usize>, mut each: impl FnMut(&[u8])) -> Result<(), Refusal> {
        if let Some(length) = length {
            let (start, end) = self.take(length)?;
            each(&self.payload[start..end]);
            return Ok(());
        }
        loop {
            match self.header()? {
                Header::Break => return Ok(()),
                Header::Bytes(Some(length)) => {
                    let (start, end) = self.take(length)?;
                    each(&self.payload[start..end]);
                }
                _ => return Err(self.malformed("bytes in pieces with a piece that is none")),
            }
        }
    }

    /// A number that is written as bytes, the highest first: exact up to 127 bits, then the nearest double.
    fn big(&mut self, tag: u64) -> Result<Number<'static>, Refusal> {
        let Header::Bytes(length) = self.header()? else {
            return Err(self.malformed("a big number that is not made of bytes"));
        };
        let (mut high, mut more, mut rest) = (0_u128, 0_i32, 0_u8);
        self.bytes(length, |bytes| {
            for byte in bytes {
                if high >> 120 == 0 {
                    high = high << 8 | u128::from(*byte);
                } else {
                    // 121 bits or more are known: of all others it only matters how many they are and whether any is set.
                    more = more.saturating_add(8);
                    rest |= *byte;
                }
            }
        })?;
        let negative = tag == NEGATIVE;
        if more == 0
            && let Ok(whole) = i128::try_from(high)
        {
            return Ok(Number::Whole(if negative { !whole } else { whole }));
        }
        let number = (high | u128::from(rest != 0)) as f64 * 2_f64.powi(more.min(2_000));
        Ok(Number::Float(if negative { -number } else { number }))
    }

    fn integer(&mut self) -> Result<Number<'static>, Refusal> {
        match self.header()? {
            Header::Positive(number) => Ok(Number::Whole(number.into())),
            Header::Negative(number) => Ok(Number::Whole(!i128::from(number))),
            Header::Tag(tag @ (POSITIVE | NEGATIVE)) => self.big(tag),
            _ => Err(self.malformed("a decimal fraction must be two whole numbers")),
        }
    }

    /// A pair of exponent and mantissa.
    fn decimal(&mut self) -> Result<(), Refusal> {
        let length = match self.header()? {
            Header::Array(length @ (Some(2) | None)) => length,
            _ => return Err(self.malformed("a decimal fraction must be two whole numbers")),
        };
        let (exponent, mantissa) = (self.integer()?, self.integer()?);
        if length.is_none() && self.header()? != Header::Break {
            return Err(self.malformed("a decimal fraction must be two whole numbers"));
        }
        let exponent = match exponent {
            Number::Whole(exponent) => {
                i64::try_from(exponent).unwrap_or(if exponent < 0 { i64::MIN } else { i64::MAX })
            }
            _ => return Err(self.malformed("a decimal fraction with an endless exponent")),
        };
        let number = match mantissa {
            Number::Whole(mantissa) => {
                let scale = u32::try_from(exponent).ok().and_then(|exponent| 10_i128.checked_pow(exponent));
                let whole = scale.and_then(|scale| mantissa.checked_mul(scale));
                whole.map_or(Number::Decimal { mantissa, exponent }, Number::Whole)
            }
            Number::Float(mantissa) => {
                let exponent = exponent.clamp(-2_000, 2_000) as i32;
                Number::Float(mantissa * 10_f64.powi(exponent))
            }
            other => other,
        };
        self.tape.nodes.push(Node::Number(number));
        Ok(())
    }

    /// An array (`width` 1) or a map (`width` 2) with `length` entries, or as many as there are before the end is said.
    fn nested(&mut self, length: Option<usize>, width: usize) -> Result<(), Refusal> {
        if self.depth >= self.max_depth {
            let detail = format!("nested deeper than {} levels at byte {}", self.max_depth, self.at);
            return Err(Refusal::new(Reason::TooDeep, detail));
        }
        self.depth += 1;
        let own = self.tape.nodes.len();
        self.tape.nodes.push(Node::Null);
        let mut count = 0;
        while length.is_none_or(|length| count < length) {
            let header = self.header()?;
            if header == Header::Break && length.is_none() {
                break;
            }
            let first = self.tape.nodes.len();
            self.rest(header)?;
            if width == 2 {
                if !matches!(
                    self.tape.nodes[first],
                    Node::Number(Number::Whole(_)) | Node::Text { .. } | Node::Joined { .. }
                ) {
                    return Err(Refusal::schema(format!(
                        "a key that is neither a whole number nor a text before byte {}",
                        self.at
                    )));
                }
                self.value()?;
            }
            count += 1;
        }
        self.depth -= 1;
        let next = self.tape.nodes.len() as u32;
        if width == 1 {
            self.tape.nodes[own] = Node::Array { next };
            return Ok(());
        }
        self.tape.nodes[own] = Node::Map { next };
        if count > 1 { self.unique(own, count) } else { Ok(()) }
    }

    /// Refuses the map at `own` when it has a key twice.
    fn unique(&self, own: usize, count: usize) -> Result<(), Refusal> {
        let map = Cbor { payload: self.payload, tape: self.tape, at: own };
        let keys = || map.members().filter_map(|(key, _)| Key::of(key.item()));
        let twice = if count <= PAIRWISE {
            keys()
                .enumerate()
                .find(|(index, key)| keys().skip(index + 1).any(|other| other == *key))
                .map(|(_, key)| key)
        } else {
            let mut known = HashSet::with_capacity(count);
            keys().find(|key| !known.insert(*key))
        };
        match twice {
            Some(key) => Err(Refusal::new(Reason::DuplicateKey, format!("the key {key} twice in one map"))),
            None => Ok(()),
        }
    }
}

/// A key of a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key<'a> {
    Number(i128),
    Text(&'a str),
}

impl<'a> Key<'a> {
    fn of(item: Item<'a>) -> Option<Self> {
        match item {
            Item::Number(Number::Whole(number)) => Some(Self::Number(number)),
            Item::Text(text) => Some(Self::Text(text)),
            _ => None,
        }
    }
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "{:?}", text.chars().take(64).collect::<String>()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn refused(payload: &[u8], reason: Reason) {
        let found = Tape::default().read(payload, 64).map(|_| ()).unwrap_err();
        assert_eq!(found.reason, reason, "{payload:02x?}: {}", found.detail);
    }

    #[track_caller]
    fn single(payload: &[u8], expected: Item<'_>) {
        assert_eq!(Tape::default().read(payload, 64).unwrap().item(), expected, "{payload:02x?}");
    }

    #[test]
    fn numbers_of_every_form_are_read() {
        single(&[0x17], Item::Number(Number::Whole(23)));
        single(&[0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Item::Number(Number::Whole(-(1 << 64))));
        single(&[0xf9, 0x3e, 0x00], Item::Number(Number::Float(1.5)));
        single(&[0xf9, 0x00, 0x01], Item::Number(Number::Float(5.960_464_477_539_063e-8)));
        single(&[0xfa, 0x3f, 0xc0, 0, 0], Item::Number(Number::Float(1.5)));
        single(&[0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0], Item::Number(Number::Float(1.5)));
        single(&[0xc4, 0x82, 0x21, 0x19, 0x6a, 0xb3], Item::Number(Number::Decimal { mantissa: 27_315, exponent: -2 }));
        single(
            &[0xc4, 0x9f, 0x21, 0x19, 0x6a, 0xb3, 0xff],
            Item::Number(Number::Decimal { mantissa: 27_315, exponent: -2 }),
        );
        single(&[0xc4, 0x82, 0x02, 0x38, 0x04], Item::Number(Number::Whole(-500)));
        single(&[0xc2, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0], Item::Number(Number::Whole(1 << 64)));
        single(&[0xc3, 0x49, 1, 0, 0, 0, 0, 0, 0, 0, 0], Item::Number(Number::Whole(-(1 << 64) - 1)));
        single(&[0xc2, 0x5f, 0x41, 1, 0x41, 2, 0xff], Item::Number(Number::Whole(0x0102)));
        single(&[0xc4, 0x82, 0x20, 0xc2, 0x41, 0x0f], Item::Number(Number::Decimal { mantissa: 15, exponent: -1 }));
    }

    #[test]
    fn big_numbers_are_rounded_once_and_beyond_all_doubles_they_are_infinite() {
        let big = |bytes: &[u8]| {
            let payload = [&[0xc2, 0x58, bytes.len() as u8], bytes].concat();
            let mut tape = Tape::default();
            match tape.read(&payload, 64).unwrap().item() {
                Item::Number(Number::Whole(whole)) => Number::Whole(whole),
                Item::Number(Number::Float(number)) => Number::Float(number),
                other => panic!("{other:?} is no big number"),
            }
        };
        // Half a step above an even number, and then a last bit far behind: the nearest double is the one above.
        let mut bytes = [0; 40];
        (bytes[0], bytes[7], bytes[39]) = (1, 0x08, 1);
        let above = 2_f64.powi(312) * (1.0 + f64::EPSILON);
        assert_eq!(big(&bytes), Number::Float(above));
        bytes[39] = 0;
        assert_eq!(big(&bytes), Number::Float(2_f64.powi(312)));
        assert_eq!(big(&[0xff; 200]), Number::Float(f64::INFINITY));
        assert_eq!(big(&[0; 200]), Number::Whole(0));
    }

    #[test]
    fn texts_bytes_lists_and_maps_may_come_in_pieces() {
        let payload =
            [0xbf, 0x7f, 0x61, b'a', 0x61, b'b', 0xff, 0x9f, 0x01, 0xf6, 0xff, 0x20, 0x5f, 0x41, 9, 0xff, 0xff];
        let mut tape = Tape::default();
        let map = tape.read(&payload, 64).unwrap();
        let members = map.members().map(|(key, value)| (key.item(), value.item())).collect::<Vec<_>>();
        assert_eq!(members, [(Item::Text("ab"), Item::Array), (Item::Number(Number::Whole(-1)), Item::Bytes)]);
        let list = map.members().next().unwrap().1.items().map(Cbor::item).collect::<Vec<_>>();
        assert_eq!(list, [Item::Number(Number::Whole(1)), Item::Null]);
    }

    #[test]
    fn tags_without_a_meaning_here_are_passed_over() {
        single(&[0xd9, 0xd9, 0xf7, 0xc1, 0x01], Item::Number(Number::Whole(1)));
        single(&[[0xc1; 100_000].as_slice(), &[0xf5]].concat(), Item::Flag(true));
    }

    #[test]
    fn what_is_not_cbor_is_malformed() {
        for bad in [
            &[][..],
            &[0x18],
            &[0x1c],
            &[0x1f],
            &[0xff],
            &[0x01, 0x01],
            &[0x61],
            &[0x61, 0xff],
            &[0x7f, 0x41, 1, 0xff],
            &[0x7f, 0x7f, 0xff, 0xff],
            &[0x5f, 0x61, b'a', 0xff],
            &[0x82, 0x01],
            &[0x9f, 0x01],
            &[0xa1, 0x01],
            &[0xbf, 0x01, 0xff],
            &[0xc1],
            &[0xc1, 0xff],
            &[0xc2, 0x01],
            &[0xc4, 0x01],
            &[0xc4, 0x83, 0, 0, 0],
            &[0xc4, 0x82, 0, 0xf9, 0, 0],
            &[0xc4, 0x9f, 0, 0, 0, 0xff],
        ] {
            refused(bad, Reason::Malformed);
        }
    }

    #[test]
    fn a_claimed_length_takes_no_memory() {
        for first in [0x5b, 0x7b, 0x9b, 0xbb] {
            refused(&[&[first], [0xff; 8].as_slice()].concat(), Reason::Malformed);
            refused(&[first, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0], Reason::Malformed);
        }
    }

    #[test]
    fn keys_are_whole_numbers_or_texts_and_none_twice() {
        refused(&[0xa1, 0xf5, 1], Reason::Schema);
        refused(&[0xa1, 0x80, 1], Reason::Schema);
        refused(&[0xa2, 0x01, 1, 0x18, 0x01, 2], Reason::DuplicateKey);
        refused(&[0xbf, 0x61, b'a', 1, 0x7f, 0x61, b'a', 0xff, 2, 0xff], Reason::DuplicateKey);
        let many = (0..20).chain([7]).flat_map(|key| [key, 0]).collect::<Vec<u8>>();
        refused(&[&[0xb5][..], &many].concat(), Reason::DuplicateKey);
    }

    #[test]
    fn nesting_is_limited() {
        let deep = |levels: usize| [vec![0x81; levels], vec![0xf6]].concat();
        assert!(Tape::default().read(&deep(64), 64).is_ok());
        refused(&deep(65), Reason::TooDeep);
        refused(&vec![0x9f; 200_000], Reason::TooDeep);
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived_and_cost_no_more_nodes_than_bytes(payload in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut tape = Tape::default();
            let read = tape.read(&payload, 64).map(|_| ());
            prop_assert!(tape.nodes.len() <= payload.len() && tape.joined.len() <= payload.len(), "{:?}", read);
        }
    }
}
