//! CBOR as a flat list of nodes over the original bytes. The list is used again for each message.

use crate::decode::decoder::Refusal;
use crate::decode::number::Number;

#[derive(Debug, Clone, Copy)]
pub(super) enum Node {
    Null,
    Flag(bool),
    Number(Number<'static>),
    /// A text: where it stands in the message.
    Text {
        start: u32,
        end: u32,
    },
    /// A text that came in pieces: where they stand joined.
    Joined {
        start: u32,
        end: u32,
    },
    Bytes,
    Simple,
    /// The first node after this one and all that is inside it.
    Array {
        next: u32,
    },
    Map {
        next: u32,
    },
}

/// Memory for one message.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    pub(super) nodes: Vec<Node>,
    pub(super) joined: String,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Item<'a> {
    Null,
    Flag(bool),
    Number(Number<'a>),
    Text(&'a str),
    Bytes,
    Simple,
    Array,
    Map,
}

impl Item<'_> {
    /// The word for people.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Flag(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Bytes => "bytes",
            Self::Simple => "a simple value",
            Self::Array => "an array",
            Self::Map => "a map",
        }
    }
}

/// One value of a message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cbor<'a> {
    pub(super) payload: &'a [u8],
    pub(super) tape: &'a Tape,
    pub(super) at: usize,
}

impl Tape {
    /// Reads `payload` strictly: one value, nothing after it, keys that are whole numbers or texts and none of them twice, at most `max_depth` levels.
    /// Memory is taken for what is there, never for a length that is only claimed.
    pub(crate) fn read<'a>(&'a mut self, payload: &'a [u8], max_depth: usize) -> Result<Cbor<'a>, Refusal> {
        super::parse::parse(payload, max_depth, self)?;
        Ok(Cbor { payload, tape: self, at: 0 })
    }

    fn after(&self, at: usize) -> usize {
        match self.nodes[at] {
            Node::Array { next } | Node::Map { next } => next as usize,
            _ => at + 1,
        }
    }
}

impl<'a> Cbor<'a> {
    /// What it is.
    pub(crate) fn item(self) -> Item<'a> {
        match self.tape.nodes[self.at] {
            Node::Null => Item::Null,
            Node::Flag(flag) => Item::Flag(flag),
            Node::Number(number) => Item::Number(number),
            // Both were checked when they were read.
            Node::Text { start, end } => {
                Item::Text(std::str::from_utf8(&self.payload[start as usize..end as usize]).unwrap_or_default())
            }
            Node::Joined { start, end } => Item::Text(&self.tape.joined[start as usize..end as usize]),
            Node::Bytes => Item::Bytes,
            Node::Simple => Item::Simple,
            Node::Array { .. } => Item::Array,
            Node::Map { .. } => Item::Map,
        }
    }

    fn inside(self, within: Option<u32>) -> impl Iterator<Item = Self> {
        let end = within.map_or(0, |next| next as usize);
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            let inner = (at < end).then_some(Self { at, ..self })?;
            at = self.tape.after(at);
            Some(inner)
        })
    }

    /// Values of an array; nothing for anything else.
    pub(crate) fn items(self) -> impl Iterator<Item = Self> {
        self.inside(if let Node::Array { next } = self.tape.nodes[self.at] { Some(next) } else { None })
    }

    /// Keys and values of a map, in the order of the message; nothing for anything else.
    pub(crate) fn members(self) -> impl Iterator<Item = (Self, Self)> {
        let mut inner = self.inside(if let Node::Map { next } = self.tape.nodes[self.at] { Some(next) } else { None });
        std::iter::from_fn(move || Some((inner.next()?, inner.next()?)))
    }
}
