//! A load says what it was told to say, and its ledger names what was acknowledged and nothing else.

use std::collections::HashMap;
use std::time::Duration;

use ciborium::Value as Cbor;
use serde_json::Value as Json;
use simulators::load::{Ledger, Load, Order, Promise, Report};
use simulators::{Broker, Dialect};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::broker::{Seen, listen};

/// Far more than any of these takes; only a test that fails waits so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// All messages of a test fit, so that the broker never waits for the test.
const ROOM: usize = 1 << 17;

struct Outcome {
    report: Report,
    ledger: Ledger,
    published: Vec<(String, Vec<u8>)>,
}

/// Runs a load against the little broker; `trouble` may hang up meanwhile.
async fn run(order: Order, trouble: impl AsyncFnOnce(&watch::Sender<u32>)) -> Outcome {
    let (sender, mut seen) = mpsc::channel(ROOM);
    let (hang_up, listener) = watch::channel(0);
    let address = listen(sender, listener).await;
    let broker = Broker { host: address.ip().to_string(), port: address.port(), credentials: None };
    let (load, _) = Load::new(Order { broker, ..order }).unwrap();
    let running = tokio::spawn(load.run(CancellationToken::new()));
    trouble(&hang_up).await;
    let (report, ledger) = tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap().unwrap();
    let mut published = Vec::new();
    while let Ok(event) = seen.try_recv() {
        if let Seen::Published { topic, payload } = event {
            published.push((topic, payload));
        }
    }
    Outcome { report, ledger, published }
}

async fn undisturbed(order: Order) -> Outcome {
    run(order, async |_| {}).await
}

fn few(dialect: Dialect) -> Order {
    Order { dialect, clients: 2, messages: Some(3), values: 2, ..Order::default() }
}

/// How often each number of each device was published.
fn counted(published: &[(String, Vec<u8>)]) -> HashMap<(String, u64), u32> {
    let mut counts = HashMap::new();
    for (_, payload) in published {
        let body: Json = serde_json::from_slice(payload).unwrap();
        let device = body["device"].as_str().unwrap().to_owned();
        *counts.entry((device, body["values"]["n0"].as_u64().unwrap())).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn each_message_is_sent_once_and_the_ledger_has_it() {
    let order = Order { clients: 3, messages: Some(2_000), in_flight: 7, ..Order::default() };
    let Outcome { report, ledger, published } = undisturbed(order).await;
    let counts = counted(&published);
    assert_eq!((counts.len(), published.len()), (6_000, 6_000));
    assert!(published.iter().all(|(_, payload)| payload.len() >= 150));
    assert_eq!((ledger.acknowledged(), report.acknowledged, report.unacknowledged), (6_000, 6_000, 0));
    for account in &ledger.accounts {
        assert!(account.acknowledged.iter().eq(0..2_000) && account.sent == 2_000);
        assert!((0..2_000).all(|number| counts.contains_key(&(account.device.clone(), number))));
    }
    let [p50, p90, p99, max] = report.latency.unwrap();
    assert!(p50 <= p90 && p90 <= p99 && p99 <= max && max < PATIENCE);
}

#[tokio::test]
async fn what_was_on_its_way_when_a_connection_was_lost_is_sent_again() {
    let order = Order { clients: 4, rate: 4_000.0, lasts: Duration::from_secs(2), ..Order::default() };
    let Outcome { report, ledger, published } = run(order, async |hang_up| {
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_millis(250)).await;
            hang_up.send_modify(|count| *count += 1);
        }
    })
    .await;
    let counts = counted(&published);
    assert!(report.reconnects >= 10, "{report:?}");
    assert_eq!(report.unacknowledged, 0);
    for account in &ledger.accounts {
        assert!(account.acknowledged.iter().eq(0..account.sent));
        assert!((0..account.sent).all(|number| counts.contains_key(&(account.device.clone(), number))));
    }
}

#[tokio::test]
async fn a_share_of_messages_is_doubled_and_overtaken() {
    let order = Order { clients: 1, messages: Some(5_000), twice: 0.02, overtaken: 0.02, ..Order::default() };
    let Outcome { published, ledger, .. } = undisturbed(order).await;
    let doubled = counted(&published).values().filter(|count| **count == 2).count();
    assert!((50..200).contains(&doubled), "{doubled} of 5,000");
    let numbers: Vec<u64> = published
        .iter()
        .map(|(_, payload)| serde_json::from_slice::<Json>(payload).unwrap()["values"]["n0"].as_u64().unwrap())
        .collect();
    let overtaken = numbers.windows(2).filter(|pair| pair[0] > pair[1]).count();
    assert!((50..200).contains(&overtaken), "{overtaken} of 5,000");
    assert_eq!(ledger.accounts[0].acknowledged.count(), 5_000);
}

#[tokio::test]
async fn the_rate_is_the_one_that_was_asked_for() {
    let order = Order { clients: 5, rate: 500.0, lasts: Duration::from_secs(2), ..Order::default() };
    let Outcome { report, .. } = undisturbed(order).await;
    assert!((900..=1_010).contains(&report.sent), "{report:?}");
}

#[tokio::test]
async fn without_a_promise_nothing_is_acknowledged() {
    let order = Order { promise: Promise::None, rate: 1_000.0, lasts: Duration::from_millis(300), ..Order::default() };
    let Outcome { report, published, .. } = undisturbed(order).await;
    assert!(report.sent > 100 && report.acknowledged == 0 && report.latency.is_none(), "{report:?}");
    assert_eq!(published.len() as u64, report.sent);
}

#[tokio::test]
async fn times_of_a_device_differ_and_are_written_as_the_format_wants() {
    let Outcome { published, .. } = undisturbed(few(Dialect::SenmlJson)).await;
    let times: std::collections::HashSet<String> = published
        .iter()
        .map(|(topic, payload)| {
            let pack: Json = serde_json::from_slice(payload).unwrap();
            assert_eq!((&pack[0]["n"], &pack[1]["n"], &pack[0]["v"]), (&"n0".into(), &"n1".into(), &pack[1]["v"]));
            let text = String::from_utf8(payload.clone()).unwrap();
            format!("{topic} {}", text.split("\"bt\":").nth(1).unwrap().split(',').next().unwrap())
        })
        .collect();
    assert_eq!(times.len(), 6);
}

#[tokio::test]
async fn cbor_packs_are_whole_and_filled_up() {
    let Outcome { published, ledger, .. } = undisturbed(Order { payload: 400, ..few(Dialect::SenmlCbor) }).await;
    for (topic, payload) in &published {
        assert!((390..=400).contains(&payload.len()), "{}", payload.len());
        let Cbor::Array(records) = ciborium::from_reader(&payload[..]).unwrap() else { panic!("a pack is a list") };
        assert_eq!(records.len(), 2);
        let name = records[0].as_map().unwrap()[0].1.as_text().unwrap();
        assert_eq!(format!("senml/{}/cbor", name.trim_end_matches(':')), *topic);
        assert!(ledger.accounts.iter().any(|account| format!("{}:", account.device) == name));
    }
}

#[tokio::test]
async fn an_uplink_and_an_edge_node_name_the_devices_of_the_ledger() {
    let Outcome { published, ledger, .. } = undisturbed(few(Dialect::ChirpstackV4)).await;
    for (topic, payload) in &published {
        let body: Json = serde_json::from_slice(payload).unwrap();
        let eui = body["deviceInfo"]["devEui"].as_str().unwrap();
        assert!(topic.contains(eui) && ledger.accounts.iter().any(|account| account.device == eui));
    }
    let Outcome { published, ledger, .. } = undisturbed(few(Dialect::SparkplugB)).await;
    assert_eq!(published.iter().filter(|(topic, _)| topic.contains("BIRTH")).count(), 4);
    let data: Vec<_> = published.iter().filter(|(topic, _)| topic.contains("/DDATA/")).collect();
    assert_eq!(data.len(), 6);
    assert!(ledger.accounts.iter().all(|account| {
        let (_, device) = account.device.split_once('/').unwrap();
        data.iter().any(|(topic, _)| *topic == format!("spBv1.0/city/DDATA/{device}"))
    }));
}

#[tokio::test]
async fn a_broker_that_is_not_there_is_an_error_with_its_name() {
    // Port 1 is not given to anybody.
    let broker = Broker { port: 1, ..Broker::default() };
    let (load, _) = Load::new(Order { broker, ..Order::default() }).unwrap();
    let error = tokio::time::timeout(PATIENCE, load.run(CancellationToken::new())).await.unwrap().unwrap_err();
    assert!(error.to_string().contains("127.0.0.1:1"), "{error}");
}
