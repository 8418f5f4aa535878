//! Subscribers of our own listener that do not read or are away: what waits for them is bounded, what does not fit is counted, and nobody else waits.

use ingest::config::Listener;

use crate::kit::until;
use crate::own_listener_kit::{Client, Hello, Kept, listener, packet};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_is_cut_off_and_costs_others_nothing() {
    let kept = Kept::start(Listener { queue_messages: 100, ..listener() }).await;
    let mut stuck = Client::new(kept.port(), 4, "stuck").await;
    stuck.subscribe("#", 1).await;
    let mut prompt = Client::new(kept.port(), 4, "prompt").await;
    prompt.subscribe("#", 0).await;
    let mut publisher = Client::new(kept.port(), 4, "pub").await;
    let payload = vec![b'x'; 100_000];
    for number in 0..300 {
        assert_eq!(publisher.assure("a", false, &payload).await, 0);
        assert_eq!(prompt.message().await.payload.len(), payload.len(), "message {number}");
    }
    until(|| kept.handle.sources()[0].connections == 2).await;
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subscriber_that_does_not_read_is_told_why_it_must_go_and_finds_what_waited() {
    const ROOM: usize = 50;
    let kept = Kept::start(Listener { queue_messages: ROOM, ..listener() }).await;
    let hello = Hello { clean: false, properties: b"\x11\x00\x00\x00\x3c", ..Hello::new(5, "slow") };
    let (mut slow, _) = Client::hello(kept.port(), &hello).await;
    slow.subscribe("a", 1).await;
    let mut publisher = Client::new(kept.port(), 4, "pub").await;
    let mut sent = 0_u32;
    // It reads nothing and answers nothing, so at last its room is full and it is let go; publishers do not wait for it.
    while kept.handle.sources()[0].connections == 2 {
        assert!(sent < 10_000, "nothing bounds what waits for a subscriber");
        assert_eq!(publisher.assure("a", false, &sent.to_be_bytes()).await, 0);
        sent += 1;
    }
    // What had been sent to it comes first, then the reason: too much waits for it.
    while let Some((first, body)) = slow.packet().await {
        if first == 0xe0 {
            assert_eq!(body, [0x97]);
        }
    }
    let (mut slow, answer) = Client::hello(kept.port(), &hello).await;
    assert_eq!(answer[..2], [1, 0], "its session is there");
    // Everything up to the message that found no room is there, in order; those after it are lost to it, and counted.
    let mut found = 0_u32;
    while found < sent {
        let Ok(heard) = tokio::time::timeout(crate::own_listener_kit::QUIET, slow.message()).await else { break };
        assert_eq!(heard.payload, found.to_be_bytes(), "out of order");
        slow.send(&packet(0x40, &heard.number.to_be_bytes())).await;
        found += 1;
    }
    assert!((ROOM as u32..sent).contains(&found), "{found} of {sent}");
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_a_client_that_is_away_is_the_oldest_and_no_more_than_has_room() {
    const ROOM: u32 = 20;
    let kept = Kept::start(Listener { queue_messages: ROOM as usize, ..listener() }).await;
    let hello = Hello { clean: false, ..Hello::new(4, "away") };
    let (mut away, _) = Client::hello(kept.port(), &hello).await;
    away.subscribe("a", 1).await;
    away.goodbye().await;
    let mut publisher = Client::new(kept.port(), 4, "pub").await;
    until(|| kept.handle.sources()[0].connections == 1).await;
    for number in 0..2 * ROOM {
        assert_eq!(publisher.assure("a", false, &number.to_be_bytes()).await, 0);
    }
    let (mut away, _) = Client::hello(kept.port(), &hello).await;
    for number in 0..ROOM {
        let heard = away.message().await;
        assert_eq!(heard.payload, number.to_be_bytes());
        away.send(&packet(0x40, &heard.number.to_be_bytes())).await;
    }
    away.silence().await;
    // Room again: what comes now is heard.
    assert_eq!(publisher.assure("a", false, b"new").await, 0);
    assert_eq!(away.message().await.payload, b"new");
    kept.end().await;
}
