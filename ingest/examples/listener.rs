//! The listener alone, for suites that try brokers: everything is taken, nothing is kept.
//!
//! `cargo run -p ingest --example listener -- 127.0.0.1:1883 [state folder]`

use std::sync::Arc;

use ingest::config::{Format, Listener, Route};
use ingest::{Arrival, Config, EverybodyIsNew, Ingest, SystemClock};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let bind = arguments.next().unwrap_or_else(|| "127.0.0.1:1883".to_owned()).parse()?;
    let listener = Listener {
        enabled: true,
        anonymous: true,
        bind,
        in_flight: 1_024,
        max_keep_alive_seconds: 60,
        state_folder: arguments.next().map(Into::into),
        ..Listener::default()
    };
    // No host application: suites count the messages that they get.
    let mut routes = Route::defaults();
    routes.retain(|route| route.format != Format::SparkplugB);
    let config = Config { listener, routes, ..Config::default() };
    let (sender, mut arrivals) = mpsc::channel::<Arrival>(16);
    let stop = CancellationToken::new();
    let (service, _) =
        Ingest::start(config, Arc::new(EverybodyIsNew), Arc::new(SystemClock), sender, stop.clone()).await?;
    let taking = tokio::spawn(async move {
        while let Some(arrival) = arrivals.recv().await {
            Arrival::confirm(arrival.owed);
        }
    });
    let ending = tokio::spawn(service.run());
    tokio::signal::ctrl_c().await?;
    stop.cancel();
    ending.await??;
    taking.await?;
    Ok(())
}
