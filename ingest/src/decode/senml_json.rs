//! SenML packs in JSON, RFC 8428. What the records mean is said in `senml.rs`.

use super::decoder::{Decoder, Message, Refusal, Sink, Tools};
use super::json::{Json, Kind};
use super::number::Number;
use super::senml::{Given, Label, Pack};

/// Reads SenML JSON.
pub(super) struct SenmlJson;

fn given(json: Json<'_>) -> Given<'_> {
    match json.kind() {
        Kind::Number(text) => Given::Number(Number::Written(text)),
        Kind::Text(text) => Given::Text(text),
        Kind::Flag(flag) => Given::Flag(flag),
        other => Given::Other(other.as_str()),
    }
}

impl Decoder for SenmlJson {
    fn decode(&mut self, message: &Message<'_>, tools: &mut Tools, sink: &mut dyn Sink) -> Result<(), Refusal> {
        let Tools { tape, path, max_depth, .. } = tools;
        let json = tape.read(message.payload, *max_depth)?;
        if json.kind() != Kind::Array || json.items().next().is_none() {
            return Err(Refusal::schema("a pack must be a list of at least one record"));
        }
        let mut pack = Pack::new(message);
        for record in json.items() {
            if record.kind() != Kind::Object {
                return Err(Refusal::schema(format!("a record must be an object and is {}", record.kind().as_str())));
            }
            for (word, value) in record.members() {
                match Label::word(word) {
                    Some(label) => pack.field(label, given(value))?,
                    None => pack.unknown(word)?,
                }
            }
            pack.close(path, sink)?;
        }
        Ok(())
    }
}
