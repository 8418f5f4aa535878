//! Several processes that share the messages of one broker.

use ingest::config::{Broker, Protocol};
use ingest::{Arrival, Config};
use tokio::process::Command;
use tokio::time::timeout;

use crate::kit::{LONG, Mosquitto, Running};

fn config(port: u16, client: &str) -> Config {
    let broker = Broker {
        name: "city".to_owned(),
        tenant: "messina".to_owned(),
        url: format!("mqtt://127.0.0.1:{port}"),
        protocol: Protocol::V5,
        client_id: client.to_owned(),
        share_group: "specola".to_owned(),
        ..Broker::default()
    };
    Config { brokers: vec![broker], ..Config::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_gets_every_message_once_and_everybody_gets_some() {
    let broker = Mosquitto::start().await;
    let mut first = Running::start(config(broker.port, "specola-1")).await;
    let mut second = Running::start(config(broker.port, "specola-2")).await;
    first.connected().await;
    second.connected().await;
    let lines = (0..200).map(|n| format!("{{\"values\":{{\"n\":{n}}}}}\n")).collect::<String>();
    let mut publish = Command::new("mosquitto_pub");
    publish.args(["-p", &broker.port.to_string(), "-q", "1", "-t", "specola/v1/messina/gw/readings", "-l"]);
    let mut child = publish.stdin(std::process::Stdio::piped()).spawn().expect("mosquitto_pub is needed by this test");
    let mut input = child.stdin.take().unwrap();
    tokio::io::AsyncWriteExt::write_all(&mut input, lines.as_bytes()).await.unwrap();
    drop(input);
    assert!(timeout(LONG, child.wait()).await.unwrap().unwrap().success());

    let mut shares = [Vec::new(), Vec::new()];
    while shares.iter().map(Vec::len).sum::<usize>() < 200 {
        let (share, arrival) = tokio::select! {
            arrival = first.arrival() => (0, arrival),
            arrival = second.arrival() => (1, arrival),
        };
        shares[share].extend(arrival.readings.iter().filter_map(|reading| reading.value.as_number()));
        Arrival::confirm(arrival.owed);
    }
    assert!(shares.iter().all(|share| share.len() > 20), "{:?}", shares.each_ref().map(Vec::len));
    let mut all = shares.concat();
    all.sort_by(f64::total_cmp);
    assert_eq!(all, (0..200).map(f64::from).collect::<Vec<_>>());
    first.end().await;
    second.end().await;
}
