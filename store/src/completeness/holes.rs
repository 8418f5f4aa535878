//! The holes of one device, one by one.

use std::time::Duration;

use model::{TenantId, Timestamp, Window};

use super::count::BEFORE;
use super::expectation::{Expectations, Pace, Span};
use super::report::{DeviceCompleteness, Hole, SeriesCompleteness};
use super::rhythm::{TOO_LONG, nanos, overdue};
use crate::{Answer, Cell, Error, QueryLimits, Result, Telemetry};

/// Rows that one question may answer with.
const ROWS: usize = 4_000_000;
/// How long one question may take.
const DEADLINE: Duration = Duration::from_secs(120);

/// The holes of one device, in order, at most `limit`.
///
/// # Errors
/// When the readings cannot be read.
pub async fn holes(
    readings: &dyn Telemetry,
    tenant: &TenantId,
    window: Window,
    now: Timestamp,
    expectations: &Expectations,
    device: &DeviceCompleteness,
    limit: usize,
) -> Result<Vec<Hole>> {
    let end = window.until.min(now.plus(Duration::from_nanos(1)));
    let spans = expectations.spans(&device.device, window.from, end);
    let told: Vec<Span> = spans.iter().copied().filter(|span| span.pace == Pace::Told).collect();
    let mut found = Vec::new();
    for series in device.series.iter().filter(|series| series.missed > 0) {
        let Some(usual) = series.usual.map(nanos) else { continue };
        let (name, metric) = (quoted(device.device.as_str()), quoted(series.metric.as_str()));
        let least = (usual * TOO_LONG) as i64;
        let begin = window.from.minus(BEFORE);
        let sql = format!(
            "select start, stop from (select lag(time) over (order by time) as start, time as stop from readings \
             where device = {name} and metric = {metric} and time >= '{begin}' and time < '{end}') \
             where stop > '{}' and (start is null or cast(stop as bigint) - cast(start as bigint) > {least}) \
             order by 2 limit {limit}",
            window.from
        );
        for row in &ask(readings, tenant, &sql).await?.rows {
            let missed = |span: f64| (span / usual).round() as u64 - 1;
            match row[..] {
                [Cell::Time(from), Cell::Time(until)] => note(&mut found, series, &spans, (from, until), missed),
                // Nothing was heard before the first one: only of whom it is told that it should have spoken, that is a hole.
                [Cell::Null, Cell::Time(until)] => note(&mut found, series, &told, (begin, until), missed),
                _ => {}
            }
        }
        let sql = format!(
            "select max(time) from readings where device = {name} and metric = {metric} and time >= '{begin}' and time < '{end}'"
        );
        let late = |span: f64| overdue(span, usual);
        match ask(readings, tenant, &sql).await?.rows.first().map(Vec::as_slice) {
            Some([Cell::Time(last)]) => note(&mut found, series, &spans, (*last, end), late),
            _ => note(&mut found, series, &told, (begin, end), late),
        }
    }
    found.sort_by_key(|hole| hole.from);
    found.truncate(limit);
    Ok(found)
}

/// Notes a silence as far as the device was awaited in it.
fn note(
    found: &mut Vec<Hole>,
    series: &SeriesCompleteness,
    spans: &[Span],
    (from, until): (Timestamp, Timestamp),
    missed: impl Fn(f64) -> u64,
) {
    let Some(usual) = series.usual.map(nanos) else { return };
    for Span { window, .. } in spans {
        let Some(silent) = Window::new(from.max(window.from), until.min(window.until)) else { continue };
        let span = silent.span().as_nanos() as f64;
        if span > usual * TOO_LONG {
            let metric = series.metric.clone();
            found.push(Hole { metric, from: silent.from, until: silent.until, missed: missed(span) });
        }
    }
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Asks a question whose answer must be whole.
async fn ask(readings: &dyn Telemetry, tenant: &TenantId, sql: &str) -> Result<Answer> {
    let answer = readings.query(tenant, sql, QueryLimits { rows: ROWS, deadline: DEADLINE }).await?;
    if answer.truncated {
        return Err(Error::QueryFailed(format!("there are more than {ROWS} rows")));
    }
    Ok(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_quoted() {
        assert_eq!(quoted("l'aquila"), "'l''aquila'");
    }
}
