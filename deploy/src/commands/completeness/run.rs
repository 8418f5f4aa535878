//! Counts what should have come and has not, beside a running server or without one.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Context, bail};
use control_room_api::system_clock;
use indicatif::{ProgressBar, ProgressStyle};
use model::{Duration, TenantId, Timestamp, Window};
use store::{Completeness, Expectations, Records, Telemetry};

use super::live;
use super::show::{print, print_holes};
use crate::cli;
use crate::commands::query::tenant;
use crate::config::Config;
use crate::pipeline::classes_in;
use crate::register::expectations;

/// The time that is looked at when nobody says.
const DAY: Duration = Duration::from_secs(86_400);
/// Holes of one device that are listed.
const HOLES: usize = 10_000;
/// Steps of the progress bar.
const BAR: u64 = 1_000;

pub(crate) async fn run(asked: cli::Completeness) -> anyhow::Result<ExitCode> {
    let config = asked.place.config()?;
    if !config.store.folder.is_dir() {
        bail!("there is no folder {}: nothing has been kept yet", config.store.folder.display());
    }
    let records = store::open_records(&config.store).await.context("cannot read who the tenants are")?;
    let tenant = tenant(&config, &*records, asked.place.tenant.clone()).await?;
    if asked.live {
        return live::run(&asked, &config, &*records, &tenant).await;
    }
    let readings = store::open_read_only(config.store.clone())
        .await
        .with_context(|| format!("cannot read {}", config.store.folder.display()))?;
    let now = system_clock()();
    let until = asked.to.unwrap_or(now);
    let from = asked.from.unwrap_or_else(|| until.minus(DAY));
    let window = Window::new(from, until).context("--from must be before --to")?;
    let expected = expected(&config, &*records, &tenant).await?;
    let found = count(&*readings, &tenant, window, now, &expected).await?;

    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let written = match &asked.device {
        None => print(&found, asked.format, &mut out),
        Some(device) => {
            let known = found.devices.iter().find(|one| one.device == *device);
            let known = known.with_context(|| format!("{device} has said nothing from {from} to {until}"))?;
            let holes = store::holes(&*readings, &tenant, window, now, &expected, known, HOLES).await?;
            print_holes(device, &holes, asked.format, &mut out)
        }
    };
    match written.and_then(|()| out.flush()) {
        // The reader of a pipe (head, less) has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
        other => other?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What the register and the classes say about who should speak.
async fn expected(config: &Config, records: &dyn Records, tenant: &TenantId) -> anyhow::Result<Expectations> {
    let (classes, mistakes) = classes_in(&config.class_folder())?;
    for mistake in &mistakes {
        tracing::warn!("{mistake}");
    }
    Ok(expectations(&records.assets(tenant).await?, &classes, &records.stage_facts(tenant).await?))
}

/// Counts, with a bar where a person looks.
async fn count(
    readings: &dyn Telemetry,
    tenant: &TenantId,
    window: Window,
    now: Timestamp,
    expected: &Expectations,
) -> anyhow::Result<Completeness> {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(BAR) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("counting {bar:30} {percent} %, {eta} left").context("the bar")?;
    bar.set_style(style);
    let found = store::completeness(readings, tenant, window, now, expected, |part| {
        bar.set_position((part * BAR as f64) as u64);
    })
    .await?;
    bar.finish_and_clear();
    Ok(found)
}
