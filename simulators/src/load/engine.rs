//! Starts all clients at once, lets them speak for as long as the order says, and sums up.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use model::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::client::Client;
use super::ledger::{Account, Ledger, Ranges};
use super::order::Order;
use super::report::Report;
use super::shape::{self, Shape, Wanted};
use super::subscriber::Subscriber;
use super::tally::{Progress, Tally};
use crate::{Error, Result};

/// How long acknowledgements are waited for after the last message was made.
const GRACE: Duration = Duration::from_secs(20);
/// How often the ledger is written while a load runs.
const NOTED: Duration = Duration::from_secs(1);

/// What the clients are told.
#[derive(Debug, Clone)]
pub(super) struct Signals {
    ready: mpsc::Sender<()>,
    start: watch::Receiver<Option<Instant>>,
    lasts: Duration,
    /// Somebody wants an end.
    end: CancellationToken,
    begun: Option<Instant>,
}

impl Signals {
    /// Says that a client is connected and waits for the start; `None` when there will be none.
    pub(super) async fn ready(&mut self) -> Option<Instant> {
        // Refused only when the engine has gone, which ends the wait below too.
        let _ = self.ready.send(()).await;
        self.begun = *self.start.wait_for(Option::is_some).await.ok()?;
        self.begun
    }

    /// Until when messages are made.
    pub(super) fn ends_at(&self) -> Instant {
        self.begun.unwrap_or_else(Instant::now) + self.lasts
    }

    /// Until when acknowledgements are waited for.
    pub(super) fn over_at(&self) -> Instant {
        self.ends_at() + GRACE
    }

    pub(super) fn is_making(&self, now: Instant) -> bool {
        !self.end.is_cancelled() && now < self.ends_at()
    }

    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.over_at()
    }

    /// Waits until somebody wants an end.
    pub(super) async fn ended(&self) {
        self.end.cancelled().await;
    }
}

/// A load that is ready to run.
#[derive(Debug)]
pub struct Load {
    order: Arc<Order>,
    tally: Arc<Tally>,
}

impl Load {
    /// Prepares a load.
    ///
    /// # Errors
    /// As [`Order::check`].
    pub fn new(order: Order) -> Result<(Self, Progress)> {
        order.check()?;
        let tally = Arc::new(Tally::new());
        let progress = Progress(Arc::clone(&tally));
        Ok((Self { order: Arc::new(order), tally }, progress))
    }

    /// Runs it to its end, or until `stop` and what is on its way then is acknowledged.
    ///
    /// # Errors
    /// When the clients cannot connect at first, or the ledger cannot be written. A connection that is lost later is made again.
    pub async fn run(self, stop: CancellationToken) -> Result<(Report, Ledger)> {
        let Self { order, tally } = self;
        let Shape { speech, filter } = shape::of(order.dialect).expect("an order that was checked has a shape");
        let began = Instant::now();
        let (ready, mut connected) = mpsc::channel(1_024); // a client that waits here has nothing else to do
        let (start, started) = watch::channel(None);
        let signals = Signals { ready, start: started, lasts: order.lasts, end: stop.clone(), begun: None };
        let broker = || format!("{}:{}", order.broker.host, order.broker.port);
        let lost = |why: std::io::Error| Error::Connection { broker: broker(), why };

        let mut subscriptions = JoinSet::new();
        let quiet = CancellationToken::new();
        if order.subscriber {
            let subscriber = Subscriber::open(&order, &filter(&order.tenant), Arc::clone(&tally)).await;
            subscriptions.spawn(subscriber.map_err(lost)?.run(quiet.clone()));
        }
        let mut accounts = Vec::with_capacity(order.clients);
        let mut clients = JoinSet::new();
        for index in 0..order.clients {
            let name = order.name(index);
            let wanted = Wanted {
                tenant: &order.tenant,
                name: &name,
                eui: u64::from(order.run) << 32 | index as u64,
                values: order.values,
                bytes: order.payload,
            };
            let speech = speech(&wanted);
            let account = Account { device: speech.device.clone(), sent: 0, acknowledged: Ranges::default() };
            let account = Arc::new(Mutex::new(account));
            accounts.push(Arc::clone(&account));
            clients.spawn(Client::new(&order, index, speech, account, &tally, signals.clone()).run());
        }
        drop(signals);
        let ledger = || Ledger {
            tenant: order.tenant.clone(),
            metrics: (0..order.values).map(shape::metric).collect(),
            accounts: accounts.iter().map(|one| one.lock().unwrap_or_else(PoisonError::into_inner).clone()).collect(),
        };

        for _ in 0..order.clients {
            tokio::select! {
                Some(()) = connected.recv() => {}
                // None of them ends before the start unless it could not connect.
                Some(ended) = clients.join_next() => ended.map_err(std::io::Error::other).flatten().map_err(lost)?,
                () = stop.cancelled() => return Err(Error::Unreachable(broker())),
            }
        }
        let connecting = began.elapsed();
        let begun = Instant::now();
        start.send_replace(Some(begun));

        let mut noted = tokio::time::interval(NOTED);
        let mut in_time = None;
        while !clients.is_empty() {
            tokio::select! {
                ended = clients.join_next() => match ended {
                    Some(Ok(Err(why))) => return Err(lost(why)),
                    Some(Err(panic)) => return Err(lost(std::io::Error::other(panic))),
                    Some(Ok(Ok(()))) | None => {}
                },
                () = sleep_until(begun + order.lasts), if in_time.is_none() => in_time = Some(figures(&tally, begun)),
                _ = noted.tick() => note(&order, &ledger)?,
            }
        }
        let (lasted, acknowledged_in_time, received) = in_time.unwrap_or_else(|| figures(&tally, begun));
        quiet.cancel();
        while let Some(ended) = subscriptions.join_next().await {
            ended.map_err(std::io::Error::other).flatten().map_err(lost)?;
        }
        note(&order, &ledger)?;
        let ledger = ledger();
        let made: u64 = ledger.accounts.iter().map(|account| account.sent).sum();
        let confirmed: u64 = ledger.accounts.iter().map(|account| account.acknowledged.count()).sum();
        let latency = tally.latency();
        let quantile = |share: f64| Duration::from_micros(latency.value_at_quantile(share));
        let report = Report {
            clients: order.clients,
            connecting,
            lasted,
            sent: tally.sent.load(Ordering::Relaxed),
            bytes: tally.bytes.load(Ordering::Relaxed),
            acknowledged: tally.acknowledged.load(Ordering::Relaxed),
            acknowledged_in_time,
            values: order.values,
            received_in_time: order.subscriber.then_some(received),
            unacknowledged: made - confirmed,
            reconnects: tally.reconnects.load(Ordering::Relaxed),
            latency: (!latency.is_empty())
                .then(|| [quantile(0.5), quantile(0.9), quantile(0.99), Duration::from_micros(latency.max())]),
        };
        Ok((report, ledger))
    }
}

/// How long it has lasted, what was acknowledged and what the subscriber got.
fn figures(tally: &Tally, begun: Instant) -> (Duration, u64, u64) {
    let count = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    (begun.elapsed(), count(&tally.acknowledged), count(&tally.received))
}

fn note(order: &Order, ledger: &impl Fn() -> Ledger) -> Result<()> {
    let Some(path) = &order.ledger else { return Ok(()) };
    ledger().write(path).map_err(|why| Error::Ledger { path: path.clone(), why })
}
