//! SenML JSON (RFC 8428): one pack per report; the base name is the device's and holds until the next device begins.

use serde::Serialize;

use super::values::json;
use super::voice::{Report, assured};
use crate::publish::Message;
use crate::sensor::Shown;

#[derive(Serialize, Default)]
struct Record<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    bn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bt: Option<f64>,
    n: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    u: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    v: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vb: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vs: Option<&'a str>,
}

/// The time has milliseconds: a double holds them.
pub(super) fn pack(report: &Report<'_>) -> Vec<Message> {
    let mut records: Vec<Record<'_>> = Vec::new();
    for said in report.said {
        for (k, sample) in said.samples.iter().enumerate() {
            let mut record = Record { n: sample.metric, u: sample.unit, ..Record::default() };
            if k == 0 {
                record.bn = Some(format!("{}:", said.sensor.device));
                record.bt = records.is_empty().then(|| report.time.as_millis() as f64 / 1000.0);
            }
            match sample.shown {
                Shown::Number(number) => record.v = Some(number),
                Shown::Flag(flag) => record.vb = Some(flag),
                Shown::Word(word) => record.vs = Some(word),
            }
            records.push(record);
        }
    }
    vec![assured(format!("senml/{}/json", report.sender()), json(&records), records.len())]
}
