//! A part of a JSON text, written again without the white space that surrounds it.

use super::tape::{Json, Kind};

impl Json<'_> {
    /// Appends this value to `out` as compact JSON. Numbers stay as they were written.
    pub(crate) fn write(self, out: &mut String) {
        match self.kind() {
            Kind::Null => out.push_str("null"),
            Kind::Flag(flag) => out.push_str(if flag { "true" } else { "false" }),
            Kind::Number(text) => out.push_str(text),
            Kind::Text(text) => write_text(text, out),
            Kind::Array => {
                out.push('[');
                for (index, item) in self.items().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Kind::Object => self.write_members(out, |_| true),
        }
    }

    /// Appends the members of this object whose keys are wanted.
    pub(crate) fn write_members(self, out: &mut String, wanted: impl Fn(&str) -> bool) {
        out.push('{');
        let mut first = true;
        for (key, value) in self.members().filter(|(key, _)| wanted(key)) {
            if !std::mem::take(&mut first) {
                out.push(',');
            }
            write_text(key, out);
            out.push(':');
            value.write(out);
        }
        out.push('}');
    }
}

fn write_text(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control @ '\0'..='\x1f' => {
                let digit = |shift: u32| char::from_digit(control as u32 >> shift & 0xf, 16).unwrap_or('0');
                out.push_str("\\u00");
                out.extend([digit(4), digit(0)]);
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use crate::decode::json::Tape;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut tape = Tape::default();
        let mut out = String::new();
        tape.read(text.as_bytes(), 64).unwrap().write(&mut out);
        assert_eq!(out, expected);
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(text).unwrap(),
            serde_json::from_str::<serde_json::Value>(&out).unwrap()
        );
    }

    #[test]
    fn what_is_written_means_what_was_read() {
        check(
            r#" { "a" : [ 1.50, -0e1, true, null, [], {} ], "b" : { "c" : "è" } } "#,
            r#"{"a":[1.50,-0e1,true,null,[],{}],"b":{"c":"è"}}"#,
        );
        check(r#""\u0000\u001f\"\\\/\n\r\t\b \ud83d\ude00""#, "\"\\u0000\\u001f\\\"\\\\/\\n\\r\\t\\u0008 😀\"");
    }
}
