//! What edge nodes hear of us over a real mosquitto: whether we are there, and requests to start over.

use std::collections::VecDeque;
use std::sync::Arc;

use ingest::config::{Broker, Format, Protocol, Route, Sparkplug};
use ingest::{Arrival, Config, SystemClock};
use prost::Message;
use rumqttc::{AsyncClient, EventLoop, MqttOptions, Packet, Publish, QoS};
use serde_json::Value as Json;
use tokio::time::timeout;

use crate::kit::{LONG, Mosquitto, Running, lines};
use crate::sparkplug_payload::{Metric, Payload, Scalar, message};

const BOTH: [Protocol; 2] = [Protocol::V4, Protocol::V5];

fn config(broker: &Mosquitto, protocol: Protocol, routes: Vec<Route>) -> Config {
    let broker = Broker {
        name: "city".to_owned(),
        tenant: "messina".to_owned(),
        url: format!("mqtt://127.0.0.1:{}", broker.port),
        protocol,
        keep_alive_seconds: 5,
        ..Broker::default()
    };
    Config { brokers: vec![broker], routes, ..Config::default() }
}

async fn start(broker: &Mosquitto, protocol: Protocol) -> Running {
    let running = Running::start_at(config(broker, protocol, Route::defaults()), Arc::new(SystemClock)).await;
    running.connected().await;
    running
}

/// An edge node's client.
struct Node {
    client: AsyncClient,
    events: EventLoop,
    heard: VecDeque<Publish>,
}

impl Node {
    /// A client that hears this topic.
    async fn hearing(broker: &Mosquitto, topic: &str) -> Self {
        let options = MqttOptions::new("node", "127.0.0.1", broker.port);
        let (client, events) = AsyncClient::new(options, 64);
        client.try_subscribe(topic, QoS::AtLeastOnce).unwrap();
        let mut node = Self { client, events, heard: VecDeque::new() };
        let subscribed = async {
            while !matches!(node.events.poll().await.unwrap(), rumqttc::Event::Incoming(Packet::SubAck(_))) {}
        };
        timeout(LONG, subscribed).await.expect("the broker did not answer");
        node
    }

    /// Lets the client work; what it hears is kept.
    async fn work(&mut self) {
        if let rumqttc::Event::Incoming(Packet::Publish(publish)) = self.events.poll().await.unwrap() {
            self.heard.push_back(publish);
        }
    }

    /// The next message.
    async fn next(&mut self) -> Publish {
        let next = async {
            while self.heard.is_empty() {
                self.work().await;
            }
        };
        timeout(LONG, next).await.expect("nothing came");
        self.heard.pop_front().unwrap()
    }

    /// The next state of a host: whether it is there, and since when.
    async fn state(&mut self) -> (bool, u64) {
        let Publish { topic, payload, qos, .. } = self.next().await;
        assert_eq!((topic.as_str(), qos), ("spBv1.0/STATE/specola", QoS::AtLeastOnce));
        let json = serde_json::from_slice::<Json>(&payload).unwrap();
        assert_eq!(json.as_object().unwrap().len(), 2);
        (json["online"].as_bool().unwrap(), json["timestamp"].as_u64().unwrap())
    }

    /// What becomes of what was published: readings and refusals, confirmed.
    async fn outcome(&mut self, running: &mut Running) -> Vec<String> {
        loop {
            let arrival = tokio::select! {
                arrival = running.arrival() => arrival,
                () = self.work() => continue,
            };
            let found = lines(&arrival);
            Arrival::confirm(arrival.owed);
            if !found.is_empty() {
                return found;
            }
        }
    }

    fn publish(&self, topic: &str, payload: impl Into<Vec<u8>>) {
        self.client.try_publish(topic, QoS::AtLeastOnce, false, payload).unwrap();
    }
}

fn millis() -> u64 {
    u64::try_from(ingest::Clock::now(&SystemClock).as_millis()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_birth_and_the_will_of_a_connection_say_the_same_time() {
    for protocol in BOTH {
        let broker = Mosquitto::start().await;
        let before = millis();
        let mut node = Node::hearing(&broker, "spBv1.0/STATE/#").await;
        let running = start(&broker, protocol).await;
        let (online, since) = node.state().await;
        assert!(online && (before..=millis()).contains(&since), "{protocol:?} {since}");
        // The process dies without a word.
        running.service.abort();
        drop(running);
        assert_eq!(node.state().await, (false, since), "{protocol:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_state_is_retained_and_a_wanted_goodbye_says_its_own_time() {
    for protocol in BOTH {
        let broker = Mosquitto::start().await;
        let running = start(&broker, protocol).await;
        let mut node = Node::hearing(&broker, "spBv1.0/STATE/specola").await;
        let (online, since) = node.state().await;
        assert!(online, "{protocol:?}");
        tokio::time::sleep(model::Duration::from_millis(5)).await;
        let stopping = millis();
        running.end().await;
        let (online, gone) = node.state().await;
        assert!(!online && gone >= stopping && gone > since, "{protocol:?}: {since} {stopping} {gone}");
        let mut later = Node::hearing(&broker, "spBv1.0/STATE/specola").await;
        assert_eq!(later.state().await, (false, gone), "{protocol:?}: the will did not follow");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_says_that_we_are_gone_is_answered() {
    for protocol in BOTH {
        let broker = Mosquitto::start().await;
        let mut node = Node::hearing(&broker, "spBv1.0/STATE/#").await;
        let running = start(&broker, protocol).await;
        let born = node.state().await;
        node.publish("spBv1.0/STATE/specola", "{\"online\":false,\"timestamp\":1}");
        assert_eq!(node.state().await, (false, 1), "the lie itself");
        assert_eq!(node.state().await, born, "{protocol:?}");
        running.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_hears_one_group_hears_its_own_state_too_and_refuses_nothing() {
    for protocol in BOTH {
        let broker = Mosquitto::start().await;
        let mut node = Node::hearing(&broker, "spBv1.0/STATE/#").await;
        let routes = vec![Route::new("spBv1.0/Comune/#", Format::SparkplugB)];
        let mut running = Running::start(config(&broker, protocol, routes)).await;
        running.connected().await;
        let born = node.state().await;
        node.publish("spBv1.0/STATE/specola", "{\"online\":false,\"timestamp\":1}");
        assert_eq!(node.state().await, (false, 1));
        assert_eq!(node.state().await, born, "{protocol:?}");
        node.publish("spBv1.0/Comune/NBIRTH/n", message("", 0, vec![Metric::named("v", 3, Scalar::Int(1))]).payload);
        assert_eq!(node.outcome(&mut running).await[0], "Comune/n _online=true");
        assert_eq!(running.handle.sources()[0].refused, 0);
        running.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_nobody_announces_nothing() {
    for routes in [
        vec![Route::new("senml/+/json", Format::SenmlJson)],
        vec![Route {
            sparkplug: Some(Sparkplug { host_id: String::new(), ..Sparkplug::default() }),
            ..Route::new("spBv1.0/#", Format::SparkplugB)
        }],
    ] {
        let broker = Mosquitto::start().await;
        let running = Running::start(config(&broker, Protocol::V4, routes)).await;
        running.connected().await;
        running.end().await;
        // What is retained comes right after the subscription; the marker comes after it.
        let mut node = Node::hearing(&broker, "#").await;
        node.publish("marker", "");
        assert_eq!(node.next().await.topic, "marker");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_speaks_before_its_birth_hears_the_request_to_start_over() {
    for protocol in BOTH {
        let broker = Mosquitto::start().await;
        let mut running = start(&broker, protocol).await;
        let mut node = Node::hearing(&broker, "spBv1.0/Comune/NCMD/quadro").await;
        let data = message("", 5, vec![Metric::aliased(1, Scalar::Int(1))]).payload;
        node.publish("spBv1.0/Comune/NDATA/quadro", data);
        assert_eq!(node.outcome(&mut running).await, ["refused unknown_alias 0"]);
        let Publish { topic, payload, qos, retain, .. } = node.next().await;
        assert_eq!((topic.as_str(), qos, retain), ("spBv1.0/Comune/NCMD/quadro", QoS::AtMostOnce, false));
        let payload = Payload::decode(payload).unwrap();
        assert_eq!((payload.seq, payload.metrics.len()), (None, 1));
        assert_eq!(payload.metrics[0].name.as_deref(), Some("Node Control/Rebirth"));
        assert_eq!(payload.metrics[0].value, Some(Scalar::Boolean(true)));
        running.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gap_that_stays_open_is_noticed_without_another_message() {
    let broker = Mosquitto::start().await;
    let sparkplug = Some(Sparkplug { reorder_millis: 100, ..Sparkplug::default() });
    let routes = vec![Route { sparkplug, ..Route::new("spBv1.0/#", Format::SparkplugB) }];
    let mut running = Running::start_at(config(&broker, Protocol::V4, routes), Arc::new(SystemClock)).await;
    running.connected().await;
    let mut node = Node::hearing(&broker, "spBv1.0/+/NCMD/#").await;
    let value = || vec![Metric::named("v", 3, Scalar::Int(1)).known_as(1)];
    node.publish("spBv1.0/Comune/NBIRTH/quadro", message("", 0, value()).payload);
    node.publish("spBv1.0/Comune/NDATA/quadro", message("", 2, value()).payload);
    assert_eq!(node.outcome(&mut running).await[0], "Comune/quadro _online=true");
    assert_eq!(node.next().await.topic, "spBv1.0/Comune/NCMD/quadro");
    running.end().await;
}
