//! `specola simulate`: the city that does not exist speaks to any broker, as real MQTT clients.

use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use control_room_api::system_clock;
use simulators::{Simulator, to_geojson};

use super::status_line::say;
use super::stop;
use crate::cli::Simulate;
use crate::config;

pub(crate) async fn run(simulate: Simulate) -> anyhow::Result<ExitCode> {
    let mut config = config::load(simulate.configured.config.as_deref())?.simulators;
    if let Some(broker) = &simulate.broker {
        (config.broker.host, config.broker.port) = host_and_port(broker)?;
    }
    config.seed = simulate.seed.unwrap_or(config.seed);
    config.readings_per_second = simulate.rate.unwrap_or(config.readings_per_second);
    for word in &simulate.dialect {
        config.dialects.set(word)?;
    }
    let city = Arc::new(config.city()?);
    if let Some(file) = simulate.assets {
        std::fs::write(&file, to_geojson(city.assets())).with_context(|| format!("cannot write {}", file.display()))?;
        say(&format!("{} assets written to {}", city.assets().len(), file.display()));
        return Ok(ExitCode::SUCCESS);
    }
    let stop = stop::on_signal()?;
    say(&format!("{} assets speak to {}:{}", city.assets().len(), config.broker.host, config.broker.port));
    let (simulator, handle) = Simulator::new(city, config)?;
    let running = tokio::spawn(simulator.run(stop.clone()));
    let mut ticker = tokio::time::interval(std::time::Duration::from_secs(10));
    let end = async {
        match simulate.r#for {
            Some(span) => tokio::time::sleep(span).await,
            None => std::future::pending().await,
        }
    };
    tokio::pin!(end);
    loop {
        tokio::select! {
            () = stop.cancelled() => break,
            () = &mut end => break,
            _ = ticker.tick() => {
                let counters = handle.counters();
                let faults: Vec<String> = handle.faults(system_clock()()).iter().map(|fault| fault.name.clone()).collect();
                say(&format!(
                    "{} messages, {} readings, {} acknowledged, {} gateways connected; staged: {}",
                    counters.published, counters.readings, counters.acknowledged, counters.connected,
                    if faults.is_empty() { "nothing".to_owned() } else { faults.join(", ") }
                ));
            }
        }
    }
    stop.cancel();
    running.await?;
    Ok(ExitCode::SUCCESS)
}

/// Takes `host:port` apart.
pub(super) fn host_and_port(broker: &str) -> anyhow::Result<(String, u16)> {
    let (host, port) = broker.rsplit_once(':').with_context(|| format!("{broker:?} is no broker; write host:port"))?;
    Ok((host.to_owned(), port.parse().with_context(|| format!("{port:?} is no port"))?))
}
