//! Specola's own JSON in its short form.

use super::speech::{Shape, Speech, Wanted, metric};
use crate::load::template::{Hole, Template};

pub(super) const SHAPE: Shape = Shape { speech, filter: |tenant| format!("specola/v1/{tenant}/+/readings") };

fn speech(wanted: &Wanted<'_>) -> Speech {
    let name = wanted.name;
    let mut payload = Template::default();
    payload.put(format!(r#"{{"device":"{name}","time":""#)).hole(Hole::Rfc3339).put(r#"","values":{"#);
    for index in 0..wanted.values {
        payload.put(if index == 0 { "" } else { "," }).put(format!("\"{}\":", metric(index))).hole(Hole::Digits);
    }
    let missing = wanted.bytes.saturating_sub(payload.len() + 2);
    payload.put("}").put(" ".repeat(missing)).put("}");
    Speech {
        topic: format!("specola/v1/{}/{name}/readings", wanted.tenant),
        payload,
        device: name.to_owned(),
        births: Vec::new(),
        step: 1,
    }
}
