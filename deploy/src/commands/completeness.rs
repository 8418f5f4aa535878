//! `specola completeness`: how much of what should have come has come, beside a running server or without one.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use anyhow::{Context, bail};
use control_room_api::system_clock;
use indicatif::{ProgressBar, ProgressStyle};
use model::{DeviceId, Duration, MetricName, TenantId, Timestamp, Window};
use store::{Completeness, DeviceCompleteness, Hole, Telemetry};

use super::query::tenant;
use crate::cli::{self, Format};
use crate::config;

/// The time that is looked at when nobody says.
const DAY: Duration = Duration::from_secs(86_400);
/// Holes of one device that are listed.
const HOLES: usize = 10_000;
/// Steps of the progress bar.
const BAR: u64 = 1_000;

pub(crate) async fn run(asked: cli::Completeness) -> anyhow::Result<ExitCode> {
    let mut config = config::load(asked.configured.config.as_deref())?;
    if let Some(folder) = asked.data {
        config.store.folder = folder;
    }
    if !config.store.folder.is_dir() {
        bail!("there is no folder {}: nothing has been kept yet", config.store.folder.display());
    }
    let records = store::open_records(&config.store).await.context("cannot read who the tenants are")?;
    let tenant = tenant(&config, &*records, asked.tenant).await?;
    let readings = store::open_read_only(config.store.clone())
        .await
        .with_context(|| format!("cannot read {}", config.store.folder.display()))?;
    let now = system_clock()();
    let until = asked.to.unwrap_or(now);
    let from = asked.from.unwrap_or_else(|| until.minus(DAY));
    let window = Window::new(from, until).context("--from must be before --to")?;
    let found = count(&*readings, &tenant, window, now).await?;

    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    let written = match &asked.device {
        None => print(&found, asked.format, &mut out),
        Some(device) => {
            let known = found.devices.iter().find(|one| one.device == *device);
            let known = known.with_context(|| format!("{device} has said nothing from {from} to {until}"))?;
            let holes = store::holes(&*readings, &tenant, window, now, known, HOLES).await?;
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

/// Counts, with a bar where a person looks.
async fn count(
    readings: &dyn Telemetry,
    tenant: &TenantId,
    window: Window,
    now: Timestamp,
) -> anyhow::Result<Completeness> {
    let bar = if std::io::stderr().is_terminal() { ProgressBar::new(BAR) } else { ProgressBar::hidden() };
    let style = ProgressStyle::with_template("counting {bar:30} {percent} %, {eta} left").context("the bar")?;
    bar.set_style(style);
    let learned = |_: &DeviceId, _: &MetricName| None;
    let found = store::completeness(readings, tenant, window, now, &learned, |part| {
        bar.set_position((part * BAR as f64) as u64);
    })
    .await?;
    bar.finish_and_clear();
    Ok(found)
}

const NAMES: [&str; 6] = ["device", "readings", "expected", "missed", "longest_gap_s", "lost_frames"];

fn fields(device: &DeviceCompleteness) -> [String; NAMES.len()] {
    [
        device.device.to_string(),
        device.readings().to_string(),
        device.expected().to_string(),
        device.missed().to_string(),
        format!("{:.0}", device.longest().as_secs_f64()),
        device.lost_frames.to_string(),
    ]
}

fn print(found: &Completeness, format: Format, out: &mut impl Write) -> std::io::Result<()> {
    match format {
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(NAMES)?;
            for device in &found.devices {
                writer.write_record(fields(device).map(guarded))?;
            }
            writer.flush()
        }
        Format::Json => found.devices.iter().try_for_each(|device| {
            let object = serde_json::json!({
                "device": device.device.as_str(), "readings": device.readings(), "expected": device.expected(),
                "missed": device.missed(), "longest_gap_s": device.longest().as_secs_f64(), "lost_frames": device.lost_frames,
            });
            writeln!(out, "{object}")
        }),
        Format::Table => {
            let holes = found.holes();
            writeln!(out, "{}", sentence(found, holes.len()))?;
            if holes.is_empty() {
                return Ok(());
            }
            let mut table = comfy_table::Table::new();
            table.load_preset(comfy_table::presets::UTF8_FULL_CONDENSED);
            table.set_header(NAMES);
            for device in holes {
                table.add_row(fields(device));
            }
            writeln!(out, "{table}")?;
            writeln!(out, "the holes of one of them: specola completeness --device DEVICE")
        }
    }
}

/// "99.98 % of expected readings, these 14 devices have holes".
fn sentence(found: &Completeness, holes: usize) -> String {
    // Rounded down: what is not whole is not called whole.
    let percent = (found.ratio() * 10_000.0).floor() / 100.0;
    let devices = found.devices.len();
    let window = format!("from {} to {}", found.window.from, found.window.until);
    let rest = match holes {
        0 => format!("none of {devices} devices has holes"),
        1 => format!("of {devices} devices this one has holes:"),
        holes => format!("of {devices} devices these {holes} have holes:"),
    };
    format!("{percent} % of expected readings {window}; {rest}")
}

fn print_holes(device: &DeviceId, holes: &[Hole], format: Format, out: &mut impl Write) -> std::io::Result<()> {
    const NAMES: [&str; 4] = ["metric", "from", "until", "missed"];
    let fields = |hole: &Hole| {
        [hole.metric.to_string(), hole.from.to_rfc3339(), hole.until.to_rfc3339(), hole.missed.to_string()]
    };
    match format {
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(NAMES)?;
            for hole in holes {
                writer.write_record(fields(hole).map(guarded))?;
            }
            writer.flush()
        }
        Format::Json => holes.iter().try_for_each(|hole| {
            let object = serde_json::json!({
                "device": device.as_str(), "metric": hole.metric.as_str(), "from": hole.from.to_rfc3339(),
                "until": hole.until.to_rfc3339(), "missed": hole.missed,
            });
            writeln!(out, "{object}")
        }),
        Format::Table => {
            let mut table = comfy_table::Table::new();
            table.load_preset(comfy_table::presets::UTF8_FULL_CONDENSED);
            table.set_header(NAMES);
            for hole in holes {
                table.add_row(fields(hole));
            }
            writeln!(out, "{table}")
        }
    }
}

/// A spreadsheet would run a text that begins like a formula.
fn guarded(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use store::SeriesCompleteness;

    use super::*;

    fn found(missed: &[u64]) -> Completeness {
        let day = Window::new(Timestamp::EPOCH, Timestamp::EPOCH.plus(DAY)).unwrap();
        let device = |(number, missed): (usize, &u64)| DeviceCompleteness {
            device: DeviceId::new(format!("lamp-{number}")).unwrap(),
            series: vec![SeriesCompleteness {
                metric: MetricName::new("power").unwrap(),
                readings: 10_000 - missed,
                expected: 10_000,
                missed: *missed,
                usual: Some(Duration::from_secs(60)),
                longest: Duration::from_secs(60 * (missed + 1)),
            }],
            lost_frames: 0,
        };
        Completeness { window: day, devices: missed.iter().enumerate().map(device).collect() }
    }

    #[test]
    fn the_report_is_a_sentence_and_never_calls_whole_what_is_not() {
        let check = |missed: &[u64], expected: &str| {
            let found = found(missed);
            let said = sentence(&found, found.holes().len());
            assert!(said.starts_with(expected.split('|').next().unwrap()), "{said}");
            assert!(said.ends_with(expected.split('|').nth(1).unwrap()), "{said}");
        };
        check(&[0, 0], "100 % of expected readings from 1970-01-01T00:00:00Z|none of 2 devices has holes");
        check(&[1; 1], "99.99 %|of 1 devices this one has holes:");
        check(&[1, 0, 0, 3], "99.99 %|of 4 devices these 2 have holes:");
        check(&[0, 0, 0, 0, 1], "99.99 %|of 5 devices this one has holes:");
    }

    #[test]
    fn a_spreadsheet_gets_every_device() {
        let mut out = Vec::new();
        print(&found(&[0, 2]), Format::Csv, &mut out).unwrap();
        let expected = "device,readings,expected,missed,longest_gap_s,lost_frames\nlamp-0,10000,10000,0,60,0\nlamp-1,9998,10000,2,180,0\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
