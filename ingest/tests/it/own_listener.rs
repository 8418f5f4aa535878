//! Our own listener: PUBACK means that the message is safe.

use std::sync::Arc;

use ingest::config::{Listener, Secret, User};
use ingest::{Arrival, Config, EverybodyIsNew, Ingest};
use model::Duration;
use rumqttc::QoS;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::kit::{FixedClock, LONG, Running, until};

const TOPIC: &str = "specola/v1/messina/gw/readings";
/// How long nothing must happen for a test to believe that nothing happens.
const QUIET: Duration = Duration::from_millis(300);

fn listener() -> Listener {
    Listener {
        enabled: true,
        bind: "127.0.0.1:0".parse().unwrap(),
        tenant: "messina".to_owned(),
        anonymous: true,
        ..Listener::default()
    }
}

fn config(listener: Listener) -> Config {
    Config { listener, ..Config::default() }
}

/// A client of either version that publishes and sees its acknowledgements.
enum Client {
    V4(rumqttc::AsyncClient, Box<rumqttc::EventLoop>),
    V5(rumqttc::v5::AsyncClient, Box<rumqttc::v5::EventLoop>),
}

impl Client {
    fn new(version: u8, name: &str, port: u16, login: Option<(&str, &str)>) -> Self {
        if version == 4 {
            let mut options = rumqttc::MqttOptions::new(name, "127.0.0.1", port);
            options.set_max_packet_size(2_000_000, 2_000_000);
            if let Some((user, password)) = login {
                options.set_credentials(user, password);
            }
            let (client, events) = rumqttc::AsyncClient::new(options, 64);
            Self::V4(client, Box::new(events))
        } else {
            let mut options = rumqttc::v5::MqttOptions::new(name, "127.0.0.1", port);
            if let Some((user, password)) = login {
                options.set_credentials(user, password);
            }
            let (client, events) = rumqttc::v5::AsyncClient::new(options, 64);
            Self::V5(client, Box::new(events))
        }
    }

    fn publish(&self, qos: QoS, payload: &[u8]) {
        match self {
            Self::V4(client, _) => client.try_publish(TOPIC, qos, false, payload).unwrap(),
            Self::V5(client, _) => {
                let qos = if qos == QoS::AtMostOnce {
                    rumqttc::v5::mqttbytes::QoS::AtMostOnce
                } else {
                    rumqttc::v5::mqttbytes::QoS::AtLeastOnce
                };
                client.try_publish(TOPIC, qos, false, payload.to_vec()).unwrap();
            }
        }
    }

    /// The next acknowledgement: `true` for PUBACK, `false` when the connection ends.
    async fn acknowledged(&mut self) -> bool {
        loop {
            match self {
                Self::V4(_, events) => match events.poll().await {
                    Ok(rumqttc::Event::Incoming(rumqttc::Packet::PubAck(_))) => return true,
                    Ok(_) => {}
                    Err(_) => return false,
                },
                Self::V5(_, events) => match events.poll().await {
                    Ok(rumqttc::v5::Event::Incoming(rumqttc::v5::mqttbytes::v5::Packet::PubAck(_))) => return true,
                    Ok(_) => {}
                    Err(_) => return false,
                },
            }
        }
    }

    /// Polls for as long as `arrival` takes; an acknowledgement meanwhile is a failure.
    async fn while_waiting<T>(&mut self, other: impl Future<Output = T>) -> T {
        tokio::select! {
            _ = self.acknowledged() => panic!("the client was answered before the message was safe"),
            outcome = other => outcome,
        }
    }
}

fn port(running: &Running) -> u16 {
    running.handle.listener_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_answered_only_after_its_message_is_safe() {
    for version in [4, 5] {
        let mut running = Running::start(config(listener())).await;
        let mut client = Client::new(version, "gw", port(&running), None);
        client.publish(QoS::AtLeastOnce, br#"{"values":{"a":1}}"#);
        let arrival = client.while_waiting(running.arrival()).await;
        assert_eq!(arrival.readings.len(), 1);
        client.while_waiting(tokio::time::sleep(QUIET)).await;
        Arrival::confirm(arrival.owed);
        assert!(timeout(LONG, client.acknowledged()).await.unwrap(), "MQTT version {version}");
        running.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_that_could_not_be_kept_is_never_answered_and_its_client_must_come_again() {
    for version in [4, 5] {
        let mut running = Running::start(config(listener())).await;
        let mut client = Client::new(version, "gw", port(&running), None);
        client.publish(QoS::AtLeastOnce, br#"{"values":{"a":1}}"#);
        drop(client.while_waiting(running.arrival()).await);
        assert!(!timeout(LONG, client.acknowledged()).await.unwrap(), "MQTT version {version} was answered");
        client.publish(QoS::AtLeastOnce, br#"{"values":{"a":1}}"#);
        let again = client.while_waiting(running.arrival()).await;
        assert_eq!(again.readings.len(), 1);
        Arrival::confirm(again.owed);
        assert!(timeout(LONG, client.acknowledged()).await.unwrap());
        running.end().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_message_is_answered_too_once_its_dead_letter_is_kept() {
    let mut running = Running::start(config(listener())).await;
    let mut client = Client::new(4, "gw", port(&running), None);
    client.publish(QoS::AtLeastOnce, b"not json");
    client.publish(QoS::AtLeastOnce, &vec![b' '; 300 * 1024]);
    let (mut reasons, mut owed) = (Vec::new(), Vec::new());
    while reasons.len() < 2 {
        let arrival = client.while_waiting(running.arrival()).await;
        reasons.extend(arrival.refused.iter().map(|letter| letter.reason));
        owed.extend(arrival.owed);
    }
    Arrival::confirm(owed);
    assert_eq!(reasons, [model::Reason::Malformed, model::Reason::TooLarge]);
    for _ in reasons {
        assert!(timeout(LONG, client.acknowledged()).await.unwrap());
    }
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_without_a_wish_for_an_answer_arrives_and_is_counted() {
    let mut running = Running::start(config(listener())).await;
    let mut client = Client::new(5, "gw", port(&running), None);
    client.publish(QoS::AtMostOnce, br#"{"values":{"a":1}}"#);
    let arrival = client.while_waiting(running.arrival()).await;
    assert_eq!((arrival.readings.len(), arrival.owed.len()), (1, 1));
    let status = &running.handle.sources()[0];
    assert_eq!((status.received, status.connections), (1, 1));
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_clients_share_an_arrival_and_none_of_them_is_split() {
    let mut running = Running::start(config(listener())).await;
    let port = port(&running);
    let clients = (0..20).map(|number| {
        tokio::spawn(async move {
            let mut client = Client::new(4, &format!("gw{number}"), port, None);
            for _ in 0..5 {
                client.publish(QoS::AtLeastOnce, br#"{"values":{"a":1,"b":2,"c":3}}"#);
            }
            for _ in 0..5 {
                assert!(client.acknowledged().await);
            }
        })
    });
    let clients = clients.collect::<Vec<_>>();
    let mut messages = 0;
    while messages < 100 {
        let arrival = running.arrival().await;
        assert_eq!(arrival.readings.len(), arrival.messages * 3);
        messages += arrival.messages;
        Arrival::confirm(arrival.owed);
    }
    for client in clients {
        timeout(LONG, client).await.unwrap().unwrap();
    }
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_users_with_their_password_may_connect() {
    let users = vec![User::generated("sim", Secret::new("uno"))];
    let mut running = Running::start(config(Listener { anonymous: false, users, ..listener() })).await;
    for login in [None, Some(("sim", "due")), Some(("other", "uno"))] {
        for version in [4, 5] {
            let mut client = Client::new(version, "gw", port(&running), login);
            client.publish(QoS::AtLeastOnce, br#"{"values":{"a":1}}"#);
            assert!(!timeout(LONG, client.acknowledged()).await.unwrap(), "{login:?} was let in");
        }
    }
    let mut client = Client::new(4, "gw", port(&running), Some(("sim", "uno")));
    client.publish(QoS::AtLeastOnce, br#"{"values":{"a":1}}"#);
    Arrival::confirm(client.while_waiting(running.arrival()).await.owed);
    assert!(timeout(LONG, client.acknowledged()).await.unwrap());
    running.end().await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error_that_names_it() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap();
    let (sender, _arrivals) = mpsc::channel(1);
    let started = Ingest::start(
        config(Listener { bind: taken, ..listener() }),
        Arc::new(EverybodyIsNew),
        Arc::new(FixedClock),
        sender,
        CancellationToken::new(),
    );
    let text = started.await.unwrap_err().to_string();
    assert!(text.contains(&taken.to_string()) && text.contains("listener.bind"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_in_hand_at_the_end_is_still_answered() {
    let mut running = Running::start(config(listener())).await;
    // By hand, byte for byte: a client library may overlook an answer that comes together with the end of the connection.
    let mut socket = TcpStream::connect(("127.0.0.1", port(&running))).await.unwrap();
    let payload = br#"{"values":{"a":1}}"#;
    let mut packets = b"\x10\x0e\x00\x04MQTT\x04\x02\x00\x3c\x00\x02gw".to_vec();
    packets.extend([0x32, (4 + TOPIC.len() + payload.len()) as u8, 0, TOPIC.len() as u8]);
    packets.extend(TOPIC.as_bytes());
    packets.extend([0, 1]);
    packets.extend(payload);
    socket.write_all(&packets).await.unwrap();
    let arrival = running.arrival().await;
    running.stop.cancel();
    Arrival::confirm(arrival.owed);
    let mut answer = Vec::new();
    timeout(LONG, socket.read_to_end(&mut answer)).await.unwrap().unwrap();
    assert_eq!(answer, b"\x20\x02\x00\x00\x40\x02\x00\x01", "CONNACK, then PUBACK, then the end");
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_leaves_is_no_longer_counted() {
    let mut running = Running::start(config(listener())).await;
    let mut client = Client::new(5, "gw", port(&running), None);
    client.publish(QoS::AtLeastOnce, br#"{"values":{"a":1}}"#);
    Arrival::confirm(client.while_waiting(running.arrival()).await.owed);
    assert!(client.acknowledged().await);
    assert_eq!(running.handle.sources()[0].connections, 1);
    drop(client);
    until(|| running.handle.sources()[0].connections == 0).await;
    running.end().await;
}
