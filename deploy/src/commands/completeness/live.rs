//! Who is silent now or has gaps since the server was started, as it tells it itself.

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Context, bail};
use model::TenantId;
use serde_json::Value;
use store::Records;

use super::show::guarded;
use crate::cli::{self, Format};
use crate::commands::remote::Remote;
use crate::config::Config;

/// Devices that are listed: as many as the server tells.
const MOST: usize = 10_000;
const NAMES: [&str; 7] = ["device", "interval_s", "learned", "latest", "overdue", "missed", "lost_messages"];

pub(super) async fn run(
    asked: &cli::Completeness,
    config: &Config,
    records: &dyn Records,
    tenant: &TenantId,
) -> anyhow::Result<ExitCode> {
    if !store::is_in_use(&config.store.folder) {
        bail!(
            "no server is running in {}; without --live the kept readings tell what is missing",
            config.store.folder.display()
        );
    }
    let url = asked.url.clone().unwrap_or_else(|| format!("http://{}", config.api.bind));
    let session = Remote::new(url, asked.user.clone()).sign_in(records, tenant).await?;
    let request = session.client.get(session.path("/gaps")).query(&[("limit", MOST)]);
    let body = session.ask(request).await?;
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match print(&body, asked.format, &mut out).and_then(|()| out.flush().map_err(Into::into)) {
        // The reader of a pipe (head, less) has seen enough.
        Err(error) if error.downcast_ref::<std::io::Error>().is_some_and(is_hung_up) => {}
        other => other?,
    }
    Ok(ExitCode::SUCCESS)
}

fn is_hung_up(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::BrokenPipe
}

fn cells(device: &Value) -> [String; NAMES.len()] {
    NAMES.map(|name| match &device[name] {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

fn print(body: &Value, format: Format, out: &mut impl Write) -> anyhow::Result<()> {
    let devices = body["devices"].as_array().context("the server's answer has no devices")?;
    match format {
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(NAMES)?;
            for device in devices {
                writer.write_record(cells(device).map(guarded))?;
            }
            writer.flush()?;
        }
        Format::Json => {
            for device in devices {
                writeln!(out, "{device}")?;
            }
        }
        Format::Table => {
            let count = |name: &str| body[name].as_u64().unwrap_or_default();
            writeln!(
                out,
                "of {} devices {} have gaps since the server was started, {} are silent now",
                count("followed"),
                count("devices_with_gaps"),
                count("silent")
            )?;
            if !devices.is_empty() {
                let mut table = comfy_table::Table::new();
                table.load_preset(comfy_table::presets::UTF8_FULL_CONDENSED);
                table.set_header(NAMES);
                devices.iter().for_each(|device| {
                    table.add_row(cells(device));
                });
                writeln!(out, "{table}")?;
            }
        }
    }
    Ok(())
}
