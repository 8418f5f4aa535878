//! How complete a city is, as a person or a program reads it.

use std::io::Write;

use model::DeviceId;
use store::{Completeness, DeviceCompleteness, Hole};

use crate::cli::Format;

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

/// The report: in words, or a row for each device.
pub(super) fn print(found: &Completeness, format: Format, out: &mut impl Write) -> std::io::Result<()> {
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

/// The holes of one device.
pub(super) fn print_holes(
    device: &DeviceId,
    holes: &[Hole],
    format: Format,
    out: &mut impl Write,
) -> std::io::Result<()> {
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
pub(crate) fn guarded(text: String) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use model::{Duration, MetricName, Timestamp, Window};
    use store::SeriesCompleteness;

    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

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
