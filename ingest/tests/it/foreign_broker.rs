//! Sessions with a real mosquitto: what is acknowledged and when, what survives a lost connection.

use ingest::config::{Broker, Protocol};
use ingest::{Arrival, Config};
use model::Duration;
use rumqttc::{AsyncClient, EventLoop, MqttOptions, Packet, QoS};
use tokio::time::{Instant, timeout};

use crate::kit::{LONG, Mosquitto, Running, until};

const TOPIC: &str = "specola/v1/messina/gw/readings";

fn config(broker: &Mosquitto, protocol: Protocol) -> Config {
    let url = format!("mqtt://127.0.0.1:{}", broker.port);
    let broker = Broker {
        name: "city".to_owned(),
        tenant: "messina".to_owned(),
        url,
        protocol,
        keep_alive_seconds: 5,
        ..Broker::default()
    };
    Config { brokers: vec![broker], ..Config::default() }
}

/// Publishes these payloads at QoS 1 and waits until the broker has all of them.
async fn publish(port: u16, payloads: impl IntoIterator<Item = Vec<u8>>) {
    let mut options = MqttOptions::new("publisher", "127.0.0.1", port);
    options.set_max_packet_size(2_000_000, 2_000_000);
    let (client, mut events): (AsyncClient, EventLoop) = AsyncClient::new(options, 4_096);
    let mut sent = 0;
    for payload in payloads {
        client.try_publish(TOPIC, QoS::AtLeastOnce, false, payload).unwrap();
        sent += 1;
    }
    let wait = async {
        while sent > 0 {
            if let rumqttc::Event::Incoming(Packet::PubAck(_)) = events.poll().await.unwrap() {
                sent -= 1;
            }
        }
    };
    timeout(LONG, wait).await.expect("the broker did not take the messages");
}

fn value(number: usize) -> Vec<u8> {
    format!("{{\"values\":{{\"n\":{number}}}}}").into_bytes()
}

fn numbers(arrivals: &[Arrival]) -> Vec<f64> {
    arrivals.iter().flat_map(|arrival| &arrival.readings).filter_map(|reading| reading.value.as_number()).collect()
}

async fn collect(running: &mut Running, readings: usize) -> Vec<Arrival> {
    let mut arrivals = Vec::new();
    while numbers(&arrivals).len() < readings {
        arrivals.push(running.arrival().await);
    }
    arrivals
}

async fn what_is_confirmed_never_comes_again_and_what_is_not_does(protocol: Protocol) {
    let broker = Mosquitto::start().await;
    let mut running = Running::start(config(&broker, protocol)).await;
    running.connected().await;
    publish(broker.port, (0..100).map(value)).await;
    for arrival in collect(&mut running, 100).await {
        Arrival::confirm(arrival.owed);
    }
    running.end().await;

    // The next run of the process takes the messages and dies before they are kept.
    let mut running = Running::start(config(&broker, protocol)).await;
    running.connected().await;
    publish(broker.port, (100..150).map(value)).await;
    let taken = collect(&mut running, 50).await;
    assert_eq!(numbers(&taken), (100..150).map(|n| n as f64).collect::<Vec<_>>(), "confirmed messages came again");
    running.service.abort();
    drop((taken, running));

    let mut running = Running::start(config(&broker, protocol)).await;
    let again = collect(&mut running, 50).await;
    assert_eq!(numbers(&again), (100..150).map(|n| n as f64).collect::<Vec<_>>());
    again.into_iter().for_each(|arrival| Arrival::confirm(arrival.owed));
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_mqtt_3_1_1_what_is_confirmed_never_comes_again_and_what_is_not_does() {
    what_is_confirmed_never_comes_again_and_what_is_not_does(Protocol::V4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn with_mqtt_5_what_is_confirmed_never_comes_again_and_what_is_not_does() {
    what_is_confirmed_never_comes_again_and_what_is_not_does(Protocol::V5).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_could_not_be_kept_is_asked_for_again() {
    for protocol in [Protocol::V4, Protocol::V5] {
        let broker = Mosquitto::start().await;
        let mut running = Running::start(config(&broker, protocol)).await;
        running.connected().await;
        publish(broker.port, [value(7)]).await;
        drop(running.arrival().await);
        let again = running.arrival().await;
        assert_eq!(numbers(std::slice::from_ref(&again)), [7.0], "{protocol:?}");
        Arrival::confirm(again.owed);
        assert!(running.handle.sources()[0].last_error.as_ref().unwrap().contains("could not be kept"));
        running.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_is_too_large_becomes_a_dead_letter_and_the_connection_lives() {
    for protocol in [Protocol::V4, Protocol::V5] {
        let broker = Mosquitto::start().await;
        let mut running = Running::start(config(&broker, protocol)).await;
        running.connected().await;
        publish(broker.port, [vec![b' '; 300 * 1024], value(1)]).await;
        let arrivals = collect(&mut running, 1).await;
        let letter = arrivals.iter().flat_map(|arrival| &arrival.refused).next().unwrap();
        assert_eq!((letter.reason, letter.bytes, letter.payload.len()), (model::Reason::TooLarge, 300 * 1024, 1024));
        let status = &running.handle.sources()[0];
        assert!(status.connected && status.last_error.is_none(), "{status:?}");
        assert_eq!((status.received, status.refused, status.readings), (2, 1, 1));
        arrivals.into_iter().for_each(|arrival| Arrival::confirm(arrival.owed));
        running.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_that_comes_back_without_its_memory_is_found_and_subscribed_within_two_seconds() {
    for protocol in [Protocol::V4, Protocol::V5] {
        let mut broker = Mosquitto::start().await;
        let mut running = Running::start(config(&broker, protocol)).await;
        running.connected().await;
        broker.kill();
        until(|| !running.handle.sources()[0].connected).await;
        broker.again().await;
        let back = Instant::now();
        running.connected().await;
        assert!(back.elapsed() < Duration::from_secs(2), "{protocol:?}: {:?}", back.elapsed());
        publish(broker.port, [value(3)]).await;
        let arrivals = collect(&mut running, 1).await;
        assert_eq!(numbers(&arrivals), [3.0]);
        arrivals.into_iter().for_each(|arrival| Arrival::confirm(arrival.owed));
        running.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_store_holds_the_broker_back_and_nothing_is_lost() {
    for protocol in [Protocol::V4, Protocol::V5] {
        let broker = Mosquitto::start().await;
        let mut config = config(&broker, protocol);
        config.brokers[0].in_flight = 10;
        config.queue.messages = 4;
        config.batch_messages = 3;
        let mut running = Running::start(config).await;
        running.connected().await;
        publish(broker.port, (0..500).map(value)).await;
        // Nobody takes anything: what waits inside stays bounded.
        until(|| running.handle.sources()[0].received >= 10).await;
        assert!(running.handle.queue_depth() <= 4);
        let mut kept = Vec::new();
        let mut newest = -1.0;
        while newest < 499.0 {
            let arrival = running.arrival().await;
            assert!(arrival.messages <= 3);
            let found = numbers(std::slice::from_ref(&arrival));
            newest = found.last().copied().unwrap_or(newest);
            kept.extend(found);
            Arrival::confirm(arrival.owed);
        }
        assert_eq!(kept, (0..500).map(|n| n as f64).collect::<Vec<_>>(), "{protocol:?}");
        running.end().await;
    }
}
