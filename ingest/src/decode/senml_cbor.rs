//! SenML packs in CBOR, RFC 8428, section 6. What the records mean is said in `senml.rs`.

use super::cbor::{Cbor, Item};
use super::decoder::{Decoder, Message, Refusal, Sink, Tools};
use super::number::Number;
use super::senml::{Given, Label, Pack};

/// Reads SenML CBOR.
pub(super) struct SenmlCbor;

fn given(value: Cbor<'_>) -> Given<'_> {
    match value.item() {
        Item::Number(number) => Given::Number(number),
        Item::Text(text) => Given::Text(text),
        Item::Flag(flag) => Given::Flag(flag),
        Item::Bytes => Given::Bytes,
        other => Given::Other(other.as_str()),
    }
}

impl Decoder for SenmlCbor {
    fn decode(&mut self, message: &Message<'_>, tools: &mut Tools, sink: &mut dyn Sink) -> Result<(), Refusal> {
        let Tools { cbor, path, max_depth, .. } = tools;
        let cbor = cbor.read(message.payload, *max_depth)?;
        if cbor.item() != Item::Array || cbor.items().next().is_none() {
            return Err(Refusal::schema("a pack must be a list of at least one record"));
        }
        let mut pack = Pack::new(message);
        for record in cbor.items() {
            if record.item() != Item::Map {
                return Err(Refusal::schema(format!("a record must be a map and is {}", record.item().as_str())));
            }
            for (key, value) in record.members() {
                // Numbers are the labels of the RFC, words those of extensions. Known words are understood too: some senders translate JSON word by word.
                let (label, word) = match key.item() {
                    Item::Number(Number::Whole(number)) => (Label::number(number), ""),
                    Item::Text(word) => (Label::word(word), word),
                    _ => (None, ""),
                };
                match label {
                    Some(label) => pack.field(label, given(value))?,
                    None => pack.unknown(word)?,
                }
            }
            pack.close(path, sink)?;
        }
        Ok(())
    }
}
