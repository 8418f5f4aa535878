//! How fast a board of 100,000 assets takes readings in and makes frames.
#![allow(clippy::unwrap_used, missing_docs, reason = "a bench")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use control_room_api::{Clock, Live, Selection};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use model::{
    Asset, AssetClass, AssetId, Bounds, DeviceId, Domain, Geometry, Lifecycle, MetricName, Position, Quality, Reading,
    Series, TenantId, Timestamp, Unit, Value,
};

const ASSETS: u32 = 100_000;
const BATCH: u32 = 5_000;

fn asset(tenant: &TenantId, n: u32) -> Asset {
    let at = Position::new(15.0 + f64::from(n % 1000) / 1000.0, 38.0 + f64::from(n / 1000) / 1000.0).unwrap();
    Asset {
        tenant: tenant.clone(),
        id: AssetId::new(format!("lamp-{n:06}")).unwrap(),
        name: format!("Lampione {n}"),
        domain: Domain::new("streetlight").unwrap(),
        class: AssetClass::new("lamp").unwrap(),
        geometry: Some(Geometry::Point(at)),
        area: None,
        devices: vec![DeviceId::new(format!("dev-{n:06}")).unwrap()],
        relations: Vec::new(),
        main_metric: Some(MetricName::new("voltage").unwrap()),
        lifecycle: Lifecycle::InService,
        properties: BTreeMap::new(),
    }
}

fn bench(c: &mut Criterion) {
    let tenant = TenantId::new("messina").unwrap();
    let nanos = Arc::new(AtomicI64::new(1_700_000_000_000_000_000));
    let time = Arc::clone(&nanos);
    let clock: Clock = Arc::new(move || Timestamp::from_nanos(time.load(Ordering::Relaxed)));
    let (_rules, in_force) = tokio::sync::watch::channel(Arc::default());
    let live = Live::new(clock, in_force);
    let assets: Vec<_> = (0..ASSETS).map(|n| asset(&tenant, n)).collect();
    live.put_assets(&tenant, &assets);
    let metric = MetricName::new("voltage").unwrap();
    let mut batch: Vec<_> = (0..BATCH)
        .map(|n| {
            let device = assets[(n * 7919 % ASSETS) as usize].devices[0].clone();
            Reading {
                series: Arc::new(Series { tenant: tenant.clone(), device, metric: metric.clone() }),
                time: Timestamp::EPOCH,
                received: Timestamp::EPOCH,
                value: Value::Number(0.0),
                unit: Unit::NONE,
                quality: Quality::Good,
            }
        })
        .collect();
    let board = live.board(&tenant);
    let mut turn = |live: &Live| {
        let now = Timestamp::from_nanos(nanos.fetch_add(1_000_000, Ordering::Relaxed));
        for reading in &mut batch {
            (reading.time, reading.received) = (now, now);
            reading.value = Value::Number(now.as_seconds_f64() % 1000.0);
        }
        live.show(black_box(&batch));
    };

    let mut group = c.benchmark_group("board of 100,000 assets");
    group.throughput(Throughput::Elements(u64::from(BATCH)));
    group.bench_function("show 5,000 readings", |b| b.iter(|| turn(&live)));
    let everything = Selection::default();
    group.bench_function("show 5,000 readings and make their delta", |b| {
        b.iter(|| {
            let seen = board.version();
            turn(&live);
            board.since(Some(seen), &everything).encode(0.0)
        });
    });
    group.throughput(Throughput::Elements(u64::from(ASSETS)));
    group.bench_function("snapshot of everything", |b| b.iter(|| board.since(None, &everything).encode(0.0)));
    let viewport = Some(Bounds { west: 15.2, south: 38.0, east: 15.4, north: 38.05 });
    let part = Selection { viewport, domains: None };
    group.bench_function("snapshot of a viewport", |b| b.iter(|| board.since(None, &part).encode(0.0)));
    group.bench_function("sweep", |b| b.iter(|| live.sweep(Timestamp::from_nanos(nanos.load(Ordering::Relaxed)))));
    group.finish();
}

criterion_group!(benches, bench);
criterion_main!(benches);
