//! The strict reader: what RFC 8259 allows and nothing else, and no key twice in one object.

use std::collections::HashSet;

use model::Reason;

use super::tape::{Node, Shape, Tape};
use crate::decode::decoder::Refusal;

/// Objects with fewer keys are compared pair by pair, which is faster than a set.
const PAIRWISE: usize = 12;

/// Reads `payload` into `tape` and returns its text.
pub(super) fn parse<'a>(payload: &'a [u8], max_depth: usize, tape: &mut Tape) -> Result<&'a str, Refusal> {
    tape.nodes.clear();
    tape.resolved.clear();
    let payload = payload.strip_prefix(b"\xef\xbb\xbf").unwrap_or(payload);
    if u32::try_from(payload.len()).is_err() {
        return Err(Refusal::new(Reason::TooLarge, "more than 4 GiB"));
    }
    let text = std::str::from_utf8(payload)
        .map_err(|why| Refusal::new(Reason::Malformed, format!("not UTF-8 at byte {}", why.valid_up_to())))?;
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, depth: 0, max_depth, tape };
    reader.space();
    reader.value()?;
    reader.space();
    if reader.at < reader.bytes.len() {
        return Err(reader.malformed("data after the end"));
    }
    Ok(text)
}

struct Reader<'a, 't> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    depth: usize,
    max_depth: usize,
    tape: &'t mut Tape,
}

impl Reader<'_, '_> {
    fn malformed(&self, what: &str) -> Refusal {
        Refusal::new(Reason::Malformed, format!("{what} at byte {}", self.at))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    fn push(&mut self, shape: Shape, start: usize, end: usize) {
        // The text is shorter than 4 GiB, and there are never more nodes or resolved bytes than bytes.
        let next = self.tape.nodes.len() as u32 + 1;
        self.tape.nodes.push(Node { shape, start: start as u32, end: end as u32, next });
    }

    fn value(&mut self) -> Result<(), Refusal> {
        match self.peek() {
            Some(b'{') => self.nested(Shape::Object),
            Some(b'[') => self.nested(Shape::Array),
            Some(b'"') => self.string(),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(b't') => self.word("true", Shape::Flag(true)),
            Some(b'f') => self.word("false", Shape::Flag(false)),
            Some(b'n') => self.word("null", Shape::Null),
            Some(_) => Err(self.malformed("not a JSON value")),
            None => Err(self.malformed("the text ends too early")),
        }
    }

    fn word(&mut self, word: &str, shape: Shape) -> Result<(), Refusal> {
        if !self.bytes[self.at..].starts_with(word.as_bytes()) {
            return Err(self.malformed("not a JSON value"));
        }
        self.push(shape, self.at, self.at + word.len());
        self.at += word.len();
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start { Err(self.malformed("a number without digits")) } else { Ok(()) }
    }

    fn number(&mut self) -> Result<(), Refusal> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        if let Some(b'0'..=b'9') = self.peek() {
            return Err(self.malformed("a number with a leading zero"));
        }
        self.push(Shape::Number, start, self.at);
        Ok(())
    }

    fn string(&mut self) -> Result<(), Refusal> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => return self.escaped(start),
                Some(0..=0x1f) => return Err(self.malformed("a control character in a text")),
                Some(_) => self.at += 1,
                None => return Err(self.malformed("the text ends too early")),
            }
        }
        self.push(Shape::Plain, start, self.at);
        self.at += 1;
        Ok(())
    }

    /// A text with escapes: everything since `start` is copied and resolved.
    fn escaped(&mut self, start: usize) -> Result<(), Refusal> {
        let resolved = self.tape.resolved.len();
        let mut plain = start;
        loop {
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    self.tape.resolved.push_str(&self.text[plain..self.at]);
                    self.at += 1;
                    let character = self.escape()?;
                    self.tape.resolved.push(character);
                    plain = self.at;
                }
                Some(0..=0x1f) => return Err(self.malformed("a control character in a text")),
                Some(_) => self.at += 1,
                None => return Err(self.malformed("the text ends too early")),
            }
        }
        self.tape.resolved.push_str(&self.text[plain..self.at]);
        self.at += 1;
        self.push(Shape::Resolved, resolved, self.tape.resolved.len());
        Ok(())
    }

    fn escape(&mut self) -> Result<char, Refusal> {
        let kind = self.peek().ok_or_else(|| self.malformed("the text ends too early"))?;
        self.at += 1;
        match kind {
            b'"' => Ok('"'),
            b'\\' => Ok('\\'),
            b'/' => Ok('/'),
            b'b' => Ok('\u{8}'),
            b'f' => Ok('\u{c}'),
            b'n' => Ok('\n'),
            b'r' => Ok('\r'),
            b't' => Ok('\t'),
            b'u' => self.unicode(),
            _ => Err(self.malformed("an unknown escape")),
        }
    }

    fn unicode(&mut self) -> Result<char, Refusal> {
        let first = self.hex()?;
        let code = match first {
            0xd800..=0xdbff => {
                if !self.bytes[self.at..].starts_with(b"\\u") {
                    return Err(self.malformed("half of a surrogate pair"));
                }
                self.at += 2;
                match self.hex()? {
                    second @ 0xdc00..=0xdfff => 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00),
                    _ => return Err(self.malformed("half of a surrogate pair")),
                }
            }
            code => code,
        };
        char::from_u32(code).ok_or_else(|| self.malformed("half of a surrogate pair"))
    }

    fn hex(&mut self) -> Result<u32, Refusal> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|byte| char::from(byte).to_digit(16));
            code = code * 16 + digit.ok_or_else(|| self.malformed("an unfinished \\u escape"))?;
            self.at += 1;
        }
        Ok(code)
    }

    /// An array or an object, from its opening to its closing bracket.
    fn nested(&mut self, shape: Shape) -> Result<(), Refusal> {
        if self.depth >= self.max_depth {
            let detail = format!("nested deeper than {} levels at byte {}", self.max_depth, self.at);
            return Err(Refusal::new(Reason::TooDeep, detail));
        }
        self.depth += 1;
        let own = self.tape.nodes.len();
        self.push(shape, self.at, self.at);
        self.at += 1;
        let close = if shape == Shape::Object { b'}' } else { b']' };
        let mut count = 0;
        self.space();
        if self.peek() == Some(close) {
            self.at += 1;
        } else {
            loop {
                count += 1;
                self.space();
                if shape == Shape::Object {
                    self.key()?;
                }
                self.value()?;
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(byte) if byte == close => {
                        self.at += 1;
                        break;
                    }
                    Some(_) => return Err(self.malformed("neither a comma nor the end of the list")),
                    None => return Err(self.malformed("the text ends too early")),
                }
            }
        }
        self.tape.nodes[own].next = self.tape.nodes.len() as u32;
        self.tape.nodes[own].end = self.at as u32;
        self.depth -= 1;
        if shape == Shape::Object && count > 1 { self.unique(own, count) } else { Ok(()) }
    }

    fn key(&mut self) -> Result<(), Refusal> {
        match self.peek() {
            Some(b'"') => self.string()?,
            Some(_) => return Err(self.malformed("a key must be a text")),
            None => return Err(self.malformed("the text ends too early")),
        }
        self.space();
        if self.peek() != Some(b':') {
            return Err(self.malformed("a key without a colon"));
        }
        self.at += 1;
        self.space();
        Ok(())
    }

    /// Refuses the object at `own` when it has a key twice.
    fn unique(&self, own: usize, count: usize) -> Result<(), Refusal> {
        let tape = &*self.tape;
        let end = tape.nodes[own].next as usize;
        let keys = |from: usize| {
            let mut at = from;
            std::iter::from_fn(move || {
                let key = (at < end).then(|| tape.nodes[at])?;
                at = tape.nodes[at + 1].next as usize;
                Some((at, tape.text_of(self.text, key)))
            })
        };
        let twice = if count <= PAIRWISE {
            keys(own + 1).find(|(after, key)| keys(*after).any(|(_, other)| other == *key)).map(|(_, key)| key)
        } else {
            let mut known = HashSet::with_capacity(count);
            keys(own + 1).map(|(_, key)| key).find(|key| !known.insert(*key))
        };
        match twice {
            Some(key) => {
                let key = key.chars().take(64).collect::<String>();
                Err(Refusal::new(Reason::DuplicateKey, format!("the key {key:?} twice in one object")))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::decode::json::{Json, Kind};

    #[track_caller]
    fn refused(payload: &[u8], reason: Reason) {
        let found = Tape::default().read(payload, 64).map(|_| ()).unwrap_err();
        assert_eq!(found.reason, reason, "{:?}: {}", String::from_utf8_lossy(payload), found.detail);
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for bad in [
            "",
            " ",
            "{",
            "[1",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "{a:1}",
            "{'a':1}",
            "nul",
            "truee",
            "NaN",
            "[Infinity]",
            "-Infinity",
            "01",
            "1.",
            ".5",
            "1e",
            "+1",
            "--1",
            "0x1",
            "1 2",
            "{}{}",
            "[1]x",
            "\"a",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud800\"",
            "\"\\udc00\"",
            "\"\\ud800\\u0041\"",
            "\"a\nb\"",
            "/* */1",
            "{\"a\":1,}",
            "[,1]",
            "{,}",
        ] {
            refused(bad.as_bytes(), Reason::Malformed);
        }
        refused(b"\"\xff\"", Reason::Malformed);
        refused(b"\"\xed\xa0\x80\"", Reason::Malformed);
    }

    #[test]
    fn a_key_twice_in_one_object_is_refused_however_it_is_written() {
        refused(br#"{"a":1,"a":2}"#, Reason::DuplicateKey);
        refused(br#"{"a":1,"b":{"x":1,"\u0078":2}}"#, Reason::DuplicateKey);
        let many = (0..100).map(|n| format!("\"k{n}\":{n},")).collect::<String>();
        refused(format!("{{{many}\"k50\":1}}").as_bytes(), Reason::DuplicateKey);
        assert!(Tape::default().read(br#"[{"a":1},{"a":{"a":2}}]"#, 64).is_ok());
    }

    #[test]
    fn sixty_four_levels_are_read_and_one_more_is_refused() {
        let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
        assert!(Tape::default().read(nested(64).as_bytes(), 64).is_ok());
        refused(nested(65).as_bytes(), Reason::TooDeep);
        refused("[".repeat(100_000).as_bytes(), Reason::TooDeep);
        refused("{\"a\":".repeat(100_000).as_bytes(), Reason::TooDeep);
    }

    #[test]
    fn escapes_surrogate_pairs_nul_and_a_byte_order_mark_are_read() {
        let mut tape = Tape::default();
        let json =
            tape.read("\u{feff}{\"\\u0061\":\"x\\n\\ud83d\\ude00\\u0000y\", \"e\":\"è\"}".as_bytes(), 64).unwrap();
        assert_eq!(json.get("a").and_then(Json::text), Some("x\n😀\0y"));
        assert_eq!(json.get("e").and_then(Json::text), Some("è"));
    }

    #[test]
    fn a_tape_forgets_the_message_before() {
        let mut tape = Tape::default();
        assert_eq!(
            tape.read(br#"{"a":[1,2,{"b":3}]}"#, 64).unwrap().at_path("a.2.b").and_then(Json::number),
            Some("3")
        );
        let json = tape.read(br#"[true,null]"#, 64).unwrap();
        assert_eq!(json.items().map(Json::kind).collect::<Vec<_>>(), [Kind::Flag(true), Kind::Null]);
    }

    /// Builds what serde_json would have read from the same text.
    fn rebuild(json: Json<'_>) -> serde_json::Value {
        match json.kind() {
            Kind::Null => serde_json::Value::Null,
            Kind::Flag(flag) => flag.into(),
            Kind::Number(text) => serde_json::from_str(text).unwrap(),
            Kind::Text(text) => text.into(),
            Kind::Array => json.items().map(rebuild).collect(),
            Kind::Object => json.members().map(|(key, value)| (key.to_owned(), rebuild(value))).collect(),
        }
    }

    #[track_caller]
    fn agrees(payload: &[u8]) {
        let mut tape = Tape::default();
        let own = tape.read(payload, 64);
        let other = serde_json::from_slice::<serde_json::Value>(payload);
        match (own, other) {
            (Ok(own), Ok(other)) => assert_eq!(rebuild(own), other),
            (Err(refusal), Ok(_)) => {
                let stricter = matches!(refusal.reason, Reason::DuplicateKey | Reason::TooDeep);
                assert!(stricter, "{payload:?} was refused: {refusal:?}");
            }
            (Ok(_), Err(other)) => {
                let laxer = payload.starts_with(b"\xef\xbb\xbf") || other.to_string().contains("out of range");
                assert!(laxer, "{payload:?} was read, but {other}");
            }
            (Err(_), Err(_)) => {}
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_judged_as_serde_json_judges_them(payload in prop::collection::vec(any::<u8>(), 0..200)) {
            agrees(&payload);
        }

        #[test]
        fn anything_that_looks_like_json_is_judged_as_serde_json_judges_it(
            parts in prop::collection::vec(prop::sample::select(vec![
                "{", "}", "[", "]", ",", ":", "\"a\"", "\"b\\n\"", "\"\\u00e8\"", "\"\\ud83d\\ude00\"", "1", "-0", "0.5", "1e5", "1E-2", "12345678901234567890",
                "true", "false", "null", " ", "\n", "\\", "\"", "è", "1e999",
            ]), 0..24)
        ) {
            agrees(parts.concat().as_bytes());
        }

        #[test]
        fn whatever_serde_json_writes_is_read_back(numbers in prop::collection::vec(any::<f64>(), 0..8), texts in prop::collection::vec(any::<String>(), 0..8)) {
            let value = serde_json::json!({"numbers": numbers, "texts": texts, "nested": {"x": [texts.clone(), [numbers.clone()]]}});
            agrees(value.to_string().as_bytes());
        }
    }
}
