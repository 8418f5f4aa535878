//! Power cuts under load on our own listener: what it acknowledged is there exactly once, and it is back soon.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use simulators::Broker;
use simulators::load::{Load, Order};
use tokio_util::sync::CancellationToken;

use crate::books::{book, closed_books};
use crate::city::{Home, free_port};

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

fn config(port: u16) -> String {
    format!(
        r#"
[[tenants]]
id = "city"
name = "Prova"
[store]
folder = "{{folder}}/data"
flush_readings = 20000
[api]
bind = "127.0.0.1:0"
[ingest.listener]
enabled = true
bind = "127.0.0.1:{port}"
tenant = "city"
anonymous = true
"#
    )
}

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
    let home = Home::new(&config(port));
    let serve = ["serve", "--config", "specola.toml"];
    let mut running = Some(home.start(&serve));
    running.as_ref().unwrap().wait_until_ready();

    let order = Order {
        broker: Broker { port, ..Broker::default() },
        clients: 100,
        rate: RATE,
        lasts: Duration::from_secs(3_600),
        twice: SHARE,
        overtaken: SHARE,
        ledger: Some(home.path().join("ledger.json")),
        ..Order::default()
    };
    let (load, progress) = Load::new(order).unwrap();
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    let started = Instant::now();
    let load = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(load.run(stopping))
    });
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
    stop.cancel();
    let (report, ledger) = load.join().unwrap().unwrap();
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
    let made: u64 = ledger.accounts.iter().map(|account| account.sent).sum();
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

    // The whole truth from the store, counted here, and once more by the program itself.
    let mut seen: HashMap<(String, u64), u32> = HashMap::new();
    for row in home.query("select device, value from readings where metric = 'n0'") {
        let number = row["value"].as_f64().unwrap();
        assert!(number >= 0.0 && number.fract() == 0.0, "{number} was invented");
        *seen.entry((row["device"].as_str().unwrap().to_owned(), number as u64)).or_default() += 1;
    }
    for account in &ledger.accounts {
        let key = |number| (account.device.clone(), number);
        let missing: Vec<u64> = account.acknowledged.iter().filter(|n| !seen.contains_key(&key(*n))).take(10).collect();
        assert!(missing.is_empty(), "{} lacks {missing:?} of {}\n{}", account.device, account.sent, home.log());
        for number in 0..account.sent {
            if let Some(times) = seen.remove(&key(number)) {
                assert_eq!(times, 1, "{} has {number} doubled", account.device);
            }
        }
    }
    assert!(seen.is_empty(), "readings that nobody sent: {:?}", seen.iter().take(10).collect::<Vec<_>>());
    let check = home.run(&["load", "--check", "ledger.json", "--config", "specola.toml"]);
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stdout));
}
