//! ONVIF Profile M: events of a device as JSON over MQTT (ONVIF Core, chapter on event brokers). Units are not carried; numbers and booleans are
//! quoted, as the standard's own examples do.

use serde::Serialize;

use super::values::json;
use super::voice::{Report, Said, assured};
use crate::publish::Message;
use crate::sensor::{Sample, Shown};

/// The topic of the event that carries what a device measures.
const EVENT: &str = "Device/Report";

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Event<'a> {
    utc_time: String,
    source: Source,
    data: Data<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Source {
    video_source: &'static str,
}

struct Data<'a>(&'a [Sample]);

impl Serialize for Data<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = |shown: Shown| match shown {
            Shown::Number(number) => number.to_string(),
            Shown::Flag(flag) => flag.to_string(),
            Shown::Word(word) => word.to_owned(),
        };
        serializer.collect_map(self.0.iter().map(|sample| (sample.metric, text(sample.shown))))
    }
}

/// The name of a metric on the other side.
pub(super) fn metric(metric: &str) -> String {
    format!("{EVENT}/{metric}")
}

pub(super) fn events(report: &Report<'_>) -> Vec<Message> {
    let one = |Said { sensor, samples }: &Said<'_>| {
        let body =
            Event { utc_time: report.time.to_rfc3339(), source: Source { video_source: "1" }, data: Data(samples) };
        assured(format!("{}/onvif-ej/{EVENT}/&1", sensor.device), json(&body), samples.len())
    };
    report.said.iter().map(one).collect()
}
