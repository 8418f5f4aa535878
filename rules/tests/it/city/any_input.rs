//! Whatever comes in, nothing panics, nothing is poisoned, and a detector taken up again says what it would have said.

use model::{Duration, Timestamp};
use proptest::prelude::*;
use rules::detect::camera::Camera;
use rules::detect::streetlight::Streetlight;
use rules::detect::structural::Structural;
use rules::detect::{Detector, Finding, Sample};

use super::stage::{Stage, field, noise};

/// What a member says at a step: a value with its companions, or nothing.
type Says = fn(usize, u32) -> Option<(f64, Vec<f64>)>;

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        4 => -50.0..150.0,
        1 => any::<f64>(),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, f64::MAX, f64::MIN_POSITIVE]),
    ]
}

#[derive(Debug, Clone)]
struct Said {
    member: usize,
    after_minutes: u32,
    value: f64,
    companions: Vec<f64>,
}

fn story() -> impl Strategy<Value = Vec<Said>> {
    let one = (0..8_usize, 0..90_u32, number(), prop::collection::vec(number(), 0..6));
    let one =
        one.prop_map(|(member, after_minutes, value, companions)| Said { member, after_minutes, value, companions });
    prop::collection::vec(one, 1..300)
}

fn tell<D: Detector>(detector: &mut D, now: &mut Timestamp, said: &Said, found: &mut Vec<Finding>) {
    for _ in 0..said.after_minutes {
        *now = now.plus(Duration::from_secs(60));
        detector.beat(*now, found);
    }
    let sample = Sample { member: said.member, time: *now, value: said.value, companions: &said.companions };
    detector.observe(&sample, found);
}

/// Findings in a form that can be compared although NaN is not equal to itself.
fn words(found: &[Finding]) -> Vec<String> {
    found.iter().map(|finding| format!("{finding:?}")).collect()
}

fn survives<D: Detector>(metric: &str, story: &[Said], cut: usize) {
    // Two members more are spoken of than there are.
    let field = field(metric, 2, 3, Duration::from_secs(600));
    let (mut whole, mut taken_up) = (D::new(&field), D::new(&field));
    let (mut now, mut said, mut again) = (Timestamp::EPOCH, Vec::new(), Vec::new());
    for (place, one) in story.iter().enumerate() {
        let mut then = now;
        tell(&mut whole, &mut now, one, &mut said);
        if place == cut {
            taken_up = copied(&taken_up);
        }
        tell(&mut taken_up, &mut then, one, &mut again);
    }
    assert_eq!(words(&said), words(&again));
    // JSON has no NaN: a poisoned number would be written as null, and not be read again.
    let _: D = copied(&whole);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_city_may_say_anything(story in story(), cut in 0..300_usize) {
        survives::<Streetlight>("active_power", &story, cut);
        survives::<Camera>("frame_difference", &story, cut);
        survives::<Structural>("modal_frequency", &story, cut);
    }
}

/// The detector is taken up from its written state every so many steps, in a life with a fault in it.
fn is_the_same_when_taken_up<D: Detector>(metric: &str, period: Duration, steps: u32, says: Says) {
    let field = field(metric, 2, 6, period);
    let (mut whole, mut cut) = (Stage::<D>::new(&field), Stage::<D>::new(&field));
    for step in 0..steps {
        whole.step(step, &mut |member, step| says(member, step));
        cut.step(step, &mut |member, step| says(member, step));
        if step % 97 == 3 {
            cut.detector = copied(&cut.detector);
        }
    }
    assert!(!whole.found.is_empty(), "a story without findings shows nothing");
    assert_eq!(words(&whole.found), words(&cut.found));
}

#[test]
fn lighting_is_the_same_when_taken_up() {
    is_the_same_when_taken_up::<Streetlight>("active_power", Duration::from_secs(1800), 48 * 30, |member, step| {
        let night = step % 48 < 20;
        let dim = if night { 100.0 } else { 0.0 };
        let power =
            if night && (member != 4 || step < 48 * 20) { 60.0 * (1.0 + 0.01 * noise(member, step, 1)) } else { 0.5 };
        Some((power, vec![dim, if night { 0.0 } else { 20_000.0 }]))
    });
}

#[test]
fn cameras_are_the_same_when_taken_up() {
    is_the_same_when_taken_up::<Camera>("frame_difference", Duration::from_secs(600), 144 * 9, |member, step| {
        let soft = if member == 4 && step > 144 * 8 { 0.5 } else { 1.0 };
        let wobble = |salt| 1.0 + 0.05 * noise(member, step, salt);
        Some((4.0 * wobble(1), vec![25.0 * wobble(2), 80.0 * wobble(3), soft * 60.0 * wobble(4)]))
    });
}

#[test]
fn structures_are_the_same_when_taken_up() {
    is_the_same_when_taken_up::<Structural>("modal_frequency", Duration::from_secs(3600), 24 * 50, |member, step| {
        let damage = if member == 4 && step > 24 * 40 { 0.05 } else { 0.0 };
        let air = 10.0 + 5.0 * noise(0, step / 20, 9);
        Some((3.0 - 0.002 * air - damage + 0.01 * noise(member, step, 1), vec![air, 2.0]))
    });
}

/// Written down and read again, to the last bit: JSON would round.
fn copied<D: Detector>(detector: &D) -> D {
    let mut written = Vec::new();
    ciborium::into_writer(detector, &mut written).unwrap();
    ciborium::from_reader(&written[..]).unwrap()
}
