//! Messages of QoS 2 on our own listener: a number that is taken for known must never answer for a message that is not safe.

use ingest::Arrival;
use ingest::config::Listener;

use crate::own_listener_kit::{Client, Hello, READING, listener, packet, port, publish, publish_with, run, topic_of};

/// Says that the payload is text, which it then is not.
const TEXT: &[u8] = b"\x01\x01";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_of_a_refused_message_answers_for_no_other() {
    let mut running = run(listener()).await;
    let (topic, properties) = (topic_of("gw"), &b"\x11\x00\x00\x00\x3c"[..]);
    let hello = Hello { clean: false, properties, ..Hello::new(5, "gw") };
    let (mut client, _) = Client::hello(port(&running), &hello).await;
    client.send(&publish_with(5, &topic, 4, 5, TEXT, b"\xff\xff")).await;
    Arrival::confirm(running.arrival().await.owed);
    assert_eq!(client.packet().await, Some((0x50, vec![0, 5, 0x99])), "no text in UTF-8");
    // The number is free: a message under it that is sent a second time is new to us.
    client.send(&publish(5, &topic, 12, 5, READING)).await;
    let arrival = running.arrival().await;
    client.silence().await;
    Arrival::confirm(arrival.owed);
    assert_eq!(client.packet().await, Some((0x50, vec![0, 5])));
    client.send(&packet(0x62, &[0, 5])).await;
    assert_eq!(client.packet().await, Some((0x70, vec![0, 5])));
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refused_messages_take_no_room_among_the_unanswered() {
    let mut running = run(Listener { in_flight: 3, ..listener() }).await;
    let mut client = Client::new(port(&running), 5, "gw").await;
    for number in 1..=10 {
        client.send(&publish_with(5, &topic_of("gw"), 4, number, TEXT, b"\xff\xff")).await;
        Arrival::confirm(running.arrival().await.owed);
        assert_eq!(client.packet().await, Some((0x50, vec![0, number as u8, 0x99])));
    }
    running.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_sent_again_on_a_new_connection_is_answered_only_when_it_is_safe() {
    // No room for kept messages: an older client is not told, and its number stays taken.
    let mut running = run(Listener { retained_messages: 0, ..listener() }).await;
    let topic = topic_of("gw");
    let hello = Hello { clean: false, ..Hello::new(4, "gw") };
    for flags in [4, 5] {
        let (mut client, _) = Client::hello(port(&running), &hello).await;
        client.send(&publish(4, &topic, flags, 5, READING)).await;
        let first = running.arrival().await;
        drop(client);
        let (mut client, answer) = Client::hello(port(&running), &hello).await;
        assert_eq!(answer, [1, 0], "the session is present");
        client.send(&publish(4, &topic, 8 | flags, 5, READING)).await;
        let again = running.arrival().await;
        client.silence().await;
        Arrival::confirm(first.owed);
        client.silence().await;
        Arrival::confirm(again.owed);
        assert_eq!(client.packet().await, Some((0x50, vec![0, 5])));
        client.send(&packet(0x62, &[0, 5])).await;
        assert_eq!(client.packet().await, Some((0x70, vec![0, 5])));
        client.goodbye().await;
    }
    running.end().await;
}
