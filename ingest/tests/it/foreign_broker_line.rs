//! A bad line between us and a real mosquitto: half open, cut inside a packet, a hole. Nothing is lost and the way back is short.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use ingest::config::{Broker, Protocol};
use ingest::{Arrival, Config};
use model::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::kit::{LONG, Mosquitto, Running, until};

/// A line that can be made bad.
struct Line {
    port: u16,
    /// Nothing passes any more, and nobody is told: half open.
    dead: Arc<AtomicBool>,
    /// So many bytes still pass towards us, then the connection is cut.
    cut_after: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Line {
    async fn to(broker: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let dead = Arc::new(AtomicBool::new(false));
        let cut_after = Arc::new(AtomicUsize::new(usize::MAX));
        let (stalled, cut) = (Arc::clone(&dead), Arc::clone(&cut_after));
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let Ok(far) = TcpStream::connect(("127.0.0.1", broker)).await else { continue };
                let (near_read, near_write) = near.into_split();
                let (far_read, far_write) = far.into_split();
                let forever = Arc::new(AtomicUsize::new(usize::MAX));
                tokio::spawn(carry(near_read, far_write, Arc::clone(&stalled), forever));
                tokio::spawn(carry(far_read, near_write, Arc::clone(&stalled), Arc::clone(&cut)));
            }
        });
        Self { port, dead, cut_after, task }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, dead: Arc<AtomicBool>, cut: Arc<AtomicUsize>) {
    let mut bytes = [0; 4096];
    while let Ok(read) = from.read(&mut bytes).await {
        if read == 0 {
            return;
        }
        if dead.load(Ordering::Relaxed) {
            // Held open without a word, as a router does that lost its table.
            return std::future::pending().await;
        }
        let left = cut.load(Ordering::Relaxed);
        if left < read {
            cut.store(usize::MAX, Ordering::Relaxed);
            drop(to.write_all(&bytes[..left]).await);
            return;
        }
        if left != usize::MAX {
            cut.fetch_sub(read, Ordering::Relaxed);
        }
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}

fn config(port: u16, protocol: Protocol) -> Config {
    let broker = Broker {
        name: "city".to_owned(),
        tenant: "messina".to_owned(),
        url: format!("mqtt://127.0.0.1:{port}"),
        protocol,
        keep_alive_seconds: 5,
        ..Broker::default()
    };
    Config { brokers: vec![broker], ..Config::default() }
}

/// Publishes readings `n` = each of `numbers`, directly at the broker.
async fn publish(broker: u16, numbers: std::ops::Range<usize>) {
    let lines = numbers.map(|n| format!("{{\"values\":{{\"n\":{n}}}}}\n")).collect::<String>();
    let mut publish = Command::new("mosquitto_pub");
    publish.args(["-p", &broker.to_string(), "-q", "1", "-t", "specola/v1/messina/gw/readings", "-l"]);
    let mut child = publish.stdin(std::process::Stdio::piped()).spawn().expect("mosquitto_pub is needed by this test");
    child.stdin.take().unwrap().write_all(lines.as_bytes()).await.unwrap();
    assert!(timeout(LONG, child.wait()).await.unwrap().unwrap().success());
}

/// Confirms what comes until every number below `until` was there.
async fn all_come(running: &mut Running, until: usize) {
    let mut missing = (0..until).collect::<std::collections::BTreeSet<_>>();
    while !missing.is_empty() {
        let arrival = running.arrival().await;
        for reading in &arrival.readings {
            missing.remove(&(reading.value.as_number().unwrap() as usize));
        }
        Arrival::confirm(arrival.owed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_open_line_is_found_in_one_and_a_half_keep_alives_and_left() {
    for protocol in [Protocol::V4, Protocol::V5] {
        let broker = Mosquitto::start().await;
        let line = Line::to(broker.port).await;
        let mut running = Running::start(config(line.port, protocol)).await;
        running.connected().await;
        line.dead.store(true, Ordering::Relaxed);
        publish(broker.port, 0..50).await;
        let since = Instant::now();
        until(|| !running.handle.sources()[0].connected).await;
        // The last sign of life may have been just before the line died, and a second is for a busy machine.
        assert!(since.elapsed() < Duration::from_millis(5_000 * 3 / 2 + 1_000), "{:?}", since.elapsed());
        line.dead.store(false, Ordering::Relaxed);
        let back = Instant::now();
        running.connected().await;
        assert!(back.elapsed() < Duration::from_secs(2), "{protocol:?}: {:?}", back.elapsed());
        all_come(&mut running, 50).await;
        running.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_line_cut_inside_a_packet_again_and_again_loses_nothing() {
    for protocol in [Protocol::V4, Protocol::V5] {
        let broker = Mosquitto::start().await;
        let line = Line::to(broker.port).await;
        let mut running = Running::start(config(line.port, protocol)).await;
        running.connected().await;
        line.cut_after.store(777, Ordering::Relaxed);
        let cutting = Arc::clone(&line.cut_after);
        let cuts = tokio::spawn(async move {
            for bytes in [1_234, 3_333, 5_001] {
                sleep(Duration::from_millis(300)).await;
                cutting.store(bytes, Ordering::Relaxed);
            }
        });
        publish(broker.port, 0..400).await;
        all_come(&mut running, 400).await;
        cuts.await.unwrap();
        running.end().await;
    }
}
