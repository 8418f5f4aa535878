//! Who gets into our own listener, what it may do there, and what happens to those who misbehave.

use ingest::Arrival;
use ingest::config::{Listener, Role, User};
use model::Duration;
use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use crate::kit::{LONG, until};
use crate::own_listener_kit::{
    Client, Hello, Kept, QUIET, READING, listener, packet, port, publish, run, topic_of, user, with_users,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_messages_are_on_their_way_and_none_is_answered_before_it_is_safe() {
    let mut running = run(listener()).await;
    let mut client = Client::new(port(&running), 4, "gw").await;
    let packets = (1..=500).flat_map(|number| publish(4, &topic_of("gw"), 2, number, READING)).collect::<Vec<_>>();
    client.send(&packets).await;
    let mut held = Vec::new();
    while held.len() < 500 {
        held.extend(running.arrival().await.owed);
    }
    client.silence().await;
    // The last ones are safe first; answers leave in order all the same.
    let (early, late): (Vec<_>, Vec<_>) = held.into_iter().enumerate().partition(|(at, _)| *at < 300);
    late.into_iter().for_each(|(_, ack)| ack.confirm());
    early.into_iter().for_each(|(_, ack)| ack.confirm());
    for number in 1..=500_u16 {
        assert_eq!(client.packet().await, Some((0x40, number.to_be_bytes().to_vec())));
    }
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_safe_is_not_answered_and_nobody_hears_it() {
    let mut running = run(listener()).await;
    let mut watcher = Client::new(port(&running), 4, "watcher").await;
    watcher.subscribe("#", 1).await;
    let mut client = Client::new(port(&running), 5, "gw").await;
    client.send(&publish(5, &topic_of("gw"), 2, 1, READING)).await;
    drop(running.arrival().await);
    assert_eq!(client.packet().await, Some((0xe0, vec![0x80])));
    assert_eq!(client.packet().await, None);
    watcher.silence().await;
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_read_no_further_while_nothing_becomes_safe_and_nothing_is_lost() {
    let mut listener = listener();
    listener.in_flight = 50;
    let mut running = run(listener).await;
    let port = port(&running);
    let sent = 20_000_u32;
    let sending = tokio::spawn(async move {
        let mut client = Client::new(port, 4, "gw").await;
        let (mut reader, mut writer) = client.socket.split();
        let write = async {
            for number in 0..sent {
                let payload = format!("{{\"time\":\"2026-11-22T09:00:00Z\",\"values\":{{\"n\":{number}}}}}");
                let packet = publish(4, &topic_of("gw"), 2, (number % 60_000 + 1) as u16, payload.as_bytes());
                writer.write_all(&packet).await.unwrap();
            }
        };
        let read = async {
            let mut answers = vec![0; 4 * sent as usize];
            reader.read_exact(&mut answers).await.unwrap();
            answers.chunks(4).map(|answer| u32::from(u16::from_be_bytes([answer[2], answer[3]]))).collect::<Vec<_>>()
        };
        tokio::join!(write, read).1
    });
    let mut values = Vec::new();
    let first = running.arrival().await;
    tokio::time::sleep(QUIET).await;
    assert!(running.handle.sources()[0].received <= 400, "{} were taken", running.handle.sources()[0].received);
    let mut take = |arrival: Arrival| {
        values.extend(arrival.readings.iter().map(|reading| reading.value.clone()));
        Arrival::confirm(arrival.owed);
        values.len()
    };
    let mut taken = take(first);
    while taken < sent as usize {
        taken = take(running.arrival().await);
    }
    let answers = timeout(LONG, sending).await.unwrap().unwrap();
    assert!(answers.iter().copied().eq((0..sent).map(|number| number % 60_000 + 1)));
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_speaks_of_itself_only_and_hears_its_own_commands_only() {
    let device = |name: &str| User { role: Role::Device, ..user(name) };
    let kept = Kept::start(with_users(vec![device("lamp-1"), device("lamp-2"), user("server")])).await;
    let hello = |version, name| Hello { user: Some((name, name)), ..Hello::new(version, name) };
    let (mut lamp, _) = Client::hello(kept.port(), &hello(5, "lamp-1")).await;
    assert_eq!(lamp.assure(&topic_of("lamp-1"), false, READING).await, 0);
    assert_eq!(lamp.assure(&topic_of("lamp-2"), false, READING).await, 0x87);
    assert_eq!(lamp.subscribe("specola/v1/messina/lamp-1/command/#", 1).await, 1);
    for other in ["#", "specola/v1/messina/+/command/#", "specola/v1/messina/lamp-2/command/x", "$share/g/#"] {
        assert_eq!(lamp.subscribe(other, 1).await, 0x87, "{other}");
    }
    let (mut server, _) = Client::hello(kept.port(), &hello(4, "server")).await;
    server.assure("specola/v1/messina/lamp-2/command/on", false, b"2").await;
    server.assure("specola/v1/messina/lamp-1/command/on", false, b"1").await;
    assert_eq!(lamp.message().await.payload, b"1");
    // An older client can be told by the end of its connection only.
    let (mut old, _) = Client::hello(kept.port(), &hello(4, "lamp-2")).await;
    old.send(&publish(4, &topic_of("lamp-1"), 2, 1, READING)).await;
    assert_eq!(old.packet().await, None);
    // A will is a message too.
    let will = Some(("specola/v1/messina/lamp-2/readings", READING, 8, &b""[..]));
    let (_, answer) = Client::hello(kept.port(), &Hello { will, ..hello(5, "lamp-1") }).await;
    assert_eq!(answer[1], 0x87);
    assert_eq!(kept.end().await, 1, "readings");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_on_one_listener_never_hear_each_other() {
    let other = User { tenant: Some("catania".to_owned()), ..user("catania") };
    let mut running = run(with_users(vec![user("messina"), other])).await;
    let hello = |name, client| Hello { user: Some((name, name)), ..Hello::new(5, client) };
    let mut clients = Vec::new();
    for name in ["messina", "catania"] {
        // The same client identifier: sessions are of one tenant.
        let (mut client, answer) = Client::hello(port(&running), &hello(name, "gw")).await;
        assert_eq!(answer[..2], [0, 0]);
        assert_eq!(client.subscribe("#", 0).await, 0);
        clients.push(client);
    }
    let [mut messina, mut catania] = <[Client; 2]>::try_from(clients).ok().unwrap();
    let payload = br#"{"device":"d","values":{"a":1}}"#;
    messina.send(&publish(5, "senml/x/json", 1, 0, br#"[{"n":"urn:d:a","v":1}]"#)).await;
    let arrival = running.arrival().await;
    assert!(arrival.readings.iter().all(|reading| reading.series.tenant.as_str() == "messina"));
    Arrival::confirm(arrival.owed);
    assert_eq!(messina.message().await.topic, "senml/x/json");
    catania.silence().await;
    let (mut late, _) = Client::hello(port(&running), &hello("catania", "late")).await;
    late.subscribe("#", 0).await;
    late.silence().await;
    // The tenant of a topic must be the one of the user.
    catania.send(&publish(5, "specola/v1/messina/gw/readings", 2, 1, payload)).await;
    let arrival = running.arrival().await;
    assert_eq!((arrival.readings.len(), arrival.refused.len()), (0, 1));
    assert_eq!(arrival.refused[0].tenant.as_str(), "catania");
    Arrival::confirm(arrival.owed);
    let names = running.handle.sources().iter().map(|s| (s.name.clone(), s.received)).collect::<Vec<_>>();
    assert_eq!(names[..2], [("listener".to_owned(), 1), ("listener/catania".to_owned(), 1)]);
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_logins_are_answered_more_and_more_slowly() {
    let kept = Kept::start(with_users(vec![user("gw")])).await;
    let start = Instant::now();
    for _ in 0..3 {
        let hello = Hello { user: Some(("gw", "wrong")), ..Hello::new(4, "gw") };
        assert_eq!(Client::hello(kept.port(), &hello).await.1, [0, 4]);
    }
    assert!(start.elapsed() >= Duration::from_millis(700), "{:?}", start.elapsed());
    let start = Instant::now();
    let hello = Hello { user: Some(("gw", "gw")), ..Hello::new(4, "gw") };
    assert_eq!(Client::hello(kept.port(), &hello).await.1, [0, 0]);
    assert!(start.elapsed() < Duration::from_millis(700), "the right password waits for nobody");
    let hello = Hello { user: Some(("gw", "gw")), properties: b"\x15\x00\x01m", ..Hello::new(5, "gw") };
    assert_eq!(Client::hello(kept.port(), &hello).await.1[1], 0x8c, "bad authentication method");
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_without_a_name_gets_one_where_that_is_allowed() {
    let kept = Kept::start(listener()).await;
    let hello = |version, clean| Hello { clean, ..Hello::new(version, "") };
    for (version, clean, code) in [(3, true, 2), (4, false, 2), (4, true, 0), (5, false, 0)] {
        let (_client, answer) = Client::hello(kept.port(), &hello(version, clean)).await;
        assert_eq!(answer[1], code, "{version} {clean}");
    }
    let (_client, answer) = Client::hello(kept.port(), &hello(5, true)).await;
    let text = String::from_utf8_lossy(&answer).into_owned();
    assert!(text.contains("auto-"), "{text:?}");
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_are_told_and_held() {
    let limits = Listener {
        in_flight: 10,
        max_packet_bytes: 400_000,
        max_keep_alive_seconds: 30,
        session_seconds: 100,
        max_subscriptions: 2,
        ..listener()
    };
    let mut running = run(limits).await;
    let port = port(&running);
    let (mut client, answer) =
        Client::hello(port, &Hello { properties: b"\x11\x00\x00\x01\x00", ..Hello::new(5, "gw") }).await;
    let expected = b"\x11\x00\x00\x00\x64\x21\x00\x0a\x27\x00\x06\x1a\x80\x22\x00\x40\x13\x00\x1e";
    assert_eq!(answer[3..], *expected);
    assert_eq!((client.subscribe("a", 0).await, client.subscribe("b", 0).await), (0, 0));
    assert_eq!(client.subscribe("c", 0).await, 0x97);
    for bad in ["a/#/b", "x+", "$share/g", ""] {
        assert_eq!(client.subscribe(bad, 0).await, 0x8f, "{bad}");
    }
    // Nothing becomes safe: the eleventh is one too many.
    let packets = (1..=11).flat_map(|number| publish(5, &topic_of("gw"), 2, number, READING)).collect::<Vec<_>>();
    client.send(&packets).await;
    assert_eq!(client.packet().await, Some((0xe0, vec![0x93])));
    drop(running.arrival().await);
    let mut client = Client::new(port, 5, "large").await;
    client.send(b"\x30\xff\xff\x7f").await;
    assert_eq!(client.packet().await, Some((0xe0, vec![0x95])));
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_so_many_places_and_no_more() {
    let kept = Kept::start(Listener { max_connections: 3, ..listener() }).await;
    let port = kept.port();
    let seats = [Client::new(port, 4, "1").await, Client::new(port, 4, "2").await, Client::new(port, 4, "3").await];
    let mut fourth = Client::raw(port).await;
    // It may be closed before this is sent.
    drop(fourth.socket.write_all(&Hello::new(4, "4").bytes()).await);
    assert_eq!(fourth.packet().await, None);
    for client in seats {
        client.goodbye().await;
    }
    until(|| kept.handle.sources()[0].connections == 0).await;
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_sends_too_fast_is_read_more_slowly_and_loses_nothing() {
    let kept = Kept::start(Listener { max_messages_per_second: 100, ..listener() }).await;
    let mut client = Client::new(kept.port(), 4, "gw").await;
    let start = Instant::now();
    for number in 1..=250 {
        client.send(&publish(4, &topic_of("gw"), 2, number, READING)).await;
        if number % 10 == 0 {
            for _ in 0..10 {
                assert_eq!(client.packet().await.unwrap().0, 0x40);
            }
        }
    }
    let took = start.elapsed();
    assert!((1_300..4_000).contains(&took.as_millis()), "{took:?}");
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_says_nothing_or_little_must_go() {
    let kept = Kept::start(Listener { connect_seconds: 1, ..listener() }).await;
    let mut slow = Client::raw(kept.port()).await;
    let hello = Hello::new(4, "slow").bytes();
    let start = Instant::now();
    for byte in hello.iter().take(10) {
        if slow.socket.write_all(&[*byte]).await.is_err() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    assert_eq!(slow.packet().await, None);
    assert!(start.elapsed() < Duration::from_secs(4));
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_clients_are_served_at_once_and_told_when_we_stop() {
    let mut running = run(listener()).await;
    let port = port(&running);
    let clients = (0..1_000).map(|number| {
        tokio::spawn(async move {
            let name = format!("gw{number}");
            let mut client = Client::new(port, if number % 2 == 0 { 4 } else { 5 }, &name).await;
            assert_eq!(client.assure(&topic_of(&name), false, READING).await, 0);
            client
        })
    });
    let clients = clients.collect::<Vec<_>>();
    let mut readings = 0;
    while readings < 1_000 {
        let arrival = running.arrival().await;
        readings += arrival.readings.len();
        Arrival::confirm(arrival.owed);
    }
    let mut there = Vec::new();
    for client in clients {
        there.push(timeout(LONG, client).await.unwrap().unwrap());
    }
    assert_eq!(running.handle.sources()[0].connections, 1_000);
    running.stop.cancel();
    for (number, mut client) in there.into_iter().enumerate() {
        let told = if number % 2 == 0 { None } else { Some((0xe0, vec![0x8b])) };
        assert_eq!(client.packet().await, told);
    }
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn any_bytes_end_at_most_their_own_connection() {
    let kept = Kept::start(listener()).await;
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut chance = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    let valid = [
        Hello::new(5, "gw").bytes(),
        publish(5, &topic_of("gw"), 4, 3, READING),
        packet(0x82, b"\x00\x01\x00\x00\x03a/b\x01"),
        packet(0xa2, b"\x00\x01\x00\x00\x03a/b"),
        packet(0x62, b"\x00\x03"),
        packet(0xe0, b"\x00\x05\x11\x00\x00\x00\x05"),
    ];
    let mut watcher = Client::new(kept.port(), 4, "watcher").await;
    for round in 0..2_000_u32 {
        let Ok(mut socket) = TcpStream::connect(("127.0.0.1", kept.port())).await else { continue };
        let mut bytes = if round % 4 == 0 { Vec::new() } else { Hello::new(4 + (round % 2) as u8, "any").bytes() };
        for _ in 0..1 + chance() % 6 {
            let mut next = valid[(chance() % valid.len() as u64) as usize].clone();
            for _ in 0..chance() % 4 {
                let at = (chance() % next.len() as u64) as usize;
                next[at] = chance() as u8;
            }
            bytes.extend(next);
        }
        // The other end may be gone already.
        drop(socket.write_all(&bytes).await);
    }
    assert_eq!(watcher.assure(&topic_of("watcher"), false, READING).await, 0);
    watcher.goodbye().await;
    assert!(kept.end().await > 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn packets_cut_anywhere_mean_the_same(cuts in proptest::collection::vec(1_usize..40, 1..30)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let kept = Kept::start(listener()).await;
            let mut client = Client::raw(kept.port()).await;
            let mut bytes = Hello::new(4, "gw").bytes();
            for number in 1..=5 {
                bytes.extend(publish(4, &topic_of("gw"), 2, number, READING));
            }
            let mut rest = &bytes[..];
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                client.send(now).await;
                tokio::task::yield_now().await;
                rest = later;
                if rest.is_empty() {
                    break;
                }
            }
            assert_eq!(client.packet().await.unwrap().0, 0x20);
            for number in 1..=5_u8 {
                assert_eq!(client.packet().await, Some((0x40, vec![0, number])));
            }
            drop(client);
            assert_eq!(kept.end().await, 5);
        });
    }
}
