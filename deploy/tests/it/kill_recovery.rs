//! Power cuts while the program is still recovering from the one before: recovery converges, and everything acknowledged is there once.

use std::process::Stdio;
use std::time::{Duration, Instant};

use simulators::load::Order;

use crate::books::{book, closed_books};
use crate::city::free_port;
use crate::loaded::{Loaded, assert_kept_once, made};
use crate::prelude::Prelude;

/// How often a recovery is cut short, unless `SPECOLA_KILLS` says otherwise.
const KILLS: u32 = 16;
/// How many readings wait in the log and in parts before.
const READINGS: u64 = 60_000;
/// One flush every so many readings: at the first kill there are parts, a log, and perhaps a part that is being written.
const FLUSH: u32 = 25_000;

#[test]
#[expect(clippy::print_stderr, reason = "the figures are the output of the drill")]
fn a_recovery_that_is_cut_short_again_and_again_converges_and_loses_nothing() {
    let kills = std::env::var("SPECOLA_KILLS").map_or(KILLS, |text| text.parse().expect("SPECOLA_KILLS is a number"));
    let port = free_port();
    let home = Prelude::city().store(&format!("flush_readings = {FLUSH}")).listener(port).home();
    let serve = ["serve", "--config", "specola.toml"];
    let running = home.start(&serve);
    running.wait_until_ready();
    let load = Loaded::of(&home, port, Order { clients: 20, values: 10, payload: 400, ..Order::default() });
    while load.progress.acknowledged() * 10 < READINGS {
        std::thread::park_timeout(Duration::from_millis(20));
    }
    // Under full load: the last group is torn, and its clients go on trying to reach us.
    running.kill();

    let started = Instant::now();
    let running = home.start(&serve);
    running.wait_until_ready();
    let whole = started.elapsed();
    running.kill();
    for number in 0..kills {
        // From the first moment to shortly after the end of a recovery, in even steps.
        let span = whole.mul_f64(1.1 * f64::from(number) / f64::from(kills));
        let mut child = home.command(&serve).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::park_timeout(span);
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let again = Instant::now();
    let running = home.start(&serve);
    running.wait_until_ready();
    let last = again.elapsed();
    let (report, ledger) = load.end();
    let books = closed_books(&running);
    let readings = book(&books, "listener", "readings");
    assert_eq!(readings.received, readings.of("stored") + readings.of("duplicate"), "{readings:?}");
    let (code, _) = running.terminate();
    assert_eq!(code, Some(0), "{}", home.log());
    let log = home.log();
    eprintln!(
        "{kills} recoveries cut short, each within {whole:.2?}: {} readings made, {} messages acknowledged; the last start was ready after {last:.2?}",
        made(&ledger),
        report.acknowledged
    );
    assert!(!log.contains("set aside") && !log.contains("panicked"), "{log}");
    assert!(last < whole * 3 + Duration::from_secs(2), "recovery takes longer and longer: {whole:?}, then {last:?}");
    assert_kept_once(&home, &ledger);
}
