//! Our listener, over the wire, with whatever packets: nothing in it panics, and a client that behaves is served all the while.

use std::sync::Once;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use ingest::config::Listener;
use ingest::{Arrival, Config};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::mutate::{Chance, mutate};
use super::{runs, seed, shown};
use crate::kit::{LONG, Running};

/// Packets of one connection, at most: the listener closes it at the first that is not allowed.
const PACKETS: usize = 12;
/// How long an answer to nonsense is waited for; whatever comes later is not looked at.
const GLANCE: Duration = Duration::from_millis(2);
/// Connections at the same time.
const TOGETHER: u64 = 8;
/// How often the client that behaves is asked for, in connections.
const MARKER: u64 = 40 * TOGETHER;

/// Panics in the code of this member; a task that dies of one is otherwise only missed.
static PANICS: AtomicU64 = AtomicU64::new(0);

fn count_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let here = info.location().is_some_and(|at| at.file().contains("src/mqtt/listener"));
            PANICS.fetch_add(u64::from(here), Ordering::Relaxed);
            before(info);
        }));
    });
}

/// A packet with its length.
fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let mut packet = vec![first];
    let mut length = body.len();
    loop {
        let byte = (length & 0x7f) as u8;
        length >>= 7;
        packet.push(if length == 0 { byte } else { byte | 0x80 });
        if length == 0 {
            break;
        }
    }
    packet.extend_from_slice(body);
    packet
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u16).to_be_bytes().to_vec();
    bytes.extend_from_slice(text.as_bytes());
    bytes
}

/// Good ways to begin: MQTT 3.1, 3.1.1 and 5, with a will and without.
fn greetings() -> Vec<Vec<u8>> {
    let connect = |name: &str, version: u8, flags: u8, rest: &[&[u8]]| {
        packet(0x10, &[&text(name)[..], &[version, flags, 0, 30], &rest.concat()].concat())
    };
    vec![
        connect("MQTT", 4, 0x02, &[&text("fuzz")]),
        connect("MQTT", 4, 0x06, &[&text("will"), &text("specola/v1/messina/gw/readings"), &text("{}")]),
        connect("MQTT", 4, 0xc2, &[&text("user"), &text("name"), &text("password")]),
        connect("MQIsdp", 3, 0x02, &[&text("old")]),
        // Properties: session expiry, receive maximum, topic alias maximum, a user property.
        connect(
            "MQTT",
            5,
            0x02,
            &[
                &[22, 0x11, 0, 0, 0, 9, 0x21, 0, 5, 0x22, 0, 3, 0x26],
                &text("a"),
                &text("bcd"),
                &[0x17, 1],
                &text("five"),
            ],
        ),
    ]
}

/// Good packets after that.
fn sentences() -> Vec<Vec<u8>> {
    let topic = text("specola/v1/messina/gw/readings");
    let json = br#"{"device":"d","values":{"a":1}}"#;
    vec![
        packet(0x30, &[&topic[..], json].concat()),
        packet(0x32, &[&topic[..], &[0, 7], json].concat()),
        packet(0x33, &[&topic[..], &[0, 8], json].concat()),
        packet(0x34, &[&topic[..], &[0, 9], json].concat()),
        // With properties of MQTT 5: alias and message expiry.
        packet(0x32, &[&topic[..], &[0, 10, 8, 0x23, 0, 1, 0x02, 0, 0, 0, 60], json].concat()),
        packet(0x40, &[0, 1]),
        packet(0x50, &[0, 1]),
        packet(0x62, &[0, 9]),
        packet(0x70, &[0, 1]),
        packet(0x82, &[&[0, 2][..], &text("specola/v1/+/+/command/#"), &[1]].concat()),
        packet(0x82, &[&[0, 3, 0][..], &text("$share/g/spBv1.0/#"), &[2]].concat()),
        packet(0xa2, &[&[0, 4][..], &text("specola/v1/+/+/command/#")].concat()),
        packet(0xc0, &[]),
        packet(0xf0, &[0x18, 0]),
        packet(0xe0, &[]),
    ]
}

/// Everything one connection sends, and how many packets that is.
fn nonsense(chance: &mut Chance) -> (Vec<u8>, u64) {
    let (greetings, sentences) = (greetings(), sentences());
    let mut all = chance.pick(&greetings).clone();
    let mut packets = 1;
    if chance.one_in(4) {
        let other = chance.pick(&greetings).clone();
        mutate(chance, &mut all, &other);
    }
    for _ in 0..=chance.below(PACKETS) {
        let mut sentence = chance.pick(&sentences).clone();
        if chance.one_in(2) {
            let other = chance.pick(&sentences).clone();
            mutate(chance, &mut sentence, &other);
            if chance.one_in(2) && sentence.len() > 1 {
                // With a length that is true, so that what is inside is looked at.
                sentence = packet(sentence[0], &sentence[2..]);
            }
        }
        all.extend(sentence);
        packets += 1;
    }
    (all, packets)
}

/// One connection that says all of it and looks at some answers.
async fn speak(port: u16, bytes: Vec<u8>) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // It may be closed before everything is said; that is the listener's good right.
    let _ = stream.write_all(&bytes).await;
    let mut trash = vec![0; 4_096];
    while let Ok(Ok(1..)) = timeout(GLANCE, stream.read(&mut trash)).await {}
}

/// A client that behaves: its message is answered.
async fn marker(port: u16) {
    let served = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        stream.write_all(&packet(0x10, &[&text("MQTT")[..], &[4, 2, 0, 30], &text("marker")].concat())).await.unwrap();
        let mut answer = [0; 4];
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, [0x20, 2, 0, 0]);
        let body = [&text("specola/v1/messina/gw/readings")[..], &[0, 1], br#"{"device":"marker","values":{"m":1}}"#];
        stream.write_all(&packet(0x32, &body.concat())).await.unwrap();
        stream.read_exact(&mut answer).await.unwrap();
        assert_eq!(answer, [0x40, 2, 0, 1]);
        stream.write_all(&packet(0xe0, &[])).await.unwrap();
    };
    timeout(LONG, served).await.expect("a client that behaves was not served");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn our_listener_survives() {
    count_panics();
    let listener = Listener {
        enabled: true,
        bind: "127.0.0.1:0".parse().unwrap(),
        tenant: "messina".to_owned(),
        anonymous: true,
        ..Listener::default()
    };
    let Running { handle, mut arrivals, stop, service } =
        Running::start(Config { listener, ..Config::default() }).await;
    let port = handle.listener_addr().unwrap().port();
    let keeper = tokio::spawn(async move {
        let mut readings = 0;
        while let Some(arrival) = arrivals.recv().await {
            readings += arrival.readings.len();
            Arrival::confirm(arrival.owed);
        }
        readings
    });

    let (mut packets, mut connections) = (0, 0);
    while packets < runs() {
        let together: Vec<(Vec<u8>, u64)> =
            (0..TOGETHER).map(|n| nonsense(&mut Chance::new(seed() ^ (connections + n)))).collect();
        let mut speakers = JoinSet::new();
        for (bytes, count) in together.clone() {
            packets += count;
            speakers.spawn(speak(port, bytes));
        }
        speakers.join_all().await;
        if PANICS.load(Ordering::Relaxed) > 0 {
            let all: Vec<String> = together.iter().map(|(bytes, _)| shown(bytes)).collect();
            panic!("the listener fell over; seed {}, connections from {connections} on:\n{}", seed(), all.join("\n"));
        }
        connections += TOGETHER;
        if connections % MARKER == 0 {
            marker(port).await;
        }
    }
    marker(port).await;
    stop.cancel();
    timeout(LONG, service).await.expect("the service did not end").unwrap().unwrap();
    let readings = timeout(LONG, keeper).await.expect("the stages did not end").unwrap();
    assert!(readings > 100, "only {readings} readings arrived: the packets do not reach it");
    assert_eq!(PANICS.load(Ordering::Relaxed), 0);
}
