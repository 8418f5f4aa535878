//! The building blocks of detectors: what they learn, and that nothing poisons them.

use model::{Duration, Timestamp};
use proptest::prelude::*;
use rules::detect::parts::{
    Arrivals, Calendar, Cusum, Extreme, Latch, Level, PageHinkley, Peers, Regression, Run, Season, Side, Variance,
};
use rules::detect::{Detector, Field, Habit, Member, Multivariate, Sample, Turn, Univariate};
use serde::Serialize;

use crate::score::Dice;

const HOUR: Duration = Duration::from_secs(3600);

fn hour(n: u64) -> Timestamp {
    Timestamp::parse("2026-01-01T00:00:00Z").unwrap().plus(Duration::from_secs(3600 * n))
}

#[test]
fn a_level_is_not_bent_by_one_value_in_ten() {
    let (mut dice, mut level) = (Dice(1), Level::new(500, 0.0));
    for n in 0..5_000 {
        let value = 20.0 + 2.0 * dice.normal();
        level.learn(if n % 10 == 9 { 1e6 } else { value });
    }
    assert!((level.center() - 20.0).abs() < 1.5, "{}", level.center());
    assert!((1.5..5.0).contains(&level.spread()), "{}", level.spread());
}

#[test]
fn a_level_knows_a_normal_spread() {
    let (mut dice, mut level) = (Dice(2), Level::new(2000, 0.0));
    (0..20_000).for_each(|_| level.learn(5.0 + 3.0 * dice.normal()));
    assert!((level.center() - 5.0).abs() < 0.3 && (level.spread() - 3.0).abs() < 0.3, "{level:?}");
}

#[test]
fn a_season_tells_the_night_from_the_day_and_sunday_from_monday() {
    let (mut calendar, mut season) = (Calendar::default(), Season::new(10, 0.1));
    for n in 0..24 * 60 {
        let local = calendar.local(hour(n));
        season.learn(local, if (8.0..18.0).contains(&local.hour) { 50.0 } else { 5.0 });
    }
    let noon = season.expect(calendar.local(hour(24 * 60 + 11))).unwrap();
    let night = season.expect(calendar.local(hour(24 * 60 + 2))).unwrap();
    assert!((noon.center - 50.0).abs() < 0.01 && (night.center - 5.0).abs() < 0.01, "{noon:?} {night:?}");
    assert!(noon.spread >= 0.1);
}

#[test]
fn a_cusum_finds_a_small_shift_and_leaves_noise_alone() {
    let (mut dice, mut cusum) = (Dice(3), Cusum::new(0.5, 10.0, 4.0));
    assert!((0..20_000).all(|_| cusum.observe(dice.normal()).is_none()));
    let delay = (0..200).position(|_| cusum.observe(dice.normal() - 1.5) == Some(Side::Down));
    assert!(delay.is_some_and(|delay| delay < 30), "{delay:?}");
    // A single spike counts for at most four.
    cusum.reset();
    assert_eq!(cusum.observe(1e9), None);
}

#[test]
fn page_and_hinkley_find_a_new_level() {
    let (mut dice, mut test) = (Dice(4), PageHinkley::new(0.5, 15.0));
    assert!((0..2_000).all(|_| test.observe(100.0 + dice.normal()).is_none()));
    assert_eq!((0..100).find_map(|_| test.observe(103.0 + dice.normal())), Some(Side::Up));
}

#[test]
fn restlessness_is_measured_in_times_the_usual() {
    let (mut dice, mut variance) = (Dice(5), Variance::new(30, 1000, 0.0));
    let calm = (0..5_000).filter_map(|_| variance.observe(dice.normal())).last().unwrap();
    let restless = (0..60).filter_map(|_| variance.observe(3.0 * dice.normal())).last().unwrap();
    let dead = (0..200).filter_map(|_| variance.observe(0.0)).last().unwrap();
    assert!((0.6..1.5).contains(&calm) && restless > 1.7 && dead < 0.2, "{calm} {restless} {dead}");
}

#[test]
fn a_run_is_stuck_when_it_is_long_for_this_series() {
    let mut run = Run::new(0.0);
    // This one repeats itself four times as a habit.
    (0..400).for_each(|n| run.observe(hour(n), (n / 4 % 7) as f64));
    (400..407).for_each(|n| run.observe(hour(n), 3.5));
    assert!(!run.is_stuck(5, 3.0));
    (407..420).for_each(|n| run.observe(hour(n), 3.5));
    assert!(run.is_stuck(5, 3.0) && !run.at_end_of_scale() && run.lasted() == 19 * HOUR);
    (420..440).for_each(|n| run.observe(hour(n), 6.0));
    assert!(run.is_stuck(5, 3.0) && run.at_end_of_scale());
}

#[test]
fn silence_and_a_lossy_link_are_told_apart() {
    let mut link = Arrivals::new(HOUR, 48);
    (0..500).for_each(|n| link.observe(hour(n)));
    assert!(link.shortfall() == 0.0 && link.overdue(hour(500)) == 0.0);
    assert_eq!(link.overdue(hour(503)), 3.0);
    (500..600).filter(|n| n % 2 == 0).for_each(|n| link.observe(hour(n)));
    assert!(link.shortfall() > 4.0 && (0.3..0.7).contains(&link.share()), "{link:?}");
}

#[test]
fn a_group_is_where_most_of_it_is() {
    let mut values = vec![1.0, 1.2, f64::NAN, 0.8, 90.0, 1.1, 0.9];
    let peers = Peers::of(&mut values).unwrap();
    assert!((peers.center - 1.05).abs() < 1e-9 && peers.count == 6 && peers.spread < 0.3);
    assert!(peers.standing(90.0, 0.01) > 100.0);
    assert_eq!(Peers::of(&mut vec![f64::INFINITY]), None);
}

#[test]
fn the_wanted_rate_of_alarms_is_kept() {
    let (mut dice, mut tail) = (Dice(6), Extreme::new(1e-4));
    let alarms = (0..200_000).filter(|_| tail.observe(dice.normal())).count();
    // Twenty are wanted; a threshold from moments may be off by some, not by orders.
    assert!((5..=60).contains(&alarms), "{alarms}");
    assert!(tail.observe(8.0) && !tail.observe(1.0), "{:?}", tail.threshold());
}

#[test]
fn one_alert_for_a_trembling_fault() {
    let mut latch = Latch::new(3 * HOUR, 10 * HOUR);
    let mut turns = Vec::new();
    for n in 0..40 {
        let wrong = matches!(n, 5 | 7 | 9 | 15 | 30);
        turns.extend(latch.observe(hour(n), wrong).map(|turn| (n, turn)));
    }
    let expected = [(5, Turn::Raised), (12, Turn::Cleared), (30, Turn::Raised), (33, Turn::Cleared)];
    assert_eq!(turns, expected);
}

#[test]
fn a_regression_finds_what_explains_a_value() {
    let (mut dice, mut regression) = (Dice(7), Regression::new(3, 2000.0));
    for _ in 0..5_000 {
        let (a, b) = (dice.even(), dice.even());
        regression.learn(&[1.0, a, b], 3.0 + 2.0 * a - b + 0.1 * dice.normal(), 1.0).unwrap();
    }
    for (got, true_one) in regression.coefficients().iter().zip([3.0, 2.0, -1.0]) {
        assert!((got - true_one).abs() < 0.05, "{:?}", regression.coefficients());
    }
    assert!(regression.uncertainty(&[1.0, 0.0, 0.0]) < 0.01);
}

/// Long stretches in which nothing is excited (a constant night), collinear regressors, and sudden life in between: the plain form loses
/// its covariance here. `SPECOLA_READINGS` sets how many; a million take a moment.
#[test]
fn a_regression_never_loses_its_footing() {
    let readings = std::env::var("SPECOLA_READINGS").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000_000_u64);
    let (mut dice, mut regression) = (Dice(8), Regression::new(5, 300.0));
    let mut worst: f64 = 0.0;
    for n in 0..readings {
        let asleep = n / 20_000 % 3 != 0;
        let warm = if asleep { 0.0 } else { dice.even() };
        let light = if asleep { 0.0 } else { 1000.0 * dice.even() };
        // The fourth repeats the second, the fifth is always nothing.
        let h = [1.0, warm, light, warm, 0.0];
        let truth = 10.0 + 4.0 * warm + 0.01 * light;
        let residual = regression.learn(&h, truth + 0.1 * dice.even(), 5.0).unwrap();
        if !asleep && n % 20_000 > 2_000 {
            worst = worst.max(residual.abs());
        }
    }
    assert!(regression.coefficients().iter().all(|c| c.abs() < 100.0), "{:?}", regression.coefficients());
    assert!(worst < 0.5, "{worst}");
    // What was not excited lately is uncertain, up to a bound; what was is not.
    let uncertainty = regression.uncertainty(&[1.0, 0.3, 100.0, 0.3, 0.0]);
    assert!(uncertainty > 0.0 && uncertainty < 1e9, "{uncertainty}");
    assert!(regression.uncertainty(&[1.0, 0.0, 0.0, 0.0, 0.0]) < 0.1);
}

/// Numbers as broken sensors send them.
fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => -100.0..100.0f64,
        1 => any::<f64>(),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, f64::MAX, f64::MIN, 1e99]),
    ]
}

/// Finite numbers only, all the way down: JSON writes others as null.
#[track_caller]
fn sound(part: &impl Serialize) {
    let text = serde_json::to_string(part).unwrap();
    assert!(!text.contains("null"), "{text}");
}

proptest! {
    #[test]
    fn nothing_poisons_a_part(values in prop::collection::vec(any_value(), 0..300)) {
        let mut level = Level::new(50, 0.0);
        let mut season = Season::new(10, 0.0);
        let mut cusum = Cusum::new(0.5, 8.0, 4.0);
        let mut hinkley = PageHinkley::new(0.5, 8.0);
        let mut variance = Variance::new(5, 20, 0.0);
        let mut run = Run::new(0.0);
        let mut tail = Extreme::new(1e-4);
        let mut regression = Regression::new(3, 50.0);
        let mut calendar = Calendar::default();
        for (n, &value) in values.iter().enumerate() {
            let time = hour(n as u64);
            let local = calendar.local(time);
            let standing = level.standing(value);
            level.learn(value);
            season.learn(local, value);
            prop_assert!(season.expect(local).is_none_or(|band| band.center.is_finite() && band.spread.is_finite()));
            cusum.observe(standing);
            cusum.observe(value);
            hinkley.observe(value);
            prop_assert!(variance.observe(value).is_none_or(f64::is_finite));
            run.observe(time, value);
            run.is_stuck(3, 2.0);
            tail.observe(value);
            regression.learn(&[1.0, standing, value], value, 1e3);
            prop_assert!(level.center().is_finite() && level.spread() > 0.0 && level.spread().is_finite());
        }
        sound(&level);
        sound(&season);
        sound(&cusum);
        sound(&hinkley);
        sound(&variance);
        sound(&run);
        sound(&tail);
        sound(&regression);
    }

    #[test]
    fn links_survive_any_times(times in prop::collection::vec(any::<i64>(), 0..100), now in any::<i64>()) {
        let mut link = Arrivals::new(HOUR, 10);
        let mut latch = Latch::new(HOUR, HOUR);
        for time in times {
            link.observe(Timestamp::from_nanos(time));
            latch.observe(Timestamp::from_nanos(time), time % 2 == 0);
            prop_assert!((0.0..=1.0).contains(&link.share()) && link.shortfall().is_finite());
            prop_assert!(link.overdue(Timestamp::from_nanos(now)).is_finite());
        }
        sound(&link);
    }
}

/// Two sensors, a number now and then that no sensor should send.
fn field() -> Field {
    let member = |name: &str| Member { name: name.into(), group: 0, metric: "power".into(), period: HOUR };
    Field { groups: vec!["g".into()], members: vec![member("a"), member("b")] }
}

/// What a detector says about `values`, when it is written down and taken up again before the sample at `cut`.
fn said<D: Detector>(values: &[f64], cut: Option<usize>) -> Vec<String> {
    let (mut detector, mut found) = (D::new(&field()), Vec::new());
    for (n, &value) in values.iter().enumerate() {
        if cut == Some(n) {
            let mut written = Vec::new();
            ciborium::into_writer(&detector, &mut written).unwrap();
            detector = ciborium::from_reader(&written[..]).unwrap();
        }
        let sample = Sample { member: n % 2, time: hour(n as u64), value, companions: &[] };
        detector.observe(&sample, &mut found);
        detector.beat(hour(n as u64), &mut found);
    }
    sound(&detector);
    found.iter().map(|finding| format!("{finding:?}")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn a_detector_goes_on_where_it_was_written_down(
        mut values in prop::collection::vec(-1.0..1.0f64, 1200),
        strange in prop::collection::vec((0..1200_usize, any_value()), 0..40),
        cut in 0..1200_usize,
    ) {
        // From here on everything is elsewhere, so that there is something to say.
        values[1000..].iter_mut().for_each(|value| *value += 30.0);
        strange.into_iter().for_each(|(n, value)| values[n] = value);
        prop_assert_eq!(said::<Univariate>(&values, None), said::<Univariate>(&values, Some(cut)));
        prop_assert_eq!(said::<Multivariate>(&values, None), said::<Multivariate>(&values, Some(cut)));
    }
}

#[test]
fn what_never_happened_is_a_surprise_once() {
    let (mut dice, mut habit) = (Dice(9), Habit::default());
    let surprises: Vec<u64> = (0..3000)
        .filter(|&n| {
            let day = (n as f64 / 24.0 * std::f64::consts::TAU).sin();
            let fault = if (2500..2550).contains(&n) { 4.0 } else { 0.0 };
            habit.observe(hour(n), 20.0 + 5.0 * day + 0.3 * dice.even() + fault) >= 1.0
        })
        .collect();
    let late: Vec<_> = surprises.iter().filter(|n| **n > 1000).collect();
    assert_eq!(late, [&2500], "{surprises:?}");
    let state = serde_json::to_string(&habit).unwrap();
    assert!(size_of::<Habit>() + 24 * size_of::<rules::detect::parts::Mean>() <= 1024, "{}", state.len());
}
