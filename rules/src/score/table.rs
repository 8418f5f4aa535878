//! The table of scores as people read it.

use std::fmt;

use super::events::EventScore;

/// The scores of some domains, one line each; with details, a line for each kind of fault below.
#[derive(Debug, Default)]
pub struct Table {
    /// The domains and their scores.
    pub lines: Vec<(String, EventScore)>,
    /// Whether to say what was found of each kind, what was missed and what was false.
    pub details: bool,
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<12} {:>6} {:>7} {:>9} {:>9} {:>6} {:>6} {:>8} {:>8} {:>6} {:>9} {:>6} {:>7}",
            "domain",
            "score",
            "found",
            "precision",
            "recall",
            "f1",
            "kind",
            "delay h",
            "p90 h",
            "false",
            "per 1000",
            "worst",
            "repeats"
        )?;
        for (name, score) in &self.lines {
            line(f, name, score)?;
            if self.details {
                details(f, score)?;
            }
        }
        Ok(())
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, s: &EventScore) -> fmt::Result {
    writeln!(
        f,
        "{:<12} {:>6.2} {:>7} {:>9.3} {:>9.3} {:>6.3} {:>6} {:>8} {:>8} {:>6} {:>9.2} {:>6} {:>7}",
        name,
        s.score,
        format!("{}/{}", s.detected, s.faults),
        s.precision,
        s.recall,
        s.f1,
        number(s.kind_accuracy),
        number(s.median_delay_h),
        number(s.p90_delay_h),
        s.false_alerts.len(),
        s.false_per_1000_device_days,
        s.worst_10min,
        s.repeats,
    )
}

fn details(f: &mut fmt::Formatter<'_>, s: &EventScore) -> fmt::Result {
    for (kind, k) in &s.by_kind {
        writeln!(f, "    {:<24} {:>3}/{:<3} delay {} h", kind, k.detected, k.events, number(k.median_delay_h))?;
    }
    if !s.missed.is_empty() {
        writeln!(f, "    missed: {}", s.missed.join(" "))?;
    }
    writeln!(f, "    {} late, {} ignored, {} about unknown names", s.late, s.ignored, s.unknown)?;
    for (kind, count) in &s.false_in_benign {
        writeln!(f, "    false in {kind}: {count}")?;
    }
    for alert in &s.false_alerts {
        writeln!(f, "    false: {} {} {}", alert.start, alert.name, alert.kind)?;
    }
    Ok(())
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"))
}
