//! What was changed in the register, by whom and when, as a person or a program reads it.

use std::io::Write;

use control_room_api::{FieldChange, RegisterEntry};
use serde_json::{Value, json};

use super::show::{plain, value};
use crate::cli::Format;
use crate::commands::completeness::guarded;

const NAMES: [&str; 6] = ["at", "who", "act", "asset", "what", "fields"];

fn field(change: &FieldChange) -> String {
    format!("{}: {} → {}", plain(&change.field), value(&change.before), value(&change.after))
}

fn cells(entry: &RegisterEntry) -> [String; NAMES.len()] {
    let fields: Vec<String> = entry.change.fields.iter().map(field).collect();
    [
        entry.at.to_rfc3339(),
        plain(&entry.who),
        plain(&entry.act),
        plain(&entry.change.id),
        entry.change.what.to_owned(),
        fields.join("\n"),
    ]
}

fn object(entry: &RegisterEntry) -> Value {
    let field = |one: &FieldChange| json!({"field": one.field, "before": one.before, "after": one.after});
    let fields: Vec<Value> = entry.change.fields.iter().map(field).collect();
    json!({
        "number": entry.number, "at": entry.at.to_rfc3339(), "who": entry.who, "act": entry.act,
        "asset": entry.change.id, "what": entry.change.what, "fields": fields,
    })
}

/// The entries, the newest first.
pub(super) fn print(entries: &[RegisterEntry], format: Format, out: &mut impl Write) -> std::io::Result<()> {
    match format {
        Format::Csv => {
            let mut writer = csv::Writer::from_writer(out);
            writer.write_record(NAMES)?;
            for entry in entries {
                writer.write_record(cells(entry).map(guarded))?;
            }
            writer.flush()
        }
        Format::Json => entries.iter().try_for_each(|entry| writeln!(out, "{}", object(entry))),
        Format::Table => {
            let mut table = comfy_table::Table::new();
            table.load_preset(comfy_table::presets::UTF8_FULL_CONDENSED);
            table.set_header(NAMES);
            entries.iter().for_each(|entry| {
                table.add_row(cells(entry));
            });
            if !entries.is_empty() {
                writeln!(out, "{table}")?;
            }
            writeln!(out, "{} {}", entries.len(), if entries.len() == 1 { "change" } else { "changes" })
        }
    }
}
