//! SenML packs in JSON.

use super::speech::{Shape, Speech, Wanted, metric};
use crate::load::template::{Hole, Template};

pub(super) const SHAPE: Shape = Shape { speech, filter: |_| "senml/+/json".to_owned() };

fn speech(wanted: &Wanted<'_>) -> Speech {
    let name = wanted.name;
    let mut payload = Template::default();
    payload.put(format!(r#"[{{"bn":"{name}:","bt":"#)).hole(Hole::Seconds).put(",");
    for index in 0..wanted.values {
        payload.put(if index == 0 { "" } else { "},{" });
        payload.put(format!(r#""n":"{}","v":"#, metric(index))).hole(Hole::Digits);
    }
    let missing = wanted.bytes.saturating_sub(payload.len() + 2);
    payload.put("}").put(" ".repeat(missing)).put("]");
    let topic = format!("senml/{name}/json");
    Speech { topic, payload, device: name.to_owned(), births: Vec::new(), step: 1 }
}
