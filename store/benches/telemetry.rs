//! How fast readings are kept, written out and read back: `cargo bench -p store`.
#![expect(clippy::unwrap_used, reason = "a bench")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use model::{
    DeviceId, MetricName, Quality, Reading, ReadingBatch, Series, SeriesSelection, TenantId, Timestamp, Unit, Value,
    Window,
};
use store::{Config, Expectations, QueryLimits, Store, completeness};
use tokio::runtime::Runtime;

const START: i64 = 1_795_305_600_000_000_000;
const LAMPS: usize = 1_000;

fn series() -> Vec<Arc<Series>> {
    let one = |lamp| {
        Arc::new(Series {
            tenant: TenantId::new("messina").unwrap(),
            device: DeviceId::new(format!("messina-lamp-{lamp:05}")).unwrap(),
            metric: MetricName::new("power").unwrap(),
        })
    };
    (0..LAMPS).map(one).collect()
}

/// The next `count` readings of all lamps in turn, each a second after its last.
fn readings(series: &[Arc<Series>], from: &mut usize, count: usize) -> ReadingBatch {
    let one = |n: usize| Reading {
        series: Arc::clone(&series[n % LAMPS]),
        time: Timestamp::from_nanos(START + (n / LAMPS) as i64 * 1_000_000_000),
        received: Timestamp::from_nanos(START + n as i64),
        value: Value::Number((n % 977) as f64 / 10.0),
        unit: Unit::new("W"),
        quality: Quality::Good,
    };
    let batch = ReadingBatch::new((*from..*from + count).map(one).collect()).unwrap();
    *from += count;
    batch
}

fn open(runtime: &Runtime, folder: &std::path::Path) -> Arc<dyn Store> {
    // Flushes only when the bench asks.
    let config = Config { folder: folder.to_path_buf(), flush_readings: usize::MAX, ..Config::default() };
    runtime.block_on(store::open(config)).unwrap()
}

fn append(bench: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let series = series();
    let mut group = bench.benchmark_group("append");
    for size in [50, 1_000, 10_000] {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&runtime, folder.path());
        let mut next = 0;
        group.throughput(Throughput::Elements(size as u64));
        group.bench_function(format!("{size} readings"), |bench| {
            bench.iter_batched(
                || readings(&series, &mut next, size),
                |batch| runtime.block_on(store.append(batch)).unwrap(),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

fn flush(bench: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let series = series();
    let mut group = bench.benchmark_group("flush");
    group.sample_size(10).throughput(Throughput::Elements(500_000));
    group.bench_function("500000 readings", |bench| {
        bench.iter_custom(|rounds| {
            let mut took = Duration::ZERO;
            for _ in 0..rounds {
                let folder = tempfile::tempdir().unwrap();
                let store = open(&runtime, folder.path());
                let mut next = 0;
                for _ in 0..10 {
                    runtime.block_on(store.append(readings(&series, &mut next, 50_000))).unwrap();
                }
                let started = Instant::now();
                runtime.block_on(store.flush()).unwrap();
                took += started.elapsed();
            }
            took
        });
    });
    group.finish();
}

fn query(bench: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let series = series();
    let folder = tempfile::tempdir().unwrap();
    let store = open(&runtime, folder.path());
    let mut next = 0;
    for round in 0..20 {
        runtime.block_on(store.append(readings(&series, &mut next, 50_000))).unwrap();
        if round == 9 || round == 17 {
            runtime.block_on(store.flush()).unwrap();
        }
    }
    let tenant = series[0].tenant.clone();
    let selection = SeriesSelection {
        tenant: tenant.clone(),
        device: series[500].device.clone(),
        metric: series[500].metric.clone(),
        window: Window::new(Timestamp::from_nanos(START), Timestamp::from_nanos(START + 86_400_000_000_000)).unwrap(),
    };
    let mut group = bench.benchmark_group("query");
    group.bench_function("newest of 1000 lamps", |bench| bench.iter(|| store.newest(&tenant)));
    group.bench_function("history of one lamp among a million readings", |bench| {
        bench.iter(|| runtime.block_on(store.history(&selection, 500)).unwrap());
    });
    for (name, sql) in [
        ("count of a million", "select count(*) from readings"),
        ("mean by lamp over a million", "select device, avg(value) from readings group by device"),
        ("one lamp", "select time, value from readings where device = 'messina-lamp-00500' order by time"),
    ] {
        group.bench_function(format!("sql: {name}"), |bench| {
            bench.iter(|| runtime.block_on(store.query(&tenant, sql, QueryLimits::default())).unwrap());
        });
    }
    group.finish();
}

/// What is missing in some days of a thousand sensors that speak every 15 minutes; a year is 365 days of the same.
fn missing(bench: &mut Criterion) {
    const DAYS: usize = 10;
    const STEPS: usize = 96;
    let runtime = Runtime::new().unwrap();
    let series = series();
    let folder = tempfile::tempdir().unwrap();
    let store = open(&runtime, folder.path());
    let tenant = series[0].tenant.clone();
    let at = |step: usize| Timestamp::from_nanos(START + step as i64 * 900_000_000_000);
    for step in 0..DAYS * STEPS {
        let one = |series: &Arc<Series>| Reading {
            series: Arc::clone(series),
            time: at(step),
            received: at(step),
            value: Value::Number(step as f64),
            unit: Unit::new("W"),
            quality: Quality::Good,
        };
        let batch = ReadingBatch::new(series.iter().map(one).collect()).unwrap();
        runtime.block_on(store.append(batch)).unwrap();
    }
    runtime.block_on(store.flush()).unwrap();
    let window = Window::new(at(0), at(DAYS * STEPS)).unwrap();
    let mut group = bench.benchmark_group("completeness");
    group.sample_size(10).throughput(Throughput::Elements((DAYS * STEPS * LAMPS) as u64));
    group.bench_function(format!("{DAYS} days of {LAMPS} sensors"), |bench| {
        let known = Expectations::default();
        let count = || completeness(&*store, &tenant, window, window.until, &known, |_| ());
        bench.iter(|| runtime.block_on(count()).unwrap());
    });
    group.finish();
}

criterion_group!(benches, append, flush, query, missing);
criterion_main!(benches);
