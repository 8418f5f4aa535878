//! The figures of a measurement, and how they are told.

use std::collections::BTreeMap;
use std::time::Duration;

/// One look at the server.
#[derive(Debug, Clone, Default)]
pub(super) struct Sample {
    /// Entries that wait, by stage.
    pub(super) queues: BTreeMap<String, u64>,
    /// Readings kept since its start.
    pub(super) kept: u64,
    /// Resident bytes and seconds of processor time, when its process is known.
    pub(super) process: Option<(f64, f64)>,
}

/// The value below which `share` of `sorted` lies (nearest rank).
fn quantile(sorted: &[Duration], share: f64) -> Option<Duration> {
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.clamp(1, sorted.len().max(1)) - 1).copied()
}

/// All figures as lines.
pub(super) fn lines(took: Duration, mut latencies: Vec<Duration>, lost: usize, samples: &[Sample]) -> Vec<String> {
    latencies.sort_unstable();
    let mut lines = vec![format!("measured for {:.0} s", took.as_secs_f64())];
    if let (Some(first), Some(last)) = (samples.first(), samples.last()) {
        let kept = last.kept.saturating_sub(first.kept);
        lines.push(format!("readings kept      {kept}  ({:.0}/s)", kept as f64 / took.as_secs_f64()));
        if let (Some((_, before)), Some((memory, after))) = (first.process, last.process) {
            let peak =
                samples.iter().filter_map(|sample| sample.process).map(|(bytes, _)| bytes).fold(memory, f64::max);
            let start = first.process.map_or(0.0, |(bytes, _)| bytes);
            let mib = |bytes: f64| bytes / f64::from(1 << 20);
            lines.push(format!(
                "resident memory    {:.0} MiB at first, {:.0} at last, {:.0} at most",
                mib(start),
                mib(memory),
                mib(peak)
            ));
            lines.push(format!("processor          {:.2} cores on average", (after - before) / took.as_secs_f64()));
        }
    }
    lines.push(format!(
        "publish to screen  p50 {}  p90 {}  p99 {}  max {}  ({} probes, {lost} not seen)",
        milliseconds(quantile(&latencies, 0.5)),
        milliseconds(quantile(&latencies, 0.9)),
        milliseconds(quantile(&latencies, 0.99)),
        milliseconds(latencies.last().copied()),
        latencies.len(),
    ));
    let stages: std::collections::BTreeSet<&String> = samples.iter().flat_map(|sample| sample.queues.keys()).collect();
    for stage in stages {
        let depth: Vec<u64> = samples.iter().map(|sample| sample.queues.get(stage).copied().unwrap_or(0)).collect();
        let third = (depth.len() / 3).max(1);
        let mean = |part: &[u64]| part.iter().sum::<u64>() as f64 / part.len().max(1) as f64;
        lines.push(format!(
            "queue {stage:12} mean {:.1} in the first third, {:.1} in the last, {} at most",
            mean(&depth[..third.min(depth.len())]),
            mean(&depth[depth.len().saturating_sub(third)..]),
            depth.iter().max().copied().unwrap_or(0),
        ));
    }
    lines
}

fn milliseconds(span: Option<Duration>) -> String {
    span.map_or_else(|| "-".to_owned(), |span| format!("{:.0} ms", span.as_secs_f64() * 1e3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_a_measured_value() {
        let spans: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(quantile(&spans, 0.5), Some(Duration::from_millis(50)));
        assert_eq!(quantile(&spans, 0.99), Some(Duration::from_millis(99)));
        assert_eq!(quantile(&spans[..1], 0.99), Some(Duration::from_millis(1)));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
