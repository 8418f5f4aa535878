//! `specola load` against the real server: in every format, with proof, and the proof finds what is wrong.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::books::{book, closed_books};
use crate::city::{Home, Mosquitto, free_port};
use crate::prelude::Prelude;

fn load(home: &Home, port: u16, words: &[&str]) -> Output {
    let broker = format!("127.0.0.1:{port}");
    home.run(&[&["load", "--broker", &broker, "--clients", "5", "--for", "60s"], words].concat())
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_load_in_every_format_is_proven_to_be_kept() {
    let port = free_port();
    let home = Prelude::city().listener(port).home();
    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    let proof = ["--messages", "200", "--values", "3", "--verify", "--config", "specola.toml"];
    for format in ["specola-json", "senml-json", "senml-cbor", "chirpstack-v4", "sparkplug-b"] {
        let output = load(&home, port, &[&proof[..], &["--format", format]].concat());
        let text = said(&output);
        assert!(output.status.success(), "{format}: {text}{:?}", home.letters());
        let expected = "3,000 acknowledged readings: 0 missing, 0 doubled, 0 invented  (3,000 are kept";
        assert!(text.contains(expected) && text.contains("p99"), "{format}: {text}");
    }
    let output = load(&home, port, &[&proof[..], &["--qos", "2", "--twice", "20%", "--overtaken", "20%"]].concat());
    assert!(output.status.success() && said(&output).contains("0 doubled"), "{}", said(&output));
    let books = closed_books(&running);
    let readings = book(&books, "listener", "readings");
    assert!(readings.of("stored") >= 6 * 3_000 && readings.of("duplicate") > 300, "{readings:?}");
}

#[test]
fn a_ledger_that_says_something_else_than_the_store_is_found_out() {
    let port = free_port();
    let home = Prelude::city().listener(port).home();
    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    assert!(load(&home, port, &["--messages", "50", "--ledger", "ledger.json"]).status.success());
    let path = home.path().join("ledger.json");
    let check = || home.run(&["load", "--check", "ledger.json", "--config", "specola.toml"]);
    assert!(check().status.success(), "{}", said(&check()));

    let honest: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    let change = |path: &Path, change: &dyn Fn(&mut Value)| {
        let mut ledger = honest.clone();
        change(&mut ledger["accounts"][0]);
        std::fs::write(path, ledger.to_string()).unwrap();
    };
    change(&path, &|account| (account["sent"], account["acknowledged"]) = (json!(52), json!({"0": 51})));
    assert!(
        !check().status.success() && said(&check()).contains("2 missing, 0 doubled, 0 invented"),
        "{}",
        said(&check())
    );
    change(&path, &|account| (account["sent"], account["acknowledged"]) = (json!(49), json!({"0": 48})));
    assert!(
        !check().status.success() && said(&check()).contains("0 missing, 0 doubled, 1 invented"),
        "{}",
        said(&check())
    );
}

#[test]
fn another_broker_is_measured_by_what_reaches_a_subscriber() {
    let broker = Mosquitto::start();
    let home = Home::new("");
    let output = load(&home, broker.port, &["--target", "subscriber", "--messages", "500"]);
    let text = said(&output);
    assert!(output.status.success() && text.contains("acknowledged       2,500 messages"), "{text}");
    let line = text.lines().find(|line| line.starts_with("received")).unwrap();
    let received: u64 = line.split_whitespace().nth(1).unwrap().replace(',', "").parse().unwrap();
    assert!((1_000..=2_500).contains(&received), "{text}");
}

#[test]
fn nobody_there_is_said_with_the_address() {
    let home = Home::new("");
    let output = load(&home, 1, &[]);
    assert!(!output.status.success() && said(&output).contains("127.0.0.1:1"), "{}", said(&output));
}
