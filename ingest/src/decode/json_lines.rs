//! Our own JSON with one message a line. A line that is wrong is refused alone. Written down in FORMATS.md.

use model::Reason;

use super::decoder::{Decoder, Message, Refusal, Sink, Tools};
use super::specola_json;
use crate::lines::{Records, is_json_lines};

/// Reads lines of our own JSON, or one object that is written over several lines.
pub(super) struct JsonLines;

impl Decoder for JsonLines {
    fn decode(&mut self, message: &Message<'_>, tools: &mut Tools, sink: &mut dyn Sink) -> Result<(), Refusal> {
        if !is_json_lines(message.payload) {
            return specola_json::read(message.payload, message, tools, sink);
        }
        let mut empty = true;
        for record in Records::of_lines(message.payload) {
            empty = false;
            sink.line(record.line);
            if let Err(refusal) = specola_json::read(record.text, message, tools, sink) {
                sink.refuse_line(refusal);
            }
        }
        if empty { Err(Refusal::new(Reason::Malformed, "there is no line in it")) } else { Ok(()) }
    }
}
