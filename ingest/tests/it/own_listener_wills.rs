//! Last wills: said when a client is lost, not when it leaves or comes back in time, and not forgotten when it is we who are killed.

use std::path::Path;

use ingest::config::Listener;
use model::Duration;
use tokio::time::{Instant, sleep};

use crate::kit::until;
use crate::own_listener_kit::{Client, Hello, Kept, listener};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_will_is_said_when_a_client_is_lost_and_not_when_it_leaves() {
    let kept = Kept::start(listener()).await;
    let mut watcher = Client::new(kept.port(), 4, "watcher").await;
    watcher.subscribe("will/#", 1).await;
    for version in [3, 4, 5] {
        let topic = format!("will/{version}");
        let hello = Hello { will: Some((&topic, b"lost", 8, b"")), ..Hello::new(version, "gw") };
        let (client, _) = Client::hello(kept.port(), &hello).await;
        client.goodbye().await;
        watcher.silence().await;
        drop(Client::hello(kept.port(), &hello).await);
        let heard = watcher.message().await;
        assert_eq!((heard.topic.as_str(), &heard.payload[..]), (topic.as_str(), &b"lost"[..]));
    }
    // DISCONNECT with will (MQTT 5).
    let hello = Hello { will: Some(("will/5", b"wanted", 8, b"")), ..Hello::new(5, "gw") };
    let (mut client, _) = Client::hello(kept.port(), &hello).await;
    client.send(&[0xe0, 1, 4]).await;
    assert_eq!(watcher.message().await.payload, b"wanted");
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_will_waits_and_is_dropped_when_its_client_comes_back() {
    let kept = Kept::start(listener()).await;
    let mut watcher = Client::new(kept.port(), 4, "watcher").await;
    watcher.subscribe("will", 1).await;
    let hello = |seconds: &'static [u8]| Hello {
        clean: false,
        properties: b"\x11\x00\x00\x00\x3c",
        will: Some(("will", b"lost", 8, seconds)),
        ..Hello::new(5, "gw")
    };
    drop(Client::hello(kept.port(), &hello(b"\x18\x00\x00\x00\x01")).await);
    let lost = Instant::now();
    assert_eq!(watcher.message().await.payload, b"lost");
    assert!(lost.elapsed() >= Duration::from_millis(900), "{:?}", lost.elapsed());
    drop(Client::hello(kept.port(), &hello(b"\x18\x00\x00\x00\x01")).await);
    until(|| kept.handle.sources()[0].connections == 1).await;
    let (back, _) = Client::hello(kept.port(), &Hello { will: None, ..hello(b"") }).await;
    sleep(Duration::from_millis(1_300)).await;
    watcher.silence().await;
    drop(back);
    kept.end().await;
}

/// A service that remembers in this folder and gives its clients a second to come back.
fn remembering(folder: &Path) -> Listener {
    Listener { state_folder: Some(folder.to_owned()), return_seconds: 1, ..listener() }
}

/// The folder as a power cut would leave it now.
fn cut(folder: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    copy
}

fn written(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("listener-state")).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_will_of_a_client_that_does_not_come_back_after_a_power_cut_is_said_then() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Kept::start(remembering(folder.path())).await;
    let topics = ["gone", "back", "left"].map(|name| (name, format!("will/{name}")));
    let hello = |at: usize| {
        let (name, topic) = &topics[at];
        Hello { will: Some((topic, b"lost", 8, b"")), ..Hello::new(4, name) }
    };
    let (_gone, _) = Client::hello(kept.port(), &hello(0)).await;
    let (_back, _) = Client::hello(kept.port(), &hello(1)).await;
    let (left, _) = Client::hello(kept.port(), &hello(2)).await;
    until(|| written(folder.path()).matches("\"will\":").count() == 3).await;
    left.goodbye().await;
    until(|| written(folder.path()).contains("will_over")).await;
    let crashed = cut(folder.path());

    let after = Kept::start(remembering(crashed.path())).await;
    let start = Instant::now();
    let (_back, _) = Client::hello(after.port(), &Hello::new(4, "back")).await;
    let mut watcher = Client::new(after.port(), 4, "watcher").await;
    watcher.subscribe("will/#", 0).await;
    let heard = watcher.message().await;
    assert_eq!((heard.topic.as_str(), &heard.payload[..]), ("will/gone", &b"lost"[..]));
    assert!(start.elapsed() >= Duration::from_millis(900), "there was no time to come back: {:?}", start.elapsed());
    watcher.silence().await;
    after.end().await;

    // It was said: the next start has nothing to say.
    let after = Kept::start(remembering(crashed.path())).await;
    let mut watcher = Client::new(after.port(), 4, "watcher").await;
    watcher.subscribe("will/#", 0).await;
    sleep(Duration::from_millis(1_300)).await;
    watcher.silence().await;
    after.end().await;
    kept.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_will_that_waited_when_we_stopped_is_said_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let kept = Kept::start(remembering(folder.path())).await;
    let hello = Hello {
        clean: false,
        properties: b"\x11\x00\x00\x00\x3c",
        // Half a minute of delay: a restart must not shorten it, so a watcher hears nothing yet.
        will: Some(("will/late", b"lost", 8, b"\x18\x00\x00\x00\x1e")),
        ..Hello::new(5, "late")
    };
    let soon = Hello { will: Some(("will/soon", b"lost", 8, b"\x18\x00\x00\x00\x02")), client: "soon", ..hello };
    drop(Client::hello(kept.port(), &hello).await);
    drop(Client::hello(kept.port(), &soon).await);
    until(|| kept.handle.sources()[0].connections == 0).await;
    kept.end().await;

    let kept = Kept::start(remembering(folder.path())).await;
    let mut watcher = Client::new(kept.port(), 5, "watcher").await;
    watcher.subscribe("will/#", 0).await;
    assert_eq!(watcher.message().await.topic, "will/soon");
    watcher.silence().await;
    kept.end().await;
}
