//! Everybody at once: thousands of devices that come back in the same moment, and thousands of kept messages at one subscription.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use simulators::load::Order;

use crate::books::{book, closed_books};
use crate::city::{Mosquitto, Running, free_port, get, sign_in, wait_for};
use crate::loaded::{Loaded, assert_kept_once, made};
use crate::prelude::{Prelude, dark};

/// Devices, unless `SPECOLA_DEVICES` says otherwise (10,000 in the nightly run).
const DEVICES: usize = 1_500;
/// How soon all of them must be served again.
const SERVED: Duration = Duration::from_secs(15);
/// Messages that are kept by the broker.
const KEPT: u32 = 20_000;
const SERVE: [&str; 3] = ["serve", "--config", "specola.toml"];

/// How many devices this machine can hold open: a process has two ends of each of them in view.
fn devices() -> usize {
    let wanted = std::env::var("SPECOLA_DEVICES").map_or(DEVICES, |text| text.parse().expect("a number of devices"));
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let open = limits.lines().find(|line| line.starts_with("Max open files")).unwrap();
    let open: usize = open.split_whitespace().nth(3).unwrap().parse().unwrap_or(usize::MAX);
    wanted.min(open.saturating_sub(300))
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures are the output of the drill")]
fn all_devices_that_come_back_at_once_are_served_at_full_rate_within_seconds() {
    let devices = devices();
    let port = free_port();
    let home = Prelude::city().listener(port).home();
    let running = home.start(&SERVE);
    running.wait_until_ready();
    // Every device speaks every two seconds.
    let load = Loaded::of(&home, port, Order { clients: devices, rate: devices as f64 / 2.0, ..Order::default() });
    wait_for("all devices to be connected", || (load.progress.connected() == devices).then_some(()));
    running.kill();
    wait_for("all devices to be lost", || (load.progress.connected() == 0).then_some(()));

    let running = home.start(&SERVE);
    running.wait_until_ready();
    let ready = Instant::now();
    let acknowledged = load.progress.acknowledged();
    wait_for("all devices to be back", || (load.progress.connected() == devices).then_some(()));
    let back = ready.elapsed();
    // As many messages as two seconds of all of them: the rate is the old one.
    wait_for("all devices to be served", || {
        (load.progress.acknowledged() >= acknowledged + devices as u64).then_some(())
    });
    let served = ready.elapsed();
    let memory = get(running.http, "/metrics", None).unwrap().1;
    let memory = memory.lines().find_map(|line| line.strip_prefix("specola_process_resident_bytes ")).unwrap();
    let (report, ledger) = load.end();
    eprintln!(
        "{devices} devices at once: all back after {back:.2?}, {devices} messages more acknowledged after {served:.2?}; {:.0} MiB resident; {} made, {} acknowledged",
        memory.parse::<f64>().unwrap() / 1024.0 / 1024.0,
        made(&ledger),
        report.acknowledged
    );
    assert!(served < SERVED, "served only after {served:?}");
    let books = closed_books(&running);
    let readings = book(&books, "listener", "readings");
    assert_eq!(readings.received, readings.of("stored") + readings.of("duplicate"), "{readings:?}");
    assert_eq!(running.terminate().0, Some(0), "{}", home.log());
    assert_kept_once(&home, &ledger);
}

/// Has a broker keep `KEPT` messages, each of a lamp without supply that does not say since when.
fn keep_messages(port: u16) {
    let mut line = TcpStream::connect(("127.0.0.1", port)).unwrap();
    line.write_all(b"\x10\x10\x00\x04MQTT\x04\x02\x00\x3c\x00\x04keep").unwrap();
    line.read_exact(&mut [0; 4]).unwrap();
    let mut answers = line.try_clone().unwrap();
    let heard = std::thread::spawn(move || {
        let mut answer = [0; 4];
        for _ in 0..KEPT {
            answers.read_exact(&mut answer).unwrap();
            assert_eq!(answer[..2], [0x40, 2], "no PUBACK");
        }
    });
    let mut packets = Vec::new();
    for number in 0..KEPT {
        let topic = format!("specola/v1/city/lamp-{number:05}/readings");
        let payload = br#"{"values":{"voltage":0}}"#;
        packets.extend([0x33, (4 + topic.len() + payload.len()) as u8, 0, topic.len() as u8]);
        packets.extend_from_slice(topic.as_bytes());
        packets.extend_from_slice(&((number % 65_535 + 1) as u16).to_be_bytes());
        packets.extend_from_slice(payload);
    }
    line.write_all(&packets).unwrap();
    heard.join().unwrap();
}

/// How long it takes until a subscriber has all that is kept.
fn heard_by_a_subscriber(port: u16) -> Duration {
    let count = KEPT.to_string();
    let begun = Instant::now();
    let mut child = Command::new("mosquitto_sub")
        .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-q", "1", "-t", "specola/v1/#", "-C", &count, "-W", "60"])
        .args(["-F", "%t %r"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut topics: Vec<String> =
        BufReader::new(child.stdout.take().unwrap()).lines().map(|line| line.unwrap()).collect();
    let took = begun.elapsed();
    assert!(child.wait().unwrap().success(), "only {} of {KEPT} came", topics.len());
    topics.sort();
    topics.dedup();
    assert_eq!(topics.len(), KEPT as usize, "some came twice and some not at all");
    assert!(topics.iter().all(|topic| topic.ends_with(" 1")), "not all are marked as kept");
    took
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures are the output of the drill")]
fn thousands_of_kept_messages_reach_a_subscriber_of_our_listener() {
    let port = free_port();
    let home = Prelude::city().listener(port).home();
    let running = home.start(&SERVE);
    running.wait_until_ready();
    keep_messages(port);
    let took = heard_by_a_subscriber(port);
    // They outlive a power cut: each of them was answered when it was on disk.
    running.kill();
    let running = home.start(&SERVE);
    running.wait_until_ready();
    let again = heard_by_a_subscriber(port);
    eprintln!("{KEPT} kept messages reached a subscriber in {took:.2?}, after a power cut in {again:.2?}");
    assert!(took < SERVED && again < SERVED, "{took:?} and {again:?}");
    closed_books(&running);
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures are the output of the drill")]
fn kept_messages_of_a_foreign_broker_are_taken_at_every_start_and_ring_nobody() {
    let broker = Mosquitto::start();
    keep_messages(broker.port);
    let home = Prelude::city().broker(broker.port).home_with_rules(&dark());
    let added = home.run(&["user", "add", "anna", "--role", "operator", "--config", "specola.toml"]);
    let link = String::from_utf8(added.stdout).unwrap();
    let mut token = None;
    for _ in 0..2 {
        let begun = Instant::now();
        let running = home.start(&SERVE);
        running.wait_until_ready();
        let all = u64::from(KEPT);
        let stored = |running: &Running| running.counter("ingest", "city/mosquitto readings stored");
        wait_for("all that is kept", || (stored(&running)? >= all).then_some(()));
        eprintln!("{KEPT} kept messages of a foreign broker were on our disk {:.2?} after the start", begun.elapsed());
        let token = token.get_or_insert_with(|| sign_in(&running, &link));
        // One that is said now does ring: the others were passed over, not overlooked.
        let silent = get(running.http, "/api/v1/alarms?state=all", Some(token)).unwrap().1;
        assert!(!silent.contains("\"dark\""), "what was kept rang: {silent}");
        let books = closed_books(&running);
        let readings = book(&books, "mosquitto", "readings");
        assert_eq!((readings.received, readings.of("stored")), (all, all), "{readings:?}");
        assert_eq!(running.terminate().0, Some(0), "{}", home.log());
    }
    let running = home.start(&SERVE);
    running.wait_until_ready();
    wait_for("a lamp that goes dark now to ring", || {
        broker.publish("specola/v1/city/lamp-00007/readings", br#"{"values":{"voltage":0}}"#);
        let (_, said) = get(running.http, "/api/v1/alarms?state=all", token.as_deref()).unwrap();
        said.contains("\"dark\"").then_some(())
    });
}
