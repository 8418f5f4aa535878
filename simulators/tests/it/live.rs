//! The city speaks to a broker over TCP, comes back when it was cut off, and leaves politely.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use simulators::{Broker, Config, Dialect, Dialects, Handle, Probe, Simulator};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::broker::{ROOM, Seen, listen};
use crate::{SEED, city};

/// Far more than any of these takes; only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(30);

struct Run {
    seen: mpsc::Receiver<Seen>,
    hang_up: watch::Sender<u32>,
    handle: Handle,
    stop: CancellationToken,
    gateways: usize,
    running: tokio::task::JoinHandle<()>,
}

async fn start() -> Run {
    start_speaking(Dialects::default()).await
}

async fn start_speaking(dialects: Dialects) -> Run {
    let (sender, seen) = mpsc::channel(ROOM);
    let (hang_up, listener) = watch::channel(0);
    let address = listen(sender, listener).await;
    let broker = Broker { host: address.ip().to_string(), port: address.port(), credentials: None };
    let config = Config { broker, scale: 0.02, readings_per_second: 2_000.0, dialects, ..Config::default() };
    let built = Arc::new(config.city().unwrap());
    let gateways = built.gateway_count();
    let (simulator, handle) = Simulator::new(built, config).unwrap();
    let stop = CancellationToken::new();
    let running = tokio::spawn(simulator.run(stop.clone()));
    Run { seen, hang_up, handle, stop, gateways, running }
}

impl Run {
    /// Everything seen until `enough` says so.
    async fn until(&mut self, mut enough: impl FnMut(&Seen) -> bool) {
        tokio::time::timeout(PATIENCE, async { while !enough(&self.seen.recv().await.unwrap()) {} }).await.unwrap();
    }

    /// Waits until each gateway has connected (once more).
    async fn all_connected(&mut self) {
        let (mut clients, all) = (HashSet::new(), self.gateways);
        self.until(|seen| {
            if let Seen::Connected { client } = seen {
                clients.insert(client.clone());
            }
            clients.len() == all
        })
        .await;
    }
}

#[tokio::test]
async fn each_gateway_connects_under_its_own_name_and_publishes_with_acknowledgement() {
    let mut run = start().await;
    run.all_connected().await;
    let mut topics = HashSet::new();
    run.until(|seen| {
        if let Seen::Published { topic, payload } = seen {
            assert!(serde_json::from_slice::<serde_json::Value>(payload).is_ok());
            topics.insert(topic.split('/').next().unwrap().to_owned());
        }
        topics.len() == 4
    })
    .await;
    run.stop.cancel();
    tokio::time::timeout(PATIENCE, run.running).await.unwrap().unwrap();
    let counters = run.handle.counters();
    assert!(counters.published > 0 && counters.readings >= counters.published);
    assert!(counters.acknowledged > 0 && counters.acknowledged <= counters.published);
    assert_eq!((counters.connected, counters.reconnects), (0, 0));
}

#[tokio::test]
async fn gateways_that_were_cut_off_come_back() {
    let mut run = start().await;
    run.all_connected().await;
    run.hang_up.send_modify(|count| *count += 1);
    run.all_connected().await;
    run.until(|seen| matches!(seen, Seen::Published { .. })).await;
    run.stop.cancel();
    tokio::time::timeout(PATIENCE, run.running).await.unwrap().unwrap();
    assert!(run.handle.counters().reconnects >= run.gateways as u64 - 1);
}

#[tokio::test]
async fn edge_nodes_are_born_on_each_connection_before_they_say_anything_else() {
    let mut run = start_speaking(Dialects::all(Dialect::SparkplugB)).await;
    for _ in 0..2 {
        let (mut connected, mut born, all) = (HashSet::new(), HashSet::new(), run.gateways);
        run.until(|seen| {
            match seen {
                Seen::Connected { client } => {
                    let gateway = client.strip_prefix("sim-messina-").unwrap().to_owned();
                    connected.insert(gateway);
                }
                Seen::Published { topic, .. } => {
                    let levels: Vec<&str> = topic.split('/').collect();
                    if connected.contains(levels[3]) && born.insert(levels[3].to_owned()) {
                        assert_eq!(levels[2], "NBIRTH", "{topic}");
                    }
                }
                Seen::Left => {}
            }
            born.len() == all
        })
        .await;
        run.hang_up.send_modify(|count| *count += 1);
    }
    run.stop.cancel();
    tokio::time::timeout(PATIENCE, run.running).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_city_without_a_broker_stops_when_asked() {
    let built = Arc::new(city(SEED, 0.02));
    // Port 1 is not given to anybody.
    let broker = Broker { port: 1, ..Broker::default() };
    let (simulator, handle) = Simulator::new(built, Config { broker, ..Config::default() }).unwrap();
    let stop = CancellationToken::new();
    stop.cancel();
    tokio::time::timeout(PATIENCE, simulator.run(stop)).await.unwrap();
    assert_eq!(handle.counters().acknowledged, 0);
}

#[tokio::test]
async fn a_probe_sends_the_number_it_is_given() {
    let (sender, mut seen) = mpsc::channel(ROOM);
    let (_hang_up, listener) = watch::channel(0);
    let address = listen(sender, listener).await;
    let probe = Probe::connect(&address.ip().to_string(), address.port(), "messina", "probe-1");
    probe.publish(42.0).await.unwrap();
    let body = tokio::time::timeout(PATIENCE, async {
        loop {
            if let Seen::Published { topic, payload } = seen.recv().await.unwrap() {
                assert_eq!(topic, "specola/v1/messina/probe-1/readings");
                return serde_json::from_slice::<serde_json::Value>(&payload).unwrap();
            }
        }
    })
    .await
    .unwrap();
    assert_eq!(body["device"], "probe-1");
    assert_eq!(body["values"]["probe"], 42.0);
}
