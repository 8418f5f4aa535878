//! Runs a load and tells what it found out.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use simulators::load::{Ledger, Load, Order, Promise};
use simulators::{Broker, Credentials};

use super::{progress, report, verify};
use crate::cli::{self, Target};
use crate::commands::simulate::host_and_port;
use crate::commands::status_line::say;
use crate::commands::stop;

pub(crate) async fn run(load: cli::Load) -> anyhow::Result<ExitCode> {
    if let Some(file) = &load.check {
        let ledger = Ledger::read(file).with_context(|| format!("cannot read the ledger {}", file.display()))?;
        return verify::hold(&ledger, load.configured.config.as_deref(), load.data).await;
    }
    let order = order(&load)?;
    let stop = stop::on_signal()?;
    let (clients, lasts) = (order.clients, order.lasts);
    let (engine, so_far) = Load::new(order)?;
    let bar = tokio::spawn(progress::show(so_far, clients, lasts, stop.child_token()));
    let outcome = engine.run(stop.clone()).await;
    // The line of progress ends before the figures begin.
    bar.abort();
    let _ended = bar.await;
    let (figures, ledger) = outcome?;
    for line in report::lines(&figures) {
        say(&line);
    }
    if load.verify {
        verify::hold(&ledger, load.configured.config.as_deref(), load.data).await
    } else {
        Ok(ExitCode::SUCCESS)
    }
}

fn order(load: &cli::Load) -> anyhow::Result<Order> {
    let (host, port) = host_and_port(&load.broker)?;
    let credentials = match (&load.user, &load.password_file) {
        (Some(user), Some(file)) => Some(Credentials { username: user.clone(), password: first_line(file)? }),
        _ => None,
    };
    let mut run = [0; 4];
    getrandom::fill(&mut run).map_err(|error| anyhow::anyhow!("no randomness for the name of the run: {error}"))?;
    Ok(Order {
        broker: Broker { host, port, credentials },
        tenant: load.tenant.to_string(),
        run: u32::from_be_bytes(run),
        clients: load.clients,
        rate: load.rate,
        promise: match load.qos {
            0 => Promise::None,
            1 => Promise::Acknowledged,
            _ => Promise::Once,
        },
        dialect: load.format,
        values: load.values,
        payload: load.payload,
        in_flight: load.in_flight,
        lasts: load.r#for,
        messages: load.messages,
        twice: load.twice,
        overtaken: load.overtaken,
        ledger: load.ledger.clone(),
        subscriber: load.target == Target::Subscriber,
    })
}

fn first_line(file: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}
