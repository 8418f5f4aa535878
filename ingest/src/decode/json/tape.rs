//! A JSON text as a flat list of nodes over the original bytes. The list is used again for each message.

use model::Value;

use super::number;
use crate::decode::decoder::{NotFinite, Refusal};

/// What a node is, with where its text stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Null,
    Flag(bool),
    /// A number: its text.
    Number,
    /// A text without escapes: between its quotes.
    Plain,
    /// A text with escapes: where its resolved form stands.
    Resolved,
    Array,
    Object,
}

/// One node. Children follow their parent; in an object, keys and values take turns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) shape: Shape,
    pub(super) start: u32,
    pub(super) end: u32,
    /// The first node after this one and all that is inside it.
    pub(super) next: u32,
}

/// Memory for one parsed text.
#[derive(Debug, Default)]
pub(crate) struct Tape {
    pub(super) nodes: Vec<Node>,
    pub(super) resolved: String,
}

impl Tape {
    /// Reads `payload` strictly: UTF-8 with or without a byte order mark, one value, nothing after it, no duplicate keys, at most `max_depth` levels.
    pub(crate) fn read<'a>(&'a mut self, payload: &'a [u8], max_depth: usize) -> Result<Json<'a>, Refusal> {
        let text = super::parse::parse(payload, max_depth, self)?;
        Ok(Json { text, tape: self, at: 0 })
    }

    pub(super) fn text_of<'a>(&'a self, text: &'a str, node: Node) -> &'a str {
        let range = node.start as usize..node.end as usize;
        let whole = if node.shape == Shape::Resolved { self.resolved.as_str() } else { text };
        whole.get(range).unwrap_or_default()
    }
}

/// One value of a parsed text.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Json<'a> {
    text: &'a str,
    tape: &'a Tape,
    at: usize,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Kind<'a> {
    Null,
    Flag(bool),
    /// A number as it was written.
    Number(&'a str),
    Text(&'a str),
    Array,
    Object,
}

impl Kind<'_> {
    /// The word for people.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Flag(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

impl<'a> Json<'a> {
    fn node(self) -> Node {
        self.tape.nodes[self.at]
    }

    /// What it is.
    pub(crate) fn kind(self) -> Kind<'a> {
        let node = self.node();
        match node.shape {
            Shape::Null => Kind::Null,
            Shape::Flag(flag) => Kind::Flag(flag),
            Shape::Number => Kind::Number(self.tape.text_of(self.text, node)),
            Shape::Plain | Shape::Resolved => Kind::Text(self.tape.text_of(self.text, node)),
            Shape::Array => Kind::Array,
            Shape::Object => Kind::Object,
        }
    }

    /// Keys and values of an object, in the order of the text; nothing for anything else.
    pub(crate) fn members(self) -> impl Iterator<Item = (&'a str, Json<'a>)> {
        let node = self.node();
        let end = if node.shape == Shape::Object { node.next as usize } else { 0 };
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            let key = (at < end).then(|| self.tape.nodes[at])?;
            let value = Json { at: at + 1, ..self };
            at = value.node().next as usize;
            Some((self.tape.text_of(self.text, key), value))
        })
    }

    /// Values of an array; nothing for anything else.
    pub(crate) fn items(self) -> impl Iterator<Item = Json<'a>> {
        let node = self.node();
        let end = if node.shape == Shape::Array { node.next as usize } else { 0 };
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            let item = (at < end).then_some(Json { at, ..self })?;
            at = item.node().next as usize;
            Some(item)
        })
    }

    /// The member with this key, null or not.
    pub(crate) fn member(self, key: &str) -> Option<Json<'a>> {
        self.members().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// The member with this key; a member that is null counts as absent.
    pub(crate) fn get(self, key: &str) -> Option<Json<'a>> {
        self.member(key).filter(|value| value.kind() != Kind::Null)
    }

    /// The value at this dotted path of keys and array indices.
    pub(crate) fn at_path(self, path: &str) -> Option<Json<'a>> {
        let step = |value: Json<'a>, part: &str| match value.kind() {
            Kind::Object => value.get(part),
            Kind::Array => part.parse().ok().and_then(|index| value.items().nth(index)),
            _ => None,
        };
        path.split('.').try_fold(self, step)
    }

    /// An array or object as it was written.
    pub(crate) fn written(self) -> &'a str {
        self.tape.text_of(self.text, self.node())
    }

    /// The text, if it is one.
    pub(crate) fn text(self) -> Option<&'a str> {
        if let Kind::Text(text) = self.kind() { Some(text) } else { None }
    }

    /// The number as it was written, if it is one.
    pub(crate) fn number(self) -> Option<&'a str> {
        if let Kind::Number(text) = self.kind() { Some(text) } else { None }
    }

    /// The value as a reading would keep it; `None` for null, arrays and objects.
    pub(crate) fn scalar(self) -> Option<Result<Value, NotFinite>> {
        match self.kind() {
            Kind::Flag(flag) => Some(Ok(Value::Flag(flag))),
            Kind::Number(text) => Some(number::value(text)),
            Kind::Text(text) => Some(Ok(Value::Text(text.into()))),
            Kind::Null | Kind::Array | Kind::Object => None,
        }
    }
}
