//! Power cuts under load: what the broker handed over and the store acknowledged is there exactly once.

use std::collections::HashMap;
use std::io::{BufWriter, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::books::{book, closed_books};
use crate::city::{Mosquitto, wait_for};
use crate::prelude::Prelude;

/// Readings per second while the program is killed again and again.
const RATE: u32 = 2_500;
/// How often it is killed.
const KILLS: u32 = 20;
/// Of this many messages, one is sent twice.
const TWICE: u64 = 50;
/// Devices that the readings come from.
const DEVICES: u64 = 40;

/// Spans between two kills: not even, the same in every run.
fn spans() -> impl Iterator<Item = Duration> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..KILLS).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Duration::from_millis(300 + state % 900)
    })
}

#[test]
fn twenty_power_cuts_lose_nothing_and_double_nothing() {
    let broker = Mosquitto::start();
    let home = Prelude::city().store("flush_readings = 20000").broker(broker.port).home();
    let serve = ["serve", "--config", "specola.toml"];
    let mut running = Some(home.start(&serve));
    running.as_ref().unwrap().wait_until_ready();

    let mut publisher =
        broker.publisher().args(["-t", "specola/v1/city/load/readings", "-l"]).stdin(Stdio::piped()).spawn().unwrap();
    let stdin = publisher.stdin.take().unwrap();
    let (stop, stopped) = std::sync::mpsc::sync_channel::<()>(1);
    let load = std::thread::spawn(move || {
        let mut lines = BufWriter::new(stdin);
        let started = Instant::now();
        let mut number = 0_u64;
        while stopped.try_recv().is_err() {
            let due = (started.elapsed().as_secs_f64() * f64::from(RATE)) as u64;
            while number < due {
                let line = message(number);
                writeln!(lines, "{line}").unwrap();
                if number.is_multiple_of(TWICE) {
                    writeln!(lines, "{line}").unwrap();
                }
                number += 1;
            }
            lines.flush().unwrap();
            std::thread::park_timeout(Duration::from_millis(5));
        }
        number
    });

    for span in spans() {
        std::thread::park_timeout(span);
        running.take().unwrap().kill();
        running = Some(home.start(&serve));
    }
    stop.send(()).unwrap();
    let sent = load.join().unwrap();
    assert!(publisher.wait().unwrap().success());
    assert!(sent > u64::from(KILLS) * 1_000, "only {sent} readings were sent: the load was no load");

    // The broker has everything; the session gets what it is still owed.
    let running = running.unwrap();
    let last = format!(
        "select count(*) as n from readings where device = 'd{}' and value = {}",
        (sent - 1) % DEVICES,
        sent - 1
    );
    wait_for("the last reading", || (home.query(&last)[0]["n"] == 1).then_some(()));
    wait_for("the queue of the broker to empty", || {
        let before = running.counter("ingest", "messages")?;
        std::thread::park_timeout(Duration::from_millis(700));
        (running.counter("ingest", "messages")? == before).then_some(())
    });
    let books = closed_books(&running);
    let (messages, readings) = (book(&books, "mosquitto", "messages"), book(&books, "mosquitto", "readings"));
    assert_eq!(messages.received, messages.of("stored") + messages.of("duplicate"), "{messages:?}");
    assert_eq!(readings.received, readings.of("stored") + readings.of("duplicate"), "{readings:?}");
    assert_eq!(running.counter("ingest", "city/mosquitto readings stored"), Some(readings.of("stored")));
    let (code, took) = running.terminate();
    assert_eq!(code, Some(0), "{}", home.log());
    assert!(took < Duration::from_secs(10), "it took {took:?} to stop");

    let mut seen: HashMap<u64, u32> = HashMap::new();
    for row in home.query("select device, value from readings where metric = 'number'") {
        let number = row["value"].as_f64().unwrap() as u64;
        assert_eq!(row["device"], format!("d{}", number % DEVICES), "reading {number} was invented");
        *seen.entry(number).or_default() += 1;
    }
    let missing: Vec<u64> = (0..sent).filter(|number| !seen.contains_key(number)).take(10).collect();
    let doubled: Vec<(&u64, &u32)> = seen.iter().filter(|(_, times)| **times > 1).take(10).collect();
    assert!(missing.is_empty(), "of {sent} readings these are missing: {missing:?}\n{}", home.log());
    assert!(doubled.is_empty(), "these are doubled: {doubled:?}");
    assert_eq!(seen.len() as u64, sent, "readings that nobody sent");
}

/// Reading `number`: its value and its time follow from the number.
fn message(number: u64) -> String {
    let (second, millis) = (number / 1_000, number % 1_000);
    let time = format!("2026-01-01T{:02}:{:02}:{:02}.{millis:03}Z", second / 3_600 % 24, second / 60 % 60, second % 60);
    format!(r#"{{"device":"d{}","time":"{time}","values":{{"number":{number}}}}}"#, number % DEVICES)
}
