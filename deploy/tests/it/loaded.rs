//! A load on our own listener that keeps a ledger of what was acknowledged, and the proof that the store holds it: nothing missing, doubled or invented.

use std::collections::HashMap;
use std::thread::JoinHandle;
use std::time::Duration;

use simulators::Broker;
use simulators::load::{Ledger, Load, Order, Progress, Report};
use tokio_util::sync::CancellationToken;

use crate::city::Home;

/// A load that runs.
pub(crate) struct Loaded {
    pub(crate) progress: Progress,
    stop: CancellationToken,
    thread: JoinHandle<simulators::Result<(Report, Ledger)>>,
}

impl Loaded {
    /// So many clients that send so many messages a second together until they are stopped; its ledger is `ledger.json` in the home.
    pub(crate) fn start(home: &Home, port: u16, clients: usize, rate: f64) -> Self {
        Self::of(home, port, Order { clients, rate, ..Order::default() })
    }

    /// The same with more wishes.
    pub(crate) fn of(home: &Home, port: u16, order: Order) -> Self {
        let order = Order {
            broker: Broker { port, ..Broker::default() },
            lasts: Duration::from_secs(3_600),
            ledger: Some(home.path().join("ledger.json")),
            ..order
        };
        let (load, progress) = Load::new(order).unwrap();
        let stop = CancellationToken::new();
        let stopping = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(load.run(stopping))
        });
        Self { progress, stop, thread }
    }

    /// Sends nothing more, waits for what is owed, and says what was acknowledged.
    pub(crate) fn end(self) -> (Report, Ledger) {
        self.stop.cancel();
        self.thread.join().unwrap().unwrap()
    }
}

/// How many readings were made.
pub(crate) fn made(ledger: &Ledger) -> u64 {
    ledger.accounts.iter().map(|account| account.sent).sum()
}

/// The whole truth from the store, counted here, and once more by the program itself. Nothing runs meanwhile.
#[track_caller]
pub(crate) fn assert_kept_once(home: &Home, ledger: &Ledger) {
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
