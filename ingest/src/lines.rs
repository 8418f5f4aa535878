//! Payloads of many lines: cut into records for a decoder, and into messages of whole records for the door.

use bytes::Bytes;

/// Excel and others put it before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// A header that takes more than this part of a message is not repeated in front of each piece.
const HEADER_SHARE: usize = 4;

/// One record of a payload: a line, or in CSV several when a quoted field holds line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Record<'a> {
    /// The line on which it begins, counted from 1.
    pub(crate) line: u32,
    /// Its bytes without the line end.
    pub(crate) text: &'a [u8],
    /// Whether a quote that it opened is closed.
    pub(crate) closed: bool,
}

/// The records of a payload. Blank lines are left out, and so is a byte order mark.
#[derive(Debug, Clone)]
pub(crate) struct Records<'a> {
    payload: &'a [u8],
    at: usize,
    line: u32,
    /// What separates fields, where quoted fields may hold line ends.
    separators: &'static [u8],
}

impl<'a> Records<'a> {
    /// Records that are lines.
    pub(crate) fn of_lines(payload: &'a [u8]) -> Self {
        Self::new(payload, b"")
    }

    /// Records of CSV whose fields are separated by one of `separators`.
    pub(crate) fn of_csv(payload: &'a [u8], separators: &'static [u8]) -> Self {
        Self::new(payload, separators)
    }

    fn new(payload: &'a [u8], separators: &'static [u8]) -> Self {
        let at = if payload.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() } else { 0 };
        Self { payload, at, line: 1, separators }
    }

    /// Goes on with what follows, with fields separated by one of `separators`.
    pub(crate) fn separated_by(self, separators: &'static [u8]) -> Self {
        Self { separators, ..self }
    }

    /// Passes over one record: where it ends, where the next begins, how many lines it has, and whether its quotes are closed.
    fn pass(&self) -> (usize, usize, u32, bool) {
        let mut at = self.at;
        let (mut lines, mut quoted, mut fresh) = (0, false, true);
        while let Some(&byte) = self.payload.get(at) {
            match byte {
                b'\n' if quoted => lines += 1,
                b'\n' => return (at, at + 1, lines + 1, true),
                b'\r' if !quoted => {
                    let next = if self.payload.get(at + 1) == Some(&b'\n') { at + 2 } else { at + 1 };
                    return (at, next, lines + 1, true);
                }
                b'"' if quoted && self.payload.get(at + 1) == Some(&b'"') => at += 1,
                b'"' if quoted => quoted = false,
                // A quote in the middle of a field is a character like any other.
                b'"' if fresh && !self.separators.is_empty() => quoted = true,
                _ => {}
            }
            fresh = !quoted && self.separators.contains(&byte);
            at += 1;
        }
        (at, at, lines, !quoted)
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        while self.at < self.payload.len() {
            let (start, line) = (self.at, self.line);
            let (end, next, lines, closed) = self.pass();
            (self.at, self.line) = (next, self.line.saturating_add(lines));
            let text = &self.payload[start..end];
            if !text.trim_ascii().is_empty() {
                return Some(Record { line, text, closed });
            }
        }
        None
    }
}

/// Whether a payload is lines of JSON objects. One object that is written over several lines is not: its first line is not complete.
pub(crate) fn is_json_lines(payload: &[u8]) -> bool {
    let first = Records::of_lines(payload).next();
    first.is_none_or(|record| !record.text.trim_ascii().starts_with(b"{") || record.text.trim_ascii().ends_with(b"}"))
}

/// Where CSV is cut into fields: at semicolons when its header has one outside of quotes, else at commas.
pub(crate) fn separator(header: &[u8]) -> &'static [u8] {
    let mut quoted = false;
    for byte in header {
        match byte {
            b'"' => quoted = !quoted,
            b';' if !quoted => return b";",
            _ => {}
        }
    }
    b","
}

/// How a payload may be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Not at all: it is one message.
    Never,
    /// Between lines.
    Json,
    /// Between records; the header stands in front of each piece.
    Csv,
}

/// A piece of a payload: a message of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) payload: Bytes,
    /// The line of the whole payload on which it begins, the repeated header aside.
    pub(crate) first: u32,
    /// What makes a line of the piece a line of the whole payload.
    pub(crate) shift: i64,
}

/// Cuts a payload that is larger than `limit` into pieces that are not, where that is possible; a single record that is larger is a piece of its own.
pub(crate) fn parts(payload: Bytes, cut: Cut, limit: usize) -> Parts {
    let whole = payload.len() <= limit
        || match cut {
            Cut::Never => true,
            Cut::Json => !is_json_lines(&payload),
            Cut::Csv => false,
        };
    let mut parts = Parts { payload, at: 0, line: 1, limit, header: Bytes::new(), header_lines: 0, separators: b"" };
    if whole {
        parts.limit = usize::MAX;
        return parts;
    }
    if cut == Cut::Csv {
        let mut records = Records::of_csv(&parts.payload, b",;");
        let header = records.next().map(|record| (record.line, record.text)).unwrap_or_default();
        let (at, line) = (records.at, records.line);
        if at > limit / HEADER_SHARE {
            parts.limit = usize::MAX;
            return parts;
        }
        parts.separators = separator(header.1);
        parts.header = parts.payload.slice(..at);
        (parts.at, parts.line, parts.header_lines) = (at, line, line - 1);
    }
    parts
}

/// The pieces of a payload, made one after the other so that they never exist all at once.
#[derive(Debug)]
pub(crate) struct Parts {
    payload: Bytes,
    at: usize,
    line: u32,
    limit: usize,
    header: Bytes,
    header_lines: u32,
    separators: &'static [u8],
}

impl Iterator for Parts {
    type Item = Part;

    fn next(&mut self) -> Option<Part> {
        if self.limit == usize::MAX {
            // One piece, even of nothing: an empty message is refused, not overlooked.
            self.limit = 0;
            return Some(Part { payload: std::mem::take(&mut self.payload), first: 1, shift: 0 });
        }
        if self.at >= self.payload.len() {
            return None;
        }
        let room = self.limit.saturating_sub(self.header.len());
        let (start, first) = (self.at, self.line);
        let mut records = Records { payload: &self.payload, at: start, line: first, separators: self.separators };
        if start == 0 {
            records.at = Records::of_lines(&self.payload).at;
        }
        let (mut end, mut line) = (start, first);
        while records.next().is_some() && (end == start || records.at - start <= room) {
            (end, line) = (records.at, records.line);
        }
        if end == start {
            // Blank lines are all that is left.
            self.at = self.payload.len();
            return None;
        }
        (self.at, self.line) = (end, line);
        let piece = self.payload.slice(start..end);
        if self.header.is_empty() {
            return Some(Part { payload: piece, first, shift: i64::from(first) - 1 });
        }
        let payload = [self.header.as_ref(), piece.as_ref()].concat().into();
        Some(Part { payload, first, shift: i64::from(first) - 1 - i64::from(self.header_lines) })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn csv(text: &str) -> Vec<(u32, &str, bool)> {
        let records = Records::of_csv(text.as_bytes(), b",");
        records.map(|record| (record.line, std::str::from_utf8(record.text).unwrap(), record.closed)).collect()
    }

    #[test]
    fn a_quoted_field_may_hold_line_ends_and_lines_are_counted_on() {
        assert_eq!(
            csv("\u{feff}a,b\r\n\"x\ny\",\"q\"\"\n\"\n\n  \nz,5\" pipe\rlast"),
            [(1, "a,b", true), (2, "\"x\ny\",\"q\"\"\n\"", true), (7, "z,5\" pipe", true), (8, "last", true),]
        );
        assert_eq!(csv("a\n\"open\nb"), [(1, "a", true), (2, "\"open\nb", false)]);
    }

    #[test]
    fn one_object_over_many_lines_is_not_lines() {
        assert!(is_json_lines(b"\n {\"a\":1} \n{"));
        assert!(!is_json_lines(b"{\n\"a\":1}\n"));
        assert!(is_json_lines(b""));
    }

    #[test]
    fn a_large_table_is_cut_between_rows_with_its_header_in_front() {
        let mut text = "device,metric,value\n".to_owned();
        for row in 0..100 {
            text.push_str(&format!("d{row},m,{row}\n"));
        }
        let pieces: Vec<Part> = parts(Bytes::from(text.clone()), Cut::Csv, 200).collect();
        assert!(pieces.len() >= 5 && pieces.iter().all(|piece| piece.payload.len() <= 200));
        let mut rows = Vec::new();
        for piece in &pieces {
            let mut records = Records::of_csv(&piece.payload, b",");
            assert_eq!(records.next().unwrap().text, b"device,metric,value");
            rows.extend(records.map(|record| (i64::from(record.line) + piece.shift, record.text.to_vec())));
        }
        let expected: Vec<(i64, Vec<u8>)> =
            text.lines().enumerate().skip(1).map(|(at, row)| (at as i64 + 1, row.as_bytes().to_vec())).collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_header_that_fills_a_message_is_not_repeated() {
        let text = format!("{}\n1\n2\n", "x".repeat(300));
        assert_eq!(parts(Bytes::from(text), Cut::Csv, 200).count(), 1);
    }

    proptest! {
        /// Whatever is cut, nothing is lost, doubled or reordered, and lines keep their numbers.
        #[test]
        fn pieces_are_the_whole(text in "[ab{}\",;\n\r ]{1,300}", limit in 8_usize..64) {
            let payload = Bytes::from(text);
            let lines = |bytes: &[u8], shift: i64| {
                Records::of_lines(bytes).map(|r| (i64::from(r.line) + shift, r.text.to_vec())).collect::<Vec<_>>()
            };
            let whole = lines(&payload, 0);
            let cut = parts(payload.clone(), Cut::Json, limit).flat_map(|p| lines(&p.payload, p.shift)).collect::<Vec<_>>();
            prop_assert_eq!(whole, cut);
            for piece in parts(payload, Cut::Csv, limit) {
                prop_assert!(!piece.payload.is_empty());
            }
        }
    }
}
