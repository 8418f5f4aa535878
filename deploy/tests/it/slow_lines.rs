//! Clients that say nothing, or a byte now and then, or vanish: they are let go in their time, cost little, and hold nobody up.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::books::{book, closed_books};
use crate::city::{PATIENCE, Running, free_port, get, wait_for};
use crate::prelude::Prelude;

/// Lines of each kind.
const LINES: usize = 200;
/// Seconds in which an MQTT client must say who it is, here.
const CONNECT: u64 = 2;
/// What the head of a request may take, and what a busy machine adds to it.
const HEAD: Duration = Duration::from_secs(30 + 10);

/// Memory of the server in MiB that is not its program text.
fn memory(running: &Running) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", running.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

fn open(address: SocketAddr, first: &[u8]) -> TcpStream {
    let mut line = TcpStream::connect(address).unwrap();
    line.write_all(first).unwrap();
    line.set_read_timeout(Some(PATIENCE)).unwrap();
    line
}

/// Says one byte of this; whether the line still stands.
fn drip(line: &mut TcpStream, byte: u8) -> bool {
    line.write_all(&[byte]).is_ok()
}

/// Waits until the other end has closed; says what it said before.
fn last_words(line: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    drop(line.read_to_end(&mut said));
    said
}

#[test]
fn slow_heads_silent_clients_and_half_open_lines_are_let_go_and_hold_nobody_up() {
    let port = free_port();
    let prelude = Prelude::city().listener(port).with(&format!("connect_seconds = {CONNECT}"));
    let home = prelude.home();
    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    let mqtt = SocketAddr::from(([127, 0, 0, 1], port));
    // A client that behaves: CONNECT, then readings of QoS 1.
    let mut prompt = open(mqtt, b"\x10\x12\x00\x04MQTT\x04\x02\x00\x3c\x00\x06prompt");
    prompt.read_exact(&mut [0; 4]).unwrap();
    let mut number = 0_u16;
    let mut publish = || {
        let begun = Instant::now();
        number += 1;
        let topic = b"specola/v1/city/prompt/readings";
        let payload = format!(r#"{{"values":{{"n":{number}}}}}"#);
        let mut packet = vec![0x32, (2 + topic.len() + 2 + payload.len()) as u8, 0, topic.len() as u8];
        packet.extend_from_slice(topic);
        packet.extend_from_slice(&number.to_be_bytes());
        packet.extend_from_slice(payload.as_bytes());
        prompt.write_all(&packet).unwrap();
        prompt.read_exact(&mut [0; 4]).unwrap();
        begun.elapsed()
    };
    publish();
    let before = memory(&running);

    let begun = Instant::now();
    let mut heads: Vec<TcpStream> = (0..LINES).map(|_| open(running.http, b"GET /status HTTP/1.1\r\nho")).collect();
    let mut unsaid: Vec<TcpStream> = (0..LINES).map(|_| open(mqtt, b"\x10")).collect();
    // Let in with a keep-alive of a second, and gone without a word: nothing ever comes, and no end either.
    let half_open = |at: usize| open(mqtt, format!("\x10\x12\x00\x04MQTT\x04\x02\x00\x01\x00\x06ho{at:04}").as_bytes());
    let mut half_open: Vec<TcpStream> = (0..LINES).map(half_open).collect();
    let mut slowest = Duration::ZERO;
    let mut asked = Duration::ZERO;
    for _ in 0..20 {
        slowest = slowest.max(publish());
        let question = Instant::now();
        assert_eq!(get(running.http, "/status", None).unwrap().0, 200);
        asked = asked.max(question.elapsed());
        unsaid.iter_mut().for_each(|line| _ = drip(line, 0x80));
        heads.iter_mut().for_each(|line| _ = drip(line, b's'));
        std::thread::park_timeout(Duration::from_millis(100));
    }
    assert!(slowest < Duration::from_secs(2) && asked < Duration::from_secs(2), "{slowest:?} and {asked:?}");
    let grown = memory(&running) - before;
    assert!(grown < 32.0, "{grown:.1} MiB more for {} lines that say nothing", 3 * LINES);

    // Whoever does not say who it is, and whoever is silent for one and a half keep-alives, hears nothing more.
    unsaid.iter_mut().for_each(|line| assert!(last_words(line).is_empty()));
    half_open.iter_mut().for_each(|line| assert_eq!(last_words(line), b"\x20\x02\x00\x00"));
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(CONNECT + 8), "they were held for {took:?}");
    wait_for("all but one client to be gone", || (running.counter("ingest", "connections")? == 1).then_some(()));
    for line in &mut heads {
        let said = last_words(line);
        assert!(said.is_empty() || said.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&said));
    }
    assert!(begun.elapsed() < HEAD, "slow heads were held for {:?}", begun.elapsed());
    publish();
    let readings = book(&closed_books(&running), "listener", "readings");
    assert_eq!((readings.received, readings.of("stored")), (u64::from(number), u64::from(number)), "{readings:?}");
}
