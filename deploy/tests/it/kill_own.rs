//! Power cuts under load on our own listener: what it acknowledged is there exactly once, and it is back soon.

use std::time::{Duration, Instant};

use simulators::load::Order;

use crate::books::{book, closed_books};
use crate::city::free_port;
use crate::loaded::{Loaded, assert_kept_once, made};
use crate::prelude::Prelude;

/// How often the program is killed, unless `SPECOLA_KILLS` says otherwise (200 in the nightly run).
const KILLS: u32 = 8;
/// Messages per second meanwhile.
const RATE: f64 = 2_500.0;
/// The share that is sent twice, and the share that is overtaken.
const SHARE: f64 = 0.02;
/// What a build that is meant for use keeps up, the times without it included.
const KEPT_UP: f64 = 2_000.0;
/// How soon a build that is meant for use is ready again.
const READY: Duration = Duration::from_secs(2);

fn kills() -> u32 {
    std::env::var("SPECOLA_KILLS").map_or(KILLS, |text| text.parse().expect("SPECOLA_KILLS is a number"))
}

/// Spans between two kills: not even, the same in every run; every fifth hits a program that has hardly begun.
fn spans() -> impl Iterator<Item = Duration> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    (0..kills()).map(move |number| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        Duration::from_millis(if number % 5 == 4 { state % 60 } else { 300 + state % 900 })
    })
}

#[test]
#[expect(clippy::print_stderr, reason = "the figures are the output of the drill")]
fn power_cuts_lose_nothing_that_our_listener_acknowledged() {
    let port = free_port();
    let home = Prelude::city().store("flush_readings = 20000").listener(port).home();
    let serve = ["serve", "--config", "specola.toml"];
    let mut running = Some(home.start(&serve));
    running.as_ref().unwrap().wait_until_ready();

    let order = Order { clients: 100, rate: RATE, twice: SHARE, overtaken: SHARE, ..Order::default() };
    let started = Instant::now();
    let load = Loaded::of(&home, port, order);
    let progress = load.progress.clone();
    let mut back = Vec::new();
    for span in spans() {
        std::thread::park_timeout(span);
        running.take().unwrap().kill();
        let dead = Instant::now();
        running = Some(home.start(&serve));
        running.as_ref().unwrap().wait_until_ready();
        back.push(dead.elapsed());
    }
    // The last one is loaded for a while too.
    std::thread::park_timeout(Duration::from_millis(500));
    let (report, ledger) = load.end();
    let lasted = started.elapsed();
    let running = running.unwrap();
    let books = closed_books(&running);
    let readings = book(&books, "listener", "readings");
    assert_eq!(readings.received, readings.of("stored") + readings.of("duplicate"), "{readings:?}");
    let (code, took) = running.terminate();
    assert_eq!(code, Some(0), "{}", home.log());
    assert!(took < Duration::from_secs(10), "it took {took:?} to stop");

    back.sort_unstable();
    let (half, longest) = (back[back.len() / 2], back[back.len() - 1]);
    let made = made(&ledger);
    eprintln!(
        "{} kills in {lasted:.0?}: {made} readings ({:.0}/s), {} acknowledged, {} reconnects; ready again after {half:.2?} (half of them), {longest:.2?} at most",
        back.len(),
        made as f64 / lasted.as_secs_f64(),
        report.acknowledged,
        progress.reconnects(),
    );
    let kept_up = made as f64 / lasted.as_secs_f64();
    assert!(cfg!(debug_assertions) || kept_up >= KEPT_UP, "only {kept_up:.0} readings were made a second");
    assert!(made > u64::from(kills()) * 1_000, "only {made} readings were made: the load was no load");
    assert!(report.sent > made, "nothing was sent twice");
    assert!(progress.reconnects() >= u64::from(kills()), "the clients were hardly disturbed");
    assert!(cfg!(debug_assertions) || longest <= READY, "ready again only after {longest:?}");
    assert_kept_once(&home, &ledger);
}
