//! What a sample costs each building block and each detector that needs no domain.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use model::{Duration, Timestamp};
use rules::detect::parts::{Calendar, Cusum, Extreme, Level, PageHinkley, Peers, Regression, Run, Season, Variance};
use rules::detect::{Detector, Field, Habit, Member, Multivariate, Range, Sample, Univariate};

const SAMPLES: usize = 10_000;

/// A daily rhythm with noise, a value every 15 minutes.
fn series() -> Vec<(Timestamp, f64)> {
    let mut state = 1_u64;
    (0..SAMPLES as u64)
        .map(|n| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let noise = (state >> 33) as f64 / (1_u64 << 31) as f64 - 0.5;
            let daily = (n as f64 / 96.0 * std::f64::consts::TAU).sin();
            (Timestamp::EPOCH.plus(Duration::from_secs(900 * n)), 40.0 + 5.0 * daily + noise)
        })
        .collect()
}

fn parts(c: &mut Criterion) {
    let series = series();
    let mut group = c.benchmark_group("part");
    group.throughput(Throughput::Elements(SAMPLES as u64));
    macro_rules! bench {
        ($name:literal, $part:expr, |$state:ident, $time:ident, $value:ident| $step:expr) => {
            group.bench_function($name, |b| {
                let mut $state = $part;
                b.iter(|| {
                    for &($time, $value) in black_box(&series) {
                        let _ = $time;
                        black_box($step);
                    }
                });
            });
        };
    }
    bench!("level", Level::new(500, 0.01), |p, t, v| p.learn(v));
    bench!("season and calendar", (Season::new(20, 0.01), Calendar::default()), |p, t, v| {
        let local = p.1.local(t);
        p.0.learn(local, v);
        p.0.expect(local)
    });
    bench!("cusum", Cusum::new(0.5, 10.0, 4.0), |p, t, v| p.observe(v - 40.0));
    bench!("page-hinkley", PageHinkley::new(5.0, 1e6), |p, t, v| p.observe(v));
    bench!("variance", Variance::new(30, 1000, 0.01), |p, t, v| p.observe(v - 40.0));
    bench!("run", Run::new(0.0), |p, t, v| p.observe(t, v));
    bench!("extreme", Extreme::new(1e-5), |p, t, v| p.observe(v));
    bench!("habit", Habit::default(), |p, t, v| p.observe(t, v));
    bench!("range", Range::default(), |p, t, v| p.observe(v));
    for size in [3, 6, 8] {
        group.bench_function(BenchmarkId::new("regression", size), |b| {
            let mut regression = Regression::new(size, 2000.0);
            let mut row = vec![1.0; size];
            b.iter(|| {
                for &(_, value) in black_box(&series) {
                    for (n, cell) in row.iter_mut().enumerate().skip(1) {
                        *cell = (value * n as f64).fract();
                    }
                    black_box(regression.learn(&row, value, 10.0));
                }
            });
        });
    }
    group.bench_function("peers of twenty", |b| {
        let mut room = Vec::with_capacity(20);
        b.iter(|| {
            for twenty in series.chunks_exact(20) {
                room.clear();
                room.extend(twenty.iter().map(|(_, value)| *value));
                black_box(Peers::of(&mut room));
            }
        });
    });
    group.finish();
}

fn detector<D: Detector>(c: &mut Criterion) {
    let series = series();
    let period = Duration::from_secs(900);
    let member = |n: usize| Member { name: format!("m{n}"), group: n / 8, metric: "power".into(), period };
    let field = Field { groups: (0..8).map(|n| format!("g{n}")).collect(), members: (0..64).map(member).collect() };
    let mut group = c.benchmark_group("detector");
    group.throughput(Throughput::Elements(SAMPLES as u64));
    group.bench_function(D::NAME, |b| {
        let (mut detector, mut found) = (D::new(&field), Vec::new());
        b.iter(|| {
            for (n, &(time, value)) in series.iter().enumerate() {
                detector.observe(&Sample { member: n % 64, time, value, companions: &[] }, &mut found);
                found.clear();
            }
        });
    });
    group.finish();
}

criterion_group!(benches, parts, detector::<Univariate>, detector::<Multivariate>);
criterion_main!(benches);
