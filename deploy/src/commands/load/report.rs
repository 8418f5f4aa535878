//! The figures of a load, and how they are told.

use std::time::Duration;

use simulators::load::Report;

/// All figures as lines.
pub(super) fn lines(report: &Report) -> Vec<String> {
    let mut lines = vec![
        format!("clients            {} connected in {:.2} s", report.clients, report.connecting.as_secs_f64()),
        format!(
            "sent               {} messages in {:.1} s  ({}/s, {:.1} MiB/s)",
            thousands(report.sent),
            report.lasted.as_secs_f64(),
            thousands(report.per_second(report.sent) as u64),
            report.per_second(report.bytes) / f64::from(1 << 20)
        ),
    ];
    if let Some([p50, p90, p99, max]) = report.latency {
        let rate = report.rate();
        lines.push(format!(
            "acknowledged       {} messages  ({}/s, {} readings/s)",
            thousands(report.acknowledged),
            thousands(rate as u64),
            thousands((rate * report.values as f64) as u64)
        ));
        lines.push(format!(
            "acknowledged after p50 {}  p90 {}  p99 {}  max {}",
            milliseconds(p50),
            milliseconds(p90),
            milliseconds(p99),
            milliseconds(max)
        ));
        lines.push(format!("unacknowledged     {} messages", thousands(report.unacknowledged)));
    }
    if let Some(received) = report.received_in_time {
        let rate = thousands(report.per_second(received) as u64);
        lines.push(format!("received           {} messages by the subscriber  ({rate}/s)", thousands(received)));
    }
    if report.reconnects > 0 {
        lines.push(format!("reconnects         {}", thousands(report.reconnects)));
    }
    if let Some((memory, seconds)) = crate::pipeline::usage("self") {
        lines.push(format!(
            "the generator      {:.2} cores on average, {:.0} MiB",
            seconds / (report.lasted + report.connecting).as_secs_f64().max(0.001),
            memory / f64::from(1 << 20)
        ));
    }
    lines
}

fn milliseconds(span: Duration) -> String {
    format!("{:.1} ms", span.as_secs_f64() * 1e3)
}

/// A number with its thousands apart.
pub(super) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(thousands), ["0", "999", "1,000", "1,234,567"]);
    }

    #[test]
    fn a_run_without_acknowledgements_claims_none() {
        let report = Report {
            clients: 2,
            connecting: Duration::from_millis(10),
            lasted: Duration::from_secs(2),
            sent: 4_000,
            bytes: 1 << 20,
            acknowledged: 0,
            acknowledged_in_time: 0,
            values: 1,
            received_in_time: Some(3_000),
            unacknowledged: 0,
            reconnects: 0,
            latency: None,
        };
        let text = lines(&report).join("\n");
        assert!(text.contains("4,000 messages in 2.0 s  (2,000/s, 0.5 MiB/s)") && text.contains("(1,500/s)"), "{text}");
        assert!(!text.contains("acknowledged"), "{text}");
    }
}
