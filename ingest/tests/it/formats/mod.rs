//! Each format, by small examples: what goes in, what comes out.

mod chirpstack;
mod generic;
mod ngsi_ld;
mod onvif;
mod places;
mod senml;
mod specola;
mod tts;

use ingest::Config;

use crate::kit::{lines, raw, trial};

#[track_caller]
fn check_bytes(config: &Config, topic: &str, payload: &[u8], expected: &[&str]) {
    let arrival = trial(config).hear(&raw(topic, payload));
    let details = arrival.refused.iter().map(|letter| letter.detail.as_str()).collect::<Vec<_>>();
    assert_eq!(lines(&arrival), expected, "{}\n{details:?}", String::from_utf8_lossy(payload));
}

#[track_caller]
fn check_with(config: &Config, topic: &str, payload: &str, expected: &[&str]) {
    check_bytes(config, topic, payload.as_bytes(), expected);
}

#[track_caller]
fn check(topic: &str, payload: &str, expected: &[&str]) {
    check_with(&Config::default(), topic, payload, expected);
}
