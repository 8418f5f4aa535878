//! Assets and their changes as a person reads them.

use std::io::Write;

use control_room_api::{AssetChange, AssetReport};
use model::{Asset, DeviceId};

/// Changes that are printed one by one; a new city would fill the screen for minutes.
const SHOWN: usize = 1_000;

/// What became, or would become, of the register.
pub(super) fn report(report: &AssetReport, would: bool, out: &mut impl Write) -> std::io::Result<()> {
    for change in report.changes.iter().take(SHOWN) {
        show(change, out)?;
    }
    let told = report.changes.len().min(SHOWN);
    let all = report.added + report.changed + report.retired;
    if all > told {
        writeln!(out, "… and {} more", all - told)?;
    }
    let AssetReport { added, changed, retired, unchanged, missing, .. } = report;
    writeln!(
        out,
        "{}{added} added, {changed} changed, {retired} retired, {unchanged} unchanged",
        if would { "would be: " } else { "" }
    )?;
    if *missing > 0 {
        writeln!(out, "{missing} are in the register and not in the file; they stay (--retire-missing retires them)")?;
    }
    Ok(())
}

fn show(change: &AssetChange, out: &mut impl Write) -> std::io::Result<()> {
    let mark = match change.what {
        "added" => '+',
        "retired" => '-',
        _ => '~',
    };
    writeln!(out, "{mark} {}", plain(&change.id))?;
    if change.what == "changed" {
        for field in &change.fields {
            writeln!(out, "    {}: {} → {}", plain(&field.field), value(&field.before), value(&field.after))?;
        }
    }
    Ok(())
}

pub(super) fn value(text: &str) -> String {
    if text.is_empty() { "–".to_owned() } else { format!("\"{}\"", plain(text)) }
}

/// A text that harms no terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '·' } else { c }).collect()
}

/// Assets as a table.
pub(super) fn table<'a>(assets: impl Iterator<Item = &'a Asset>, out: &mut impl Write) -> std::io::Result<()> {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::UTF8_FULL_CONDENSED);
    table.set_header(["id", "name", "domain", "class", "life", "devices", "first seen as"]);
    let mut count = 0_usize;
    for asset in assets {
        count += 1;
        let devices: Vec<&str> = asset.devices.iter().map(DeviceId::as_str).collect();
        table.add_row([
            plain(asset.id.as_str()),
            plain(&asset.name),
            asset.domain.to_string(),
            asset.class.to_string(),
            asset.lifecycle.as_str().to_owned(),
            plain(&devices.join(", ")),
            asset.properties.get("first_seen_format").map(|format| plain(format)).unwrap_or_default(),
        ]);
    }
    if count > 0 {
        writeln!(out, "{table}")?;
    }
    writeln!(out, "{count} {}", if count == 1 { "asset" } else { "assets" })
}
