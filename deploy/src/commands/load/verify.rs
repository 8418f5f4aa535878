//! Holds a ledger against the store: every acknowledged reading once, and none that nobody sent.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use model::TenantId;
use simulators::load::{Account, Ledger};
use store::{Cell, QueryLimits, Telemetry};

use super::report::thousands;
use crate::commands::status_line::say;
use crate::config;

/// Long enough for a hundred million readings.
const DEADLINE: Duration = Duration::from_secs(600);
/// Numbers of an example that are shown.
const SHOWN: usize = 5;

/// What was found to be wrong.
#[derive(Debug, Default, PartialEq, Eq)]
struct Verdict {
    /// Readings that are there.
    kept: u64,
    missing: u64,
    doubled: u64,
    invented: u64,
    examples: Vec<String>,
}

impl Verdict {
    fn note(&mut self, what: &str, device: &str, metric: &str, numbers: &[u64]) {
        if !numbers.is_empty() && self.examples.len() < SHOWN {
            let shown: Vec<String> = numbers.iter().take(SHOWN).map(u64::to_string).collect();
            self.examples.push(format!("{what}: {device} {metric}, number {}", shown.join(", ")));
        }
    }
}

/// Asks the store and says what it finds; the exit code tells a program.
pub(super) async fn hold(ledger: &Ledger, config: Option<&Path>, data: Option<PathBuf>) -> anyhow::Result<ExitCode> {
    let mut config = config::load(config)?.store;
    if let Some(folder) = data {
        config.folder = folder;
    }
    let store = store::open_read_only(config.clone())
        .await
        .with_context(|| format!("cannot read {}; --config or --data name where it is", config.folder.display()))?;
    let verdict = compare(ledger, &*store).await?;
    say(&format!(
        "verified           {} acknowledged readings: {} missing, {} doubled, {} invented  ({} are kept, unacknowledged ones included)",
        thousands(ledger.acknowledged()),
        thousands(verdict.missing),
        thousands(verdict.doubled),
        thousands(verdict.invented),
        thousands(verdict.kept),
    ));
    for example in &verdict.examples {
        say(&format!("  {example}"));
    }
    let is_clean = verdict.missing + verdict.doubled + verdict.invented == 0;
    Ok(if is_clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn compare(ledger: &Ledger, store: &dyn Telemetry) -> anyhow::Result<Verdict> {
    let tenant: TenantId = ledger.tenant.parse()?;
    let mut verdict = Verdict::default();
    let devices = || ledger.accounts.iter().map(|account| account.device.as_str());
    let (Some(first), Some(last)) = (devices().min(), devices().max()) else { return Ok(verdict) };
    // The devices of a run stand side by side, so a range finds them all; others that begin alike are left out below. Births of Sparkplug are gaps:
    // bad readings without a number.
    let sql = format!(
        "select device, metric, count(*), count(distinct value), min(value), max(value) from readings \
         where device between '{first}' and '{last}' and quality <> 'bad' group by device, metric"
    );
    let mut sums: HashMap<(String, String), [u64; 4]> = HashMap::new();
    for row in ask(store, &tenant, &sql).await? {
        let [Cell::Text(device), Cell::Text(metric), rest @ ..] = &row[..] else { bail!("the store answers {row:?}") };
        let figures: Vec<u64> = rest.iter().map(|cell| whole(cell).unwrap_or(u64::MAX)).collect();
        let figures = figures.try_into().map_err(|_| anyhow::anyhow!("the store answers {row:?}"))?;
        sums.insert((device.clone(), metric.clone()), figures);
    }
    for account in &ledger.accounts {
        for metric in &ledger.metrics {
            let key = (account.device.clone(), metric.clone());
            let [count, distinct, low, high] = sums.remove(&key).unwrap_or_default();
            verdict.kept += count;
            // All that was sent is there, each once: nothing can be missing, and nothing else has room.
            let is_whole = count == distinct && distinct == account.sent && low == 0 && high < account.sent.max(1);
            if !is_whole {
                detail(account, metric, store, &tenant, &mut verdict).await?;
            }
        }
    }
    let known: std::collections::HashSet<&str> = devices().collect();
    for ((device, metric), [count, ..]) in sums {
        if known.contains(device.as_str()) && !metric.starts_with('_') {
            verdict.invented += count;
            verdict.note("invented", &device, &metric, &[count]);
        }
    }
    Ok(verdict)
}

/// Number by number, for a device of which not everything is there.
async fn detail(
    account: &Account,
    metric: &str,
    store: &dyn Telemetry,
    tenant: &TenantId,
    verdict: &mut Verdict,
) -> anyhow::Result<()> {
    let device = &account.device;
    let sql = format!(
        "select value, count(*) from readings where device = '{device}' and metric = '{metric}' and quality <> 'bad' group by value"
    );
    let mut found: HashMap<u64, u64> = HashMap::new();
    for row in ask(store, tenant, &sql).await? {
        let [value, count] = &row[..] else { bail!("the store answers {row:?}") };
        // What is no whole number was never sent.
        *found.entry(whole(value).unwrap_or(u64::MAX)).or_default() += whole(count).unwrap_or(0);
    }
    let missing: Vec<u64> = account.acknowledged.iter().filter(|number| !found.contains_key(number)).collect();
    let mut doubled: Vec<u64> = found.iter().filter(|(_, count)| **count > 1).map(|(number, _)| *number).collect();
    let mut invented: Vec<u64> = found.keys().filter(|number| **number >= account.sent).copied().collect();
    doubled.sort_unstable();
    invented.sort_unstable();
    for (what, numbers) in [("missing", &missing), ("doubled", &doubled), ("invented", &invented)] {
        verdict.note(what, device, metric, numbers);
    }
    verdict.missing += missing.len() as u64;
    verdict.doubled += doubled.len() as u64;
    verdict.invented += invented.len() as u64;
    Ok(())
}

async fn ask(store: &dyn Telemetry, tenant: &TenantId, sql: &str) -> anyhow::Result<Vec<Vec<Cell>>> {
    let limits = QueryLimits { rows: usize::MAX >> 1, deadline: DEADLINE };
    Ok(store.query(tenant, sql, limits).await?.rows)
}

fn whole(cell: &Cell) -> Option<u64> {
    match cell {
        Cell::Integer(number) => u64::try_from(*number).ok(),
        Cell::Number(number) if *number >= 0.0 && number.fract() == 0.0 => Some(*number as u64),
        _ => None,
    }
}
