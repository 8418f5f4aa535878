//! Publishes numbered readings as a sensor would, watches them appear as a screen would, and looks at the server meanwhile.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use simulators::Probe;

use super::report::{self, Sample};
use super::screen::Screen;
use super::server::Server;
use crate::cli::Measure;
use crate::commands::simulate::host_and_port;
use crate::commands::status_line::say;

/// The device whose readings are watched.
const DEVICE: &str = "specola-probe";
/// Between two probes. Not a divisor of the screen's five frames a second, so that probes fall anywhere between two frames.
const PAUSE: Duration = Duration::from_millis(230);
/// Between two looks at the server.
const LOOK: Duration = Duration::from_secs(1);
/// How long a new device may take to be registered.
const REGISTERED: Duration = Duration::from_secs(10);
/// How long the last probes may take to appear.
const GRACE: Duration = Duration::from_secs(3);
/// Numbers that an f32 holds exactly end here; the count starts again.
const ROUND: u32 = 1 << 23;

pub(crate) async fn run(measure: Measure) -> anyhow::Result<ExitCode> {
    let server = Server::sign_in(&measure.url, &measure.link).await?;
    let (host, port) = host_and_port(&measure.broker)?;
    let probe = Probe::connect(&host, port, measure.tenant.as_str(), DEVICE);
    let slot = registered(&server, &probe).await?;
    let mut screen = Screen::open(&server.live(), server.token()).await?;

    let started = Instant::now();
    let (mut samples, mut latencies): (Vec<Sample>, Vec<Duration>) = (Vec::new(), Vec::new());
    let mut sent: BTreeMap<u32, Instant> = BTreeMap::new();
    let mut next = 1;
    let (mut pace, mut look) = (tokio::time::interval(PAUSE), tokio::time::interval(LOOK));
    while started.elapsed() < measure.r#for + GRACE {
        tokio::select! {
            _ = pace.tick() => {
                if started.elapsed() < measure.r#for {
                    sent.insert(next, Instant::now());
                    probe.publish(f64::from(next)).await.context("the broker does not take the probe")?;
                    next = next % ROUND + 1;
                } else if sent.is_empty() {
                    break;
                }
            }
            _ = look.tick() => {
                if started.elapsed() < measure.r#for {
                    samples.push(server.sample(measure.pid).await?);
                }
            }
            value = screen.value(slot) => {
                let Some(value) = value? else { bail!("the server closed the live socket") };
                // A frame holds the newest value only: it answers every probe up to it.
                let later = sent.split_off(&((value as u32) + 1));
                latencies.extend(sent.values().map(Instant::elapsed));
                sent = later;
            }
        }
    }
    for line in report::lines(measure.r#for, latencies, sent.len(), &samples) {
        say(&line);
    }
    Ok(ExitCode::SUCCESS)
}

/// Makes the probe known and returns its slot.
async fn registered(server: &Server, probe: &Probe) -> anyhow::Result<u32> {
    let started = Instant::now();
    while started.elapsed() < REGISTERED {
        probe.publish(0.0).await.context("the broker does not take the probe")?;
        tokio::time::sleep(Duration::from_millis(300)).await;
        if let Some(slot) = server.slot(DEVICE).await? {
            return Ok(slot);
        }
    }
    bail!(
        "the probe was not registered within {REGISTERED:?}; does the server read this broker, and does it register unknown devices?"
    )
}
