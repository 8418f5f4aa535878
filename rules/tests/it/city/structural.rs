//! What structures show, and what is said of it.

use model::{Duration, Timestamp};
use rules::detect::About::{Group, Member};
use rules::detect::structural::Structural;
use rules::detect::{About, Detector, Field};

use super::stage::{Stage, field, noise};

const HEALTHY: u32 = 60 * 24;

fn temperature(step: u32) -> f64 {
    let (day, hour) = (f64::from(step / 24), f64::from(step % 24));
    let season = 8.0 + 10.0 * (day / 58.0).sin();
    season + 4.0 * ((hour - 9.0) / 24.0 * std::f64::consts::TAU).sin() + 3.0 * noise(7, step / 60, 5)
}

/// Follows the air with a lag of a dozen hours.
struct Warmth(f64);

impl Warmth {
    fn follow(&mut self, air: f64) -> f64 {
        self.0 += (air - self.0) / 12.0;
        self.0
    }
}

/// Two structures with two frequencies and a crack each.
fn structures() -> Field {
    let mut field = field("modal_frequency", 2, 3, Duration::from_secs(3600));
    field.members[2].metric = "crack".to_owned();
    field.members[5].metric = "crack".to_owned();
    field
}

/// Sixty healthy days, then forty more in which `change` may alter a value: given member, step since the change, and the noise of a
/// reading, it tells what is added to the healthy value.
fn check(change: fn(usize, u32, f64) -> f64, expected: &[(About, &'static str)]) {
    let mut stage = Stage::<Structural>::new(&structures());
    let mut warmth = Warmth(8.0);
    for step in 0..HEALTHY + 40 * 24 {
        let (air, warm) = (temperature(step), warmth.follow(temperature(step)));
        let wind = 4.0 + 4.0 * noise(8, step / 30, 6);
        stage.step(step, &mut |member, step| {
            let crack = member % 3 == 2;
            let noisy = 0.01 * noise(member, step, 1);
            let frost = if warm < 0.0 { -0.03 * warm } else { 0.0 };
            let healthy = if crack { 0.4 - 0.004 * warm } else { 3.0 - 0.002 * warm - 0.002 * wind + frost };
            let added = step.checked_sub(HEALTHY).map_or(0.0, |since| change(member, since, noisy));
            Some((healthy + noisy + added, vec![air, wind]))
        });
        if step + 1 == HEALTHY {
            assert_eq!(stage.raised(), [], "healthy structures");
        }
    }
    assert_eq!(stage.raised(), expected);
}

#[test]
fn weather_is_no_damage() {
    check(|_, _, _| 0.0, &[]);
}

#[test]
fn a_sudden_loss_of_stiffness_is_found_once_for_the_structure() {
    check(|member, _, _| if member < 2 { -0.03 } else { 0.0 }, &[(Group(0), "damage_sudden")]);
}

#[test]
fn a_slow_loss_of_stiffness_is_found_once_for_the_structure() {
    check(
        |member, since, _| if member == 3 { -0.00002 * f64::from(since) } else { 0.0 },
        &[(Group(1), "damage_progressive")],
    );
}

#[test]
fn a_growing_crack_is_found() {
    check(
        |member, since, _| if member == 5 { 0.00003 * f64::from(since) } else { 0.0 },
        &[(Member(5), "crack_growth")],
    );
}

#[test]
fn a_noisy_sensor_is_found() {
    check(|member, _, noisy| if member == 1 { 3.0 * noisy } else { 0.0 }, &[(Member(1), "sensor_noise")]);
}

#[test]
fn a_sensor_that_repeats_itself_is_found() {
    let mut stage = Stage::<Structural>::new(&structures());
    for step in 0..HEALTHY {
        stage.step(step, &mut |member, step| {
            let stuck = member == 4 && step > 30 * 24;
            Some((if stuck { 2.5 } else { 2.5 + 0.01 * noise(member, step, 1) }, vec![temperature(step), 3.0]))
        });
    }
    assert_eq!(stage.raised(), [(Member(4), "sensor_stuck")]);
}

#[test]
fn every_structure_has_its_light_within_a_minute_of_a_quake() {
    let mut structural = Structural::new(&structures());
    let mut found = Vec::new();
    structural.quake(&[0.05]);
    structural.beat(Timestamp::EPOCH.plus(Duration::from_secs(60)), &mut found);
    let said: Vec<_> = found.iter().map(|finding| (finding.about, finding.kind)).collect();
    assert_eq!(said, [(Group(0), "seismic_green"), (Group(1), "seismic_yellow")], "who was not measured is not green");
    // An aftershock that is harder changes the light.
    found.clear();
    structural.quake(&[4.0, 0.01]);
    structural.beat(Timestamp::EPOCH.plus(Duration::from_secs(120)), &mut found);
    let said: Vec<_> = found.iter().map(|finding| (finding.about, finding.kind, finding.turn)).collect();
    use rules::detect::Turn::{Cleared, Raised};
    assert_eq!(
        said,
        [
            (Group(0), "seismic_green", Cleared),
            (Group(0), "seismic_red", Raised),
            (Group(1), "seismic_yellow", Cleared),
            (Group(1), "seismic_green", Raised)
        ]
    );
}
