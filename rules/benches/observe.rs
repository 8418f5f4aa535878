//! How fast the engine judges a healthy city: 100,000 series, each under several rules, nothing changing.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use model::{
    Asset, AssetClass, AssetId, DeviceId, Domain, Duration, Lifecycle, MetricName, Quality, Reading, Relation,
    RelationKind, Series, TenantId, Timestamp, Unit, Value,
};
use rules::{Engine, RuleBook};

const LAMPS: usize = 50_000;
const METRICS: [&str; 2] = ["voltage", "temperature"];

fn lamp(tenant: &TenantId, n: usize) -> Asset {
    Asset {
        tenant: tenant.clone(),
        id: AssetId::new(format!("lamp-{n:05}")).expect("a short name"),
        name: format!("Lampione {n}"),
        domain: Domain::new("streetlight").expect("a slug"),
        class: AssetClass::new("lamp").expect("a slug"),
        geometry: None,
        area: None,
        devices: vec![DeviceId::new(format!("70b3d57ed00{n:05}")).expect("a short name")],
        relations: vec![Relation {
            kind: RelationKind::PoweredBy,
            to: AssetId::new(format!("circuit-{:04}", n / 50)).expect("a short name"),
        }],
        main_metric: None,
        lifecycle: Lifecycle::InService,
        properties: BTreeMap::new(),
    }
}

/// `per_metric` threshold rules on each metric, one of them grouped, and one rule of silence.
fn book(per_metric: usize) -> RuleBook {
    let words = "title = \"t\"\ncause = \"c\"\nconsequence = \"c\"\naction = \"a\"";
    let guidance = format!("[rule.guidance.it]\n{words}\n[rule.guidance.en]\n{words}\n");
    let mut text = format!(
        "[[rule]]\nid = \"silent\"\npriority = \"low\"\n[rule.condition]\nkind = \"silence\"\nlasting = \"10m\"\n{guidance}"
    );
    for metric in METRICS {
        for n in 0..per_metric {
            text.push_str(&format!(
                "[[rule]]\nid = \"{metric}-{n}\"\nmetric = \"{metric}\"\npriority = \"high\"\non_delay = \"5s\"\n\
                 [rule.condition]\nkind = \"threshold\"\nbelow = -{n}\n{guidance}"
            ));
        }
    }
    let (book, errors) = RuleBook::parse([("bench.toml".to_owned(), text)]);
    assert!(errors.is_empty(), "{errors:?}");
    book
}

fn observe(c: &mut Criterion) {
    let tenant = TenantId::new("bench").expect("a slug");
    let start = Timestamp::from_nanos(1_800_000_000_000_000_000);
    let series: Vec<Arc<Series>> = (0..LAMPS)
        .flat_map(|n| {
            let device = lamp(&tenant, n).devices.remove(0);
            METRICS.map(|metric| {
                let metric = MetricName::new(metric).expect("a short name");
                Arc::new(Series { tenant: tenant.clone(), device: device.clone(), metric })
            })
        })
        .collect();
    let mut group = c.benchmark_group("observe");
    group.throughput(Throughput::Elements(series.len() as u64)).sample_size(10);
    for per_metric in [1, 4, 19] {
        let mut engine = Engine::new(book(per_metric), (0..LAMPS).map(|n| lamp(&tenant, n)), start);
        let mut now = start;
        let mut readings: Vec<Reading> = series
            .iter()
            .map(|series| Reading {
                series: Arc::clone(series),
                time: now,
                received: now,
                value: Value::Number(230.0),
                unit: Unit::NONE,
                quality: Quality::Good,
            })
            .collect();
        group.bench_function(format!("100k series, {} rules each", per_metric + 1), |b| {
            b.iter(|| {
                now = now.plus(Duration::from_secs(1));
                readings.iter_mut().for_each(|reading| reading.time = now);
                for batch in readings.chunks(1_000) {
                    black_box(engine.observe(batch, now));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, observe);
criterion_main!(benches);
