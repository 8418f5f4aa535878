//! A disk that stands still: acknowledgements stop, memory stays bounded, operators are told, and afterwards everything goes on.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::books::{Books, book, books, closed_books};
use crate::city::{Running, free_port, get, wait_for};
use crate::disk::{Disk, skipped};
use crate::loaded::{Loaded, assert_kept_once, made};
use crate::prelude::Prelude;
use crate::screen::Screen;

/// How long the disk stands still.
const STALL: Duration = Duration::from_secs(10);
/// What may be taken in meanwhile: the queues in front of the store, as they are configured here.
const QUEUE_BYTES: u64 = 4 << 20;
/// Memory that a stall may cost: the queue, what it becomes when decoded, and what allocators keep.
const GROWTH: f64 = 64.0 * 1024.0 * 1024.0;

fn memory(running: &Running) -> f64 {
    let (_, text) = get(running.http, "/metrics", None).unwrap();
    let line = text.lines().find(|line| line.starts_with("specola_process_resident_bytes ")).unwrap();
    line.rsplit_once(' ').unwrap().1.parse().unwrap()
}

fn stored(books: &Books) -> u64 {
    book(books, "listener", "readings").of("stored")
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures are the output of the drill")]
fn a_disk_that_stands_still_for_ten_seconds_stops_acknowledgements_rings_and_loses_nothing() {
    let port = free_port();
    let prelude = Prelude::city().stored_in("{folder}/disk/data").listener(port);
    let home = prelude.with(&format!("[ingest.queue]\nbytes = {QUEUE_BYTES}")).home();
    let on_file = |folder: &Path| Disk::of_file(folder, 256, 4_096);
    let Some(mut disk) = on_file(&home.path().join("disk")) else { return skipped("no disk can be mounted here") };
    let running = home.start(&["serve", "--config", "specola.toml"]);
    running.wait_until_ready();
    let screen = Screen::open(&home, &running);
    // As fast as it is acknowledged: each client has up to 100 messages on their way.
    let load = Loaded::start(&home, port, 100, 0.0);
    wait_for("the load", || (load.progress.acknowledged() > 2_000).then_some(()));
    let before = memory(&running);

    if !disk.freeze() {
        load.end();
        return skipped("no disk can be stopped here");
    }
    let frozen = Instant::now();
    // What was on its way to the disk at this moment may still be answered.
    std::thread::park_timeout(Duration::from_millis(500));
    let (acknowledged, kept) = (load.progress.acknowledged(), stored(&books(&running)));
    let mut most = before;
    let mut told = None;
    while frozen.elapsed() < STALL {
        std::thread::park_timeout(Duration::from_millis(100));
        most = memory(&running).max(most);
        if told.is_none() && screen.last_of("specola-not-acknowledging").is_some() {
            told = Some(frozen.elapsed());
        }
    }
    let now = books(&running);
    assert_eq!(
        (load.progress.acknowledged(), stored(&now)),
        (acknowledged, kept),
        "answered while nothing could be kept"
    );
    let status = running.status().unwrap();
    let keep = status["stages"].as_array().unwrap().iter().find(|stage| stage["name"] == "keep").unwrap();
    assert_eq!((&status["ready"], &keep["state"]), (&false.into(), &"retrying".into()), "{status}");
    assert!(keep["last_error"].as_str().unwrap().contains("nothing has been acknowledged for"), "{keep}");
    let told = told.expect("no operator was told");
    let waiting = book(&now, "listener", "messages").waiting;

    disk.thaw();
    let thawed = Instant::now();
    wait_for("acknowledgements to go on", || (load.progress.acknowledged() > acknowledged).then_some(()));
    let resumed = thawed.elapsed();
    wait_for("the alarm to return", || {
        (screen.last_of("specola-not-acknowledging")?["state"] == "returned_unacknowledged").then_some(())
    });
    running.wait_until_ready();
    let (report, ledger) = load.end();
    let books = closed_books(&running);
    let readings = book(&books, "listener", "readings");
    assert_eq!(readings.received, readings.of("stored") + readings.of("duplicate"), "{readings:?}");
    eprintln!(
        "a stall of {STALL:?}: operators told after {told:.1?}, {waiting} messages waited inside, memory grew by {:.1} MiB, acknowledgements went on {resumed:.2?} after its end; {} readings made, {} acknowledged",
        (most - before) / 1024.0 / 1024.0,
        made(&ledger),
        report.acknowledged
    );
    assert!(most - before < GROWTH, "memory grew from {before} to {most} bytes");
    assert!(resumed < Duration::from_secs(5), "acknowledgements went on only after {resumed:?}");
    assert_eq!(running.terminate().0, Some(0), "{}", home.log());
    assert_kept_once(&home, &ledger);
}
