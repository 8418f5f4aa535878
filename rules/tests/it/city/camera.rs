//! What cameras show, and what is said of it.

use model::Duration;
use rules::detect::About;
use rules::detect::About::{Group, Member};
use rules::detect::camera::Camera;

use super::stage::{Stage, field, noise};

const DAY: u32 = 144;
const HEALTHY: u32 = 8 * DAY;

/// Movement, frames, brightness and sharpness.
type Figures = [f64; 4];

fn healthy(member: usize, step: u32) -> Figures {
    let hour = f64::from(step % DAY) / 6.0;
    let day = (1.0 / (1.0 + (-(hour - 6.0) * 3.0).exp())) * (1.0 / (1.0 + ((hour - 18.0) * 3.0).exp()));
    let wobble = |salt, size: f64| 1.0 + size * noise(member, step, salt);
    let own = 1.0 + 0.1 * member as f64;
    let weather = 1.0 + 0.15 * noise(99, step / 12, 3) * day;
    [
        own * (3.0 + 3.0 * day) * wobble(1, 0.2),
        24.8 * wobble(2, 0.01),
        own * (28.0 + 80.0 * day) * weather * wobble(3, 0.02),
        own * (40.0 + 25.0 * day) * wobble(4, 0.06),
    ]
}

/// Eight healthy days of two zones, then four more in which `change` may alter what a camera says: given member, step since the
/// change, and the healthy figures.
fn check(change: fn(usize, u32, Figures) -> Option<Figures>, expected: &[(About, &'static str)]) {
    let mut stage = Stage::<Camera>::new(&field("frame_difference", 2, 6, Duration::from_secs(600)));
    for step in 0..HEALTHY + 4 * DAY {
        stage.step(step, &mut |member, step| {
            let figures = healthy(member, step);
            let [movement, frames, brightness, sharpness] = match step.checked_sub(HEALTHY) {
                Some(since) => change(member, since, figures)?,
                None => figures,
            };
            Some((movement, vec![frames, brightness, sharpness]))
        });
        if step + 1 == HEALTHY {
            assert_eq!(stage.raised(), [], "healthy cameras");
        }
    }
    assert_eq!(stage.raised(), expected);
}

#[test]
fn a_picture_that_stands_still_is_found() {
    check(
        |member, _, [m, f, b, s]| Some(if member == 1 { [0.02, f, b, s] } else { [m, f, b, s] }),
        &[(Member(1), "frozen")],
    );
}

#[test]
fn a_covered_lens_is_found() {
    let covered = |member, _, [m, f, b, s]: Figures| {
        Some(if member == 4 { [0.4 * m, f, 0.5 * b, 0.4 * s] } else { [m, f, b, s] })
    };
    check(covered, &[(Member(4), "occluded")]);
}

#[test]
fn a_picture_out_of_focus_is_found() {
    check(|member, _, [m, f, b, s]| Some([m, f, b, if member == 4 { 0.65 * s } else { s }]), &[(Member(4), "defocus")]);
}

#[test]
fn a_lens_that_gets_dirty_is_found() {
    let dirty = |member, since, [m, f, b, s]: Figures| {
        let loss = if member == 2 { 0.05 * f64::from(since) / f64::from(DAY) } else { 0.0 };
        Some([m, f, b, s * (1.0 - loss)])
    };
    check(dirty, &[(Member(2), "lens_dirt")]);
}

#[test]
fn a_camera_that_was_moved_is_found() {
    let moved = |member, _, [m, f, b, s]: Figures| {
        Some(if member == 3 { [0.8 * m, f, 1.4 * b, 1.35 * s] } else { [m, f, b, s] })
    };
    check(moved, &[(Member(3), "moved")]);
}

#[test]
fn a_camera_that_is_blind_at_night_is_found() {
    let blind = |member, since: u32, [m, f, b, s]: Figures| {
        let night = !(36..108).contains(&(since % DAY));
        Some(if member == 0 && night { [m, f, 0.3 * b, 0.6 * s] } else { [m, f, b, s] })
    };
    check(blind, &[(Member(0), "ir_failure")]);
}

#[test]
fn a_slow_camera_is_found() {
    check(|member, _, [m, f, b, s]| Some([m, if member == 5 { 0.7 * f } else { f }, b, s]), &[(Member(5), "low_fps")]);
}

#[test]
fn a_silent_camera_is_unreachable_and_one_that_comes_and_goes_is_flapping() {
    check(|member, _, figures| (member != 5).then_some(figures), &[(Member(5), "offline")]);
    check(|member, since, figures| (member != 5 || since % 2 == 0).then_some(figures), &[(Member(5), "flapping")]);
}

#[test]
fn a_silent_zone_is_one_finding() {
    check(|member, _, figures| (member < 6).then_some(figures), &[(Group(1), "offline")]);
}

#[test]
fn fog_feasts_and_restarts_are_no_faults() {
    let fog = |member, since, [m, f, b, s]: Figures| {
        let foggy = member < 6 && (30..66).contains(&since);
        Some([m, f, b, if foggy { 0.4 * s * (1.0 + 0.02 * member as f64) } else { s }])
    };
    check(fog, &[]);
    let feast = |member, since, [m, f, b, s]: Figures| {
        let loud = member < 6 && (90..130).contains(&since);
        Some([if loud { 2.0 * m * (1.0 + 0.04 * member as f64) } else { m }, f, b, s])
    };
    check(feast, &[]);
    check(|member, since, figures| (member != 2 || ![50, 51].contains(&since)).then_some(figures), &[]);
}

#[test]
fn long_silences_that_come_again_and_again_are_one_finding() {
    // Four readings are lost of every six: each silence alone would be a camera that is gone.
    let goes = |member, since: u32, figures: Figures| (member != 5 || since % 6 < 2).then_some(figures);
    let mut stage = Stage::<Camera>::new(&field("frame_difference", 2, 6, Duration::from_secs(600)));
    for step in 0..HEALTHY + 2 * DAY {
        stage.step(step, &mut |member, step| {
            let [movement, frames, brightness, sharpness] = match step.checked_sub(HEALTHY) {
                Some(since) => goes(member, since, healthy(member, step))?,
                None => healthy(member, step),
            };
            Some((movement, vec![frames, brightness, sharpness]))
        });
    }
    let raised = stage.raised();
    assert!(raised.contains(&(Member(5), "flapping")), "{raised:?}");
    assert!(raised.len() <= 2, "{raised:?}");
}
