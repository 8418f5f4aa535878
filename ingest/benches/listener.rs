//! How many durable messages a second our own listener answers, beside mosquitto with a subscriber that does nothing, in turn and in one run.
//!
//! `cargo bench -p ingest --bench listener` (mosquitto must be installed for the comparison). A message counts when its PUBACK came; ours comes after the
//! fsync of a file that every batch of readings is appended to.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a measuring program that tells its result")]

use std::fs::File;
use std::io::Write;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ingest::config::{Format, Listener, Route};
use ingest::{Arrival, Config, EverybodyIsNew, Ingest, SystemClock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// How long each round measures, after as long a start as it takes to fill the windows.
const ROUND: Duration = Duration::from_secs(5);
const ROUNDS: usize = 3;

struct Load {
    publishers: usize,
    /// Messages that one publisher leaves unanswered.
    window: usize,
}

fn hello(name: &str) -> Vec<u8> {
    let mut bytes = b"\x10\x00\x00\x04MQTT\x04\x02\x00\x00".to_vec();
    bytes.extend((name.len() as u16).to_be_bytes());
    bytes.extend(name.as_bytes());
    bytes[1] = (bytes.len() - 2) as u8;
    bytes
}

/// A message of 150 bytes of payload at QoS 1.
fn message(name: &str, number: u16) -> Vec<u8> {
    let topic = format!("specola/v1/bench/{name}/readings");
    let mut payload = format!(
        r#"{{"device":"{name}","time":"2026-11-25T10:{:02}:{:02}.{:03}Z","values":{{"temperature":21.5,"humidity":48.25,"battery":3.61}}}}"#,
        number / 1_000 % 60,
        number % 60,
        number % 1_000
    );
    while payload.len() < 150 {
        payload.push(' ');
    }
    let length = 4 + topic.len() + payload.len();
    let mut bytes = vec![0x32, (length & 0x7f) as u8 | 0x80, (length >> 7) as u8];
    bytes.extend((topic.len() as u16).to_be_bytes());
    bytes.extend(topic.as_bytes());
    bytes.extend(number.to_be_bytes());
    bytes.extend(payload.as_bytes());
    bytes
}

/// Publishes as fast as the window allows until `stop`; counts what was answered.
async fn publisher(address: SocketAddr, name: String, window: usize, answered: Arc<AtomicU64>, stop: Arc<AtomicBool>) {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    socket.write_all(&hello(&name)).await.unwrap();
    let mut answer = [0; 4];
    socket.read_exact(&mut answer).await.unwrap();
    // Ready-made: the generator must not be what is measured. Numbers go round.
    let ready = (1..=(2 * window).clamp(64, 4_096) as u16).map(|number| message(&name, number)).collect::<Vec<_>>();
    let length = ready[0].len();
    let ring = ready.concat();
    let (mut reader, mut writer) = socket.split();
    let (mut sent, mut heard, mut rest) = (0_usize, 0_usize, 0_usize);
    let mut buffer = vec![0; 64 * 1024];
    while !stop.load(Ordering::Relaxed) {
        while sent - heard < window {
            let at = sent % ready.len();
            let count = (window - (sent - heard)).min(ready.len() - at);
            writer.write_all(&ring[at * length..(at + count) * length]).await.unwrap();
            sent += count;
        }
        let bytes = reader.read(&mut buffer).await.unwrap();
        assert!(bytes > 0, "the broker closed the connection");
        // PUBACKs have four bytes.
        let answers = (rest + bytes) / 4;
        rest = (rest + bytes) % 4;
        heard += answers;
        answered.fetch_add(answers as u64, Ordering::Relaxed);
    }
}

/// Subscribes to everything at QoS 1, answers and does nothing else.
async fn idle_subscriber(address: SocketAddr) {
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    socket.write_all(&hello("idle")).await.unwrap();
    socket.write_all(b"\x82\x06\x00\x01\x00\x01#\x01").await.unwrap();
    let mut skip = [0; 9];
    socket.read_exact(&mut skip).await.unwrap();
    let mut buffer = Vec::with_capacity(256 * 1024);
    loop {
        if socket.read_buf(&mut buffer).await.unwrap_or(0) == 0 {
            return;
        }
        let (mut at, mut answers) = (0, Vec::new());
        while let Some(head) = buffer.get(at..at + 5) {
            let (length, size) = if head[1] & 0x80 == 0 {
                (usize::from(head[1]), 2)
            } else {
                (usize::from(head[1] & 0x7f) | usize::from(head[2]) << 7, 3)
            };
            if buffer.len() < at + size + length {
                break;
            }
            let topic = usize::from(u16::from_be_bytes([buffer[at + size], buffer[at + size + 1]]));
            let number = at + size + 2 + topic;
            if head[0] & 6 != 0 {
                answers.extend([0x40, 2, buffer[number], buffer[number + 1]]);
            }
            at += size + length;
        }
        buffer.drain(..at);
        if socket.write_all(&answers).await.is_err() {
            return;
        }
    }
}

async fn measure(address: SocketAddr, load: &Load) -> f64 {
    let (answered, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let publishers = (0..load.publishers)
        .map(|number| {
            let name = format!("gw{number:04}");
            tokio::spawn(publisher(address, name, load.window, Arc::clone(&answered), Arc::clone(&stop)))
        })
        .collect::<Vec<_>>();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let (before, start) = (answered.load(Ordering::Relaxed), Instant::now());
    tokio::time::sleep(ROUND).await;
    let rate = (answered.load(Ordering::Relaxed) - before) as f64 / start.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    for publisher in publishers {
        publisher.await.unwrap();
    }
    rate
}

/// Ours, each batch appended to a file and synced before it is confirmed.
async fn ours(load: &Load) -> f64 {
    let listener = Listener {
        enabled: true,
        anonymous: true,
        tenant: "bench".to_owned(),
        bind: SocketAddr::from(([127, 0, 0, 1], 0)),
        ..Listener::default()
    };
    let mut routes = Route::defaults();
    routes.retain(|route| route.format == Format::SpecolaJson);
    let (sender, mut arrivals) = mpsc::channel::<Arrival>(4);
    let stop = CancellationToken::new();
    let config = Config { listener, routes, ..Config::default() };
    let started = Ingest::start(config, Arc::new(EverybodyIsNew), Arc::new(SystemClock), sender, stop.clone());
    let (service, handle) = started.await.unwrap();
    let keeping = tokio::task::spawn_blocking(move || {
        let mut file = tempfile::tempfile_in(".").unwrap();
        while let Some(first) = arrivals.blocking_recv() {
            let mut group = vec![first];
            while let Ok(next) = arrivals.try_recv() {
                group.push(next);
            }
            keep(&mut file, &group);
            group.into_iter().for_each(|arrival| Arrival::confirm(arrival.owed));
        }
    });
    let serving = tokio::spawn(service.run());
    let rate = measure(handle.listener_addr().unwrap(), load).await;
    stop.cancel();
    serving.await.unwrap().unwrap();
    keeping.await.unwrap();
    rate
}

fn keep(file: &mut File, group: &[Arrival]) {
    let mut bytes = Vec::with_capacity(1024 * 1024);
    for reading in group.iter().flat_map(|arrival| &arrival.readings) {
        bytes.extend(reading.time.as_nanos().to_le_bytes());
        bytes.extend(reading.series.device.as_str().as_bytes());
        bytes.extend(reading.series.metric.as_str().as_bytes());
        if let model::Value::Number(number) = reading.value {
            bytes.extend(number.to_le_bytes());
        }
    }
    assert!(group.iter().all(|arrival| arrival.refused.is_empty()), "the bench sends what is understood");
    file.write_all(&bytes).unwrap();
    file.sync_data().unwrap();
}

struct Mosquitto(Child);

impl Drop for Mosquitto {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// mosquitto, tuned, with a subscriber that does nothing.
async fn theirs(load: &Load) -> Option<f64> {
    let program = "/usr/sbin/mosquitto";
    if !std::path::Path::new(program).exists() {
        return None;
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mosquitto.conf");
    let config = "allow_anonymous true\npersistence false\nuser root\nset_tcp_nodelay true\nmax_queued_messages 0\nmax_inflight_messages 0\n";
    std::fs::write(&path, format!("listener {port} 127.0.0.1\n{config}")).unwrap();
    let child = Command::new(program).arg("-c").arg(&path).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let _mosquitto = Mosquitto(child);
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    while TcpStream::connect(address).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let idle = tokio::spawn(idle_subscriber(address));
    tokio::time::sleep(Duration::from_millis(200)).await;
    let rate = measure(address, load).await;
    idle.abort();
    Some(rate)
}

fn middle(mut rates: Vec<f64>) -> Option<f64> {
    rates.sort_by(f64::total_cmp);
    rates.get(rates.len() / 2).copied()
}

fn main() {
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    println!("durable messages/s, QoS 1, 150 bytes, median of {ROUNDS} rounds of {ROUND:?}");
    for load in [(4, 1_000), (50, 100), (200, 20)] {
        let load = Load { publishers: load.0, window: load.1 };
        let (mut own, mut other) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            other.extend(runtime.block_on(theirs(&load)));
            own.push(runtime.block_on(ours(&load)));
        }
        let (own, other) = (middle(own).unwrap(), middle(other));
        let ratio = other.map_or_else(
            || "mosquitto is not installed".to_owned(),
            |other| format!("mosquitto {other:>8.0}, ratio {:.1}", own / other),
        );
        println!("{:>5} publishers, window {:>5}: ours {own:>8.0}, {ratio}", load.publishers, load.window);
    }
}
