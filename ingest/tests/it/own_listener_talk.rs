//! Our own listener as a broker: what clients say to each other, in all three versions.

use ingest::config::Listener;
use ingest::{Arrival, Config};
use model::Duration;
use tokio::process::Command;
use tokio::time::{Instant, sleep, timeout};

use crate::kit::{LONG, Running, until};
use crate::own_listener_kit::{
    Client, Hello, Kept, READING, listener, packet, publish, publish_with, topic_of, user, with_users,
};
use crate::sparkplug_payload::{Metric, Scalar, message as sparkplug};

const MULTI: [u8; 3] = [3, 4, 5];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_versions_talk_to_each_other_at_every_qos() {
    let kept = Kept::start(listener()).await;
    for from in MULTI {
        for to in MULTI {
            let mut subscriber = Client::new(kept.port(), to, "subscriber").await;
            assert_eq!(subscriber.subscribe("a/+", 2).await, 2);
            let mut publisher = Client::new(kept.port(), from, "publisher").await;
            for (flags, answer) in [(0, None), (2, Some(0x40)), (4, Some(0x50))] {
                publisher.send(&publish(from, "a/b", flags, 5, b"x")).await;
                if let Some(answer) = answer {
                    assert_eq!(publisher.packet().await.unwrap().0, answer);
                }
                let heard = subscriber.message().await;
                assert_eq!((heard.topic.as_str(), heard.flags, &heard.payload[..]), ("a/b", flags, &b"x"[..]));
            }
            publisher.goodbye().await;
            subscriber.goodbye().await;
        }
    }
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_qos_2_is_taken_once_however_often_it_is_sent() {
    let kept = Kept::start(listener()).await;
    for version in [4, 5] {
        let mut subscriber = Client::new(kept.port(), version, "subscriber").await;
        subscriber.subscribe("#", 0).await;
        let hello = Hello { clean: false, properties: b"\x11\x00\x00\x00\x3c", ..Hello::new(version, "gw") };
        let hello = if version == 5 { hello } else { Hello { properties: b"", ..hello } };
        let (mut publisher, _) = Client::hello(kept.port(), &hello).await;
        let topic = topic_of("gw");
        publisher.send(&publish(version, &topic, 4, 5, READING)).await;
        assert_eq!(publisher.packet().await.unwrap(), (0x50, vec![0, 5]));
        publisher.send(&publish(version, &topic, 12, 5, READING)).await;
        assert_eq!(publisher.packet().await.unwrap(), (0x50, vec![0, 5]));
        drop(publisher);
        let (mut publisher, answer) = Client::hello(kept.port(), &hello).await;
        assert_eq!(answer[0], 1, "the session is there");
        publisher.send(&publish(version, &topic, 12, 5, READING)).await;
        assert_eq!(publisher.packet().await.unwrap(), (0x50, vec![0, 5]));
        publisher.send(&packet(0x62, &[0, 5])).await;
        assert_eq!(publisher.packet().await.unwrap(), (0x70, vec![0, 5]));
        assert_eq!(subscriber.message().await.payload, READING);
        subscriber.silence().await;
        publisher.goodbye().await;
    }
    assert_eq!(kept.end().await, 2, "one reading for each version");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_reaches_later_subscribers_as_they_wish() {
    let kept = Kept::start(listener()).await;
    let mut publisher = Client::new(kept.port(), 5, "publisher").await;
    for topic in ["a/x", "a/y", "b"] {
        assert_eq!(publisher.assure(topic, true, topic.as_bytes()).await, 0);
    }
    let mut old = Client::new(kept.port(), 4, "old").await;
    old.subscribe("a/#", 1).await;
    let (x, y) = (old.message().await, old.message().await);
    assert_eq!((x.topic.as_str(), x.flags, y.topic.as_str(), y.flags), ("a/x", 3, "a/y", 3));
    // A message that is kept and comes now is no old one; retain as published (8) says that it is kept.
    let mut new = Client::new(kept.port(), 5, "new").await;
    new.subscribe("a/x", 0x20).await;
    new.subscribe("b", 0x28).await;
    new.silence().await;
    publisher.assure("a/x", true, b"1").await;
    publisher.assure("b", true, b"2").await;
    assert_eq!((new.message().await.flags, new.message().await.flags), (0, 1));
    // Only with a new subscription (0x10).
    new.subscribe("a/y", 0x10).await;
    assert_eq!(new.message().await.payload, b"a/y");
    new.subscribe("a/y", 0x10).await;
    new.silence().await;
    // An empty one makes us forget.
    assert_eq!(publisher.assure("a/x", true, b"").await, 0);
    let mut late = Client::new(kept.port(), 5, "late").await;
    late.subscribe("a/+", 0).await;
    assert_eq!(late.message().await.topic, "a/y");
    late.silence().await;
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kept_message_that_has_no_room_is_answered_so() {
    let kept = Kept::start(Listener { retained_messages: 1, ..listener() }).await;
    let mut client = Client::new(kept.port(), 5, "client").await;
    assert_eq!(client.assure("a", true, b"1").await, 0);
    assert_eq!(client.assure("b", true, b"1").await, 0x97);
    assert_eq!(client.assure("a", true, b"2").await, 0);
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn properties_go_through_and_a_message_that_nobody_wants_any_more_does_not() {
    let kept = Kept::start(listener()).await;
    let hello = Hello { clean: false, properties: b"\x11\x00\x00\x00\x3c", ..Hello::new(5, "sub") };
    let (mut subscriber, _) = Client::hello(kept.port(), &hello).await;
    subscriber.subscribe_with("a/#", 1, b"\x0b\x07").await;
    subscriber.subscribe_with("a/b", 1, b"\x0b\x08").await;
    let mut publisher = Client::new(kept.port(), 5, "pub").await;
    let passed = b"\x01\x01\x03\x00\x01t\x08\x00\x01r\x09\x00\x01c\x26\x00\x01k\x00\x01v";
    publisher.send(&publish_with(5, "a/b", 2, 1, passed, b"x")).await;
    let heard = subscriber.message().await;
    assert_eq!(&heard.properties[..passed.len()], passed);
    let mut ids = heard.properties[passed.len()..].chunks(2).map(|id| (id[0], id[1])).collect::<Vec<_>>();
    ids.sort_unstable();
    assert_eq!(ids, [(0x0b, 7), (0x0b, 8)], "one copy with both subscriptions");
    subscriber.send(&packet(0x40, &heard.number.to_be_bytes())).await;
    subscriber.goodbye().await;
    publisher.heard.clear();
    publisher.packet().await;
    publisher.send(&publish_with(5, "a/b", 2, 2, b"\x02\x00\x00\x00\x01", b"short")).await;
    publisher.packet().await;
    publisher.send(&publish_with(5, "a/b", 2, 3, b"\x02\x00\x00\x00\x63", b"long")).await;
    publisher.packet().await;
    sleep(Duration::from_millis(1_100)).await;
    let (mut subscriber, answer) = Client::hello(kept.port(), &hello).await;
    assert_eq!(answer[0], 1);
    let heard = subscriber.message().await;
    assert_eq!(heard.payload, b"long");
    assert_eq!(heard.properties[..4], *b"\x02\x00\x00\x00");
    assert!((90..99).contains(&heard.properties[4]), "{:?} seconds are left", heard.properties[4]);
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topic_aliases_stand_for_topics_both_ways() {
    let kept = Kept::start(listener()).await;
    let (mut subscriber, _) =
        Client::hello(kept.port(), &Hello { properties: b"\x22\x00\x01", ..Hello::new(5, "sub") }).await;
    subscriber.subscribe("#", 0).await;
    let mut publisher = Client::new(kept.port(), 5, "pub").await;
    publisher.send(&publish_with(5, "a", 0, 0, b"\x23\x00\x05", b"1")).await;
    publisher.send(&publish_with(5, "", 0, 0, b"\x23\x00\x05", b"2")).await;
    publisher.send(&publish(5, "b", 0, 0, b"3")).await;
    let heard = [subscriber.message().await, subscriber.message().await, subscriber.message().await];
    let seen = heard.map(|heard| (heard.topic, heard.properties, heard.payload));
    let alias = b"\x23\x00\x01".to_vec();
    assert_eq!(seen[0], ("a".to_owned(), alias.clone(), b"1".to_vec()));
    assert_eq!(seen[1], (String::new(), alias, b"2".to_vec()));
    assert_eq!(seen[2], ("b".to_owned(), vec![], b"3".to_vec()));
    for bad in [&b"\x23\x00\x00"[..], b"\x23\x00\x09", b"\x23\x01\x00"] {
        let mut client = Client::new(kept.port(), 5, "bad").await;
        client.send(&publish_with(5, "", 0, 0, bad, b"x")).await;
        assert_eq!(client.packet().await, Some((0xe0, vec![0x94])), "{bad:x?}");
    }
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_hears_himself_who_does_not_want_to_and_a_group_hears_once() {
    let kept = Kept::start(listener()).await;
    let mut one = Client::new(kept.port(), 5, "one").await;
    let mut two = Client::new(kept.port(), 5, "two").await;
    one.subscribe("a", 4).await;
    two.subscribe("a", 4).await;
    one.send(&publish(5, "a", 0, 0, b"x")).await;
    assert_eq!(two.message().await.payload, b"x");
    one.silence().await;
    for client in [&mut one, &mut two] {
        assert_eq!(client.subscribe("$share/g/s/#", 0).await, 0);
    }
    let mut publisher = Client::new(kept.port(), 4, "pub").await;
    for _ in 0..10 {
        publisher.send(&publish(4, "s/1", 0, 0, b"x")).await;
    }
    for _ in 0..5 {
        one.message().await;
        two.message().await;
    }
    one.silence().await;
    two.silence().await;
    // A member that is gone misses nothing for the group.
    two.goodbye().await;
    for _ in 0..3 {
        publisher.send(&publish(4, "s/1", 0, 0, b"x")).await;
        one.message().await;
    }
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_client_of_the_same_name_takes_over() {
    let kept = Kept::start(listener()).await;
    let mut first = Client::new(kept.port(), 5, "gw").await;
    let mut second = Client::new(kept.port(), 5, "gw").await;
    assert_eq!(first.packet().await, Some((0xe0, vec![0x8e])));
    assert_eq!(first.packet().await, None);
    assert_eq!(second.assure("a", false, b"x").await, 0);
    until(|| kept.handle.sources()[0].connections == 1).await;
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_belongs_to_its_user() {
    let kept = Kept::start(with_users(vec![user("one"), user("two")])).await;
    let hello = |name| Hello { user: Some((name, name)), ..Hello::new(5, "gw") };
    let (mut first, answer) = Client::hello(kept.port(), &hello("one")).await;
    assert_eq!(answer[1], 0);
    let (_, answer) = Client::hello(kept.port(), &hello("two")).await;
    assert_eq!(answer[1], 0x85, "client identifier not valid");
    assert_eq!(first.assure("a", false, b"x").await, 0, "the first is still there");
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_client_is_cut_off_and_one_without_keep_alive_is_not() {
    let kept = Kept::start(listener()).await;
    let (mut quiet, _) = Client::hello(kept.port(), &Hello { keep_alive: 1, ..Hello::new(5, "quiet") }).await;
    let (mut free, _) = Client::hello(kept.port(), &Hello { keep_alive: 0, ..Hello::new(5, "free") }).await;
    let start = Instant::now();
    assert_eq!(quiet.packet().await, Some((0xe0, vec![0x8d])));
    let waited = start.elapsed();
    assert!((1_400..2_500).contains(&waited.as_millis()), "{waited:?}");
    free.send(&[0xc0, 0]).await;
    assert_eq!(free.packet().await, Some((0xd0, vec![])));
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_absent_client_finds_what_was_said_to_it_even_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let listener = || Listener { state_folder: Some(folder.path().to_owned()), ..listener() };
    let kept = Kept::start(listener()).await;
    let hello = Hello { clean: false, ..Hello::new(4, "absent") };
    let (mut subscriber, answer) = Client::hello(kept.port(), &hello).await;
    assert_eq!(answer, [0, 0]);
    subscriber.subscribe("to/+", 2).await;
    // One is on its way without an answer, at QoS 2.
    let mut publisher = Client::new(kept.port(), 4, "pub").await;
    publisher.send(&publish(4, "to/0", 4, 1, b"0")).await;
    let heard = subscriber.message().await;
    subscriber.send(&packet(0x50, &heard.number.to_be_bytes())).await;
    assert_eq!(subscriber.packet().await.unwrap().0, 0x62);
    drop(subscriber);
    until(|| kept.handle.sources()[0].connections == 1).await;
    publisher.packet().await;
    publisher.assure("to/1", false, b"1").await;
    publisher.assure("kept", true, b"k").await;
    publisher.send(&publish(4, "to/9", 0, 0, b"of QoS 0, for nobody")).await;
    publisher.assure("to/2", false, b"2").await;
    kept.end().await;

    let kept = Kept::start(listener()).await;
    let (mut subscriber, answer) = Client::hello(kept.port(), &hello).await;
    assert_eq!(answer, [1, 0], "the session is present");
    let (first, body) = subscriber.packet().await.unwrap();
    assert_eq!(
        (first, body),
        (0x62, heard.number.to_be_bytes().to_vec()),
        "what was received is released, not sent again"
    );
    subscriber.send(&packet(0x70, &heard.number.to_be_bytes())).await;
    for expected in [b"1", b"2"] {
        let heard = subscriber.message().await;
        assert_eq!((heard.payload.as_slice(), heard.flags & 6), (&expected[..], 2));
        subscriber.send(&packet(0x40, &heard.number.to_be_bytes())).await;
    }
    subscriber.subscribe("kept", 0).await;
    assert_eq!(subscriber.message().await.payload, b"k");
    subscriber.silence().await;
    subscriber.goodbye().await;
    // A clean start forgets all of it.
    drop(Client::new(kept.port(), 4, "absent").await);
    kept.end().await;
    let kept = Kept::start(listener()).await;
    let (mut subscriber, answer) = Client::hello(kept.port(), &hello).await;
    assert_eq!(answer, [0, 0]);
    subscriber.silence().await;
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mosquittos_clients_understand_us() {
    let kept = Kept::start(listener()).await;
    let port = kept.port().to_string();
    for version in ["mqttv31", "mqttv311", "mqttv5"] {
        for qos in ["0", "1", "2"] {
            let mut publisher = Command::new("mosquitto_pub");
            publisher.args(["-h", "127.0.0.1", "-p", &port, "-V", version, "-q", qos, "-r"]);
            publisher.args(["-t", &format!("talk/{qos}"), "-m", version]);
            let status = publisher.status().await.expect("this test needs mosquitto-clients");
            assert!(status.success(), "{version} QoS {qos}");
        }
        // What is kept is there for whoever comes later: no need to guess when it has subscribed.
        let mut subscriber = Command::new("mosquitto_sub");
        subscriber.args(["-h", "127.0.0.1", "-p", &port, "-V", version, "-q", "2", "-t", "talk/#", "-C", "3", "-v"]);
        let output = timeout(LONG, subscriber.kill_on_drop(true).output()).await.expect("it did not get them").unwrap();
        let mut heard = String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();
        heard.sort();
        assert_eq!(heard, [0, 1, 2].map(|qos| format!("talk/{qos} {version}")));
    }
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn edge_nodes_hear_that_we_are_there_what_we_ask_and_that_we_go() {
    let running = Running::start(Config { listener: listener(), ..Config::default() }).await;
    let Running { handle, mut arrivals, stop, service } = running;
    let confirming = tokio::spawn(async move {
        while let Some(arrival) = arrivals.recv().await {
            Arrival::confirm(arrival.owed);
        }
    });
    let mut node = Client::new(handle.listener_addr().unwrap().port(), 4, "node").await;
    node.subscribe("spBv1.0/STATE/+", 1).await;
    let online = node.message().await;
    assert_eq!((online.topic.as_str(), online.flags), ("spBv1.0/STATE/specola", 3));
    assert!(online.payload.starts_with(br#"{"online":true"#), "{online:?}");
    node.send(&packet(0x40, &online.number.to_be_bytes())).await;
    // Data before a birth: the node is asked to start over.
    node.subscribe("spBv1.0/Comune/NCMD/quadro", 0).await;
    let data = sparkplug("", 5, vec![Metric::aliased(1, Scalar::Int(1))]).payload;
    node.assure("spBv1.0/Comune/NDATA/quadro", false, &data).await;
    let asked = node.message().await;
    assert_eq!((asked.topic.as_str(), asked.flags), ("spBv1.0/Comune/NCMD/quadro", 0));
    stop.cancel();
    let offline = node.message().await;
    assert_eq!((offline.topic.as_str(), offline.flags & 6), ("spBv1.0/STATE/specola", 2));
    assert!(offline.payload.starts_with(br#"{"online":false"#), "{offline:?}");
    timeout(LONG, service).await.unwrap().unwrap().unwrap();
    confirming.await.unwrap();
}
