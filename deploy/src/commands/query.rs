//! `specola query`: asks the kept readings in SQL, beside a running server or without one.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use model::TenantId;
use store::{Answer, Cell, QueryLimits, Records};

use crate::cli::{Format, Query};
use crate::config::Config;

/// A person waits for the answer: long enough for years of history, short enough to notice a mistake.
const DEADLINE: Duration = Duration::from_secs(300);

pub(crate) async fn run(query: Query) -> anyhow::Result<ExitCode> {
    let config = query.place.config()?;
    if !config.store.folder.is_dir() {
        bail!(
            "there is no folder {}: nothing has been kept yet, or --data or --config should name another one",
            config.store.folder.display()
        );
    }
    let records = store::open_records(&config.store).await.context("cannot read who the tenants are")?;
    let tenant = tenant(&config, &*records, query.place.tenant).await?;
    let readings = store::open_read_only(config.store.clone())
        .await
        .with_context(|| format!("cannot read {}", config.store.folder.display()))?;
    let limits = QueryLimits { rows: query.limit, deadline: DEADLINE };
    let answer = readings.query(&tenant, &query.sql, limits).await?;
    let out = std::io::stdout();
    let mut out = std::io::BufWriter::new(out.lock());
    match print(&answer, query.format, &mut out).and_then(|()| out.flush()) {
        // The reader of a pipe (head, less) has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(ExitCode::SUCCESS),
        other => other?,
    }
    if answer.truncated && std::io::stderr().is_terminal() {
        tracing::warn!(limit = query.limit, "there are more rows; ask for them with --limit");
    }
    Ok(ExitCode::SUCCESS)
}

/// The tenant asked for, or the only one: of the store, or else of the configuration.
pub(crate) async fn tenant(
    config: &Config,
    records: &dyn Records,
    asked: Option<TenantId>,
) -> anyhow::Result<TenantId> {
    let registered: Vec<TenantId> = records.tenants().await?.into_iter().map(|(id, _)| id).collect();
    let configured: Vec<TenantId> = config.tenants.iter().map(|tenant| tenant.id.clone()).collect();
    match (asked, registered.as_slice(), configured.as_slice()) {
        (Some(tenant), ..) if registered.contains(&tenant) || configured.contains(&tenant) => Ok(tenant),
        (Some(tenant), ..) => bail!("there is no tenant {tenant} in {}", config.store.folder.display()),
        (None, [only], _) | (None, _, [only]) => Ok(only.clone()),
        (None, ..) => bail!("there are several tenants: say which with --tenant ({})", names(&registered)),
    }
}

fn names(tenants: &[TenantId]) -> String {
    tenants.iter().map(TenantId::as_str).collect::<Vec<_>>().join(", ")
}

fn print(answer: &Answer, format: Format, out: &mut impl Write) -> std::io::Result<()> {
    match format {
        Format::Table => table(answer, out),
        Format::Csv => comma_separated(answer, out),
        Format::Json => json_lines(answer, out),
    }
}

fn table(answer: &Answer, out: &mut impl Write) -> std::io::Result<()> {
    let mut table = comfy_table::Table::new();
    table.load_preset(comfy_table::presets::UTF8_FULL_CONDENSED);
    table.set_header(answer.columns.iter().map(|column| column.name.as_str()));
    for row in &answer.rows {
        table.add_row(row.iter().map(|cell| comfy_table::Cell::new(text(cell)).set_alignment(alignment(cell))));
    }
    writeln!(out, "{table}")?;
    let more = if answer.truncated { ", and more" } else { "" };
    let rows = if answer.rows.len() == 1 { "row" } else { "rows" };
    writeln!(out, "{} {rows}{more}", answer.rows.len())
}

fn alignment(cell: &Cell) -> comfy_table::CellAlignment {
    match cell {
        Cell::Integer(_) | Cell::Number(_) => comfy_table::CellAlignment::Right,
        _ => comfy_table::CellAlignment::Left,
    }
}

fn comma_separated(answer: &Answer, out: &mut impl Write) -> std::io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    writer.write_record(answer.columns.iter().map(|column| column.name.as_str()))?;
    for row in &answer.rows {
        writer.write_record(row.iter().map(guarded))?;
    }
    writer.flush()
}

/// A spreadsheet would run a text that begins like a formula.
fn guarded(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r']) => format!("'{text}"),
        other => text(other),
    }
}

fn json_lines(answer: &Answer, out: &mut impl Write) -> std::io::Result<()> {
    for row in &answer.rows {
        let object: serde_json::Map<String, serde_json::Value> =
            answer.columns.iter().zip(row).map(|(column, cell)| (column.name.clone(), json(cell))).collect();
        writeln!(out, "{}", serde_json::Value::Object(object))?;
    }
    Ok(())
}

fn json(cell: &Cell) -> serde_json::Value {
    match cell {
        Cell::Null => serde_json::Value::Null,
        Cell::Flag(flag) => (*flag).into(),
        Cell::Integer(number) => (*number).into(),
        Cell::Number(number) => (*number).into(),
        Cell::Text(text) => text.as_str().into(),
        Cell::Time(time) => time.to_rfc3339().into(),
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Null => String::new(),
        Cell::Flag(flag) => flag.to_string(),
        Cell::Integer(number) => number.to_string(),
        Cell::Number(number) => number.to_string(),
        Cell::Text(text) => text.clone(),
        Cell::Time(time) => time.to_rfc3339(),
    }
}

#[cfg(test)]
mod tests {
    use store::{Column, ColumnKind};

    use super::*;

    #[track_caller]
    fn check(format: Format, expected: &str) {
        let column = |name: &str, kind| Column { name: name.to_owned(), kind };
        let answer = Answer {
            columns: vec![column("device", ColumnKind::Text), column("value", ColumnKind::Number)],
            rows: vec![
                vec![Cell::Text("=cmd|x".to_owned()), Cell::Number(1.5)],
                vec![Cell::Text("a\"b".to_owned()), Cell::Null],
            ],
            truncated: false,
        };
        let mut out = Vec::new();
        print(&answer, format, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_spreadsheet_is_not_given_a_formula() {
        check(Format::Csv, "device,value\n'=cmd|x,1.5\n\"a\"\"b\",\n");
    }

    #[test]
    fn a_program_gets_one_object_a_line() {
        check(Format::Json, "{\"device\":\"=cmd|x\",\"value\":1.5}\n{\"device\":\"a\\\"b\",\"value\":null}\n");
    }
}
