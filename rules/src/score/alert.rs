//! One thing shown to an operator, and the table in which many of them are written down.

use std::path::Path;

use model::Timestamp;

use super::error::{Result, ScoreError};

/// One thing shown to an operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// A series, or a group of series.
    pub name: String,
    /// When it was raised.
    pub start: Timestamp,
    /// When it was over; `None` while it stands.
    pub end: Option<Timestamp>,
    /// What was said to be wrong.
    pub kind: String,
}

/// Writes alerts as `series,start,end,kind`.
pub fn write_alerts(path: &Path, alerts: &[Alert]) -> Result<()> {
    let mut out = csv::Writer::from_path(path).map_err(|e| ScoreError::form(path, e))?;
    let mut row = |fields: [&str; 4]| out.write_record(fields).map_err(|e| ScoreError::form(path, e));
    row(["series", "start", "end", "kind"])?;
    for alert in alerts {
        let end = alert.end.map(Timestamp::to_rfc3339).unwrap_or_default();
        row([&alert.name, &alert.start.to_rfc3339(), &end, &alert.kind])?;
    }
    out.flush().map_err(ScoreError::file(path))
}

/// Reads alerts written as `series,start,end,kind`.
pub fn read_alerts(path: &Path) -> Result<Vec<Alert>> {
    let mut table = csv::Reader::from_path(path).map_err(|e| ScoreError::form(path, e))?;
    let mut alerts = Vec::new();
    for row in table.records() {
        let row = row.map_err(|e| ScoreError::form(path, e))?;
        let time = |text: &str| Timestamp::parse(text).map_err(|e| ScoreError::form(path, e));
        let field = |n: usize| row.get(n).unwrap_or_default().trim();
        let end = if field(2).is_empty() { None } else { Some(time(field(2))?) };
        alerts.push(Alert { name: field(0).to_owned(), start: time(field(1))?, end, kind: field(3).to_owned() });
    }
    Ok(alerts)
}
