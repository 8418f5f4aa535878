//! Cameras: health of the picture and what it counts. A frozen camera says it is well and shows the same picture for ever.

use super::Moment;
use crate::chance::{between, noise, unit, wander};
use crate::sensor::Samples;

const FRAMES_PER_S: f64 = 25.0;
/// Recorders restart their cameras once in thirty days.
const UPTIME_S: f64 = 30.0 * 86_400.0;

pub(crate) fn camera(key: u64, busy: f64, moment: &Moment, frozen_since: Option<f64>, out: &mut Samples) {
    let focus = between(key, 1, 0.86, 0.97);
    let uptime = (moment.seconds + unit(key, 2) * UPTIME_S).rem_euclid(UPTIME_S);
    let frames = |seconds: f64| (seconds - 1.7e9).max(0.0) * FRAMES_PER_S;
    if let Some(since) = frozen_since {
        out.number("fps", 0.0, 1, "1/s");
        out.number("bitrate", 0.0, 0, "kbit/s");
        out.number("scene_change", 0.0, 3, "");
        out.number("focus", focus, 3, "");
        out.number("frame_id", frames(since), 0, "");
        out.slow_number("uptime", uptime, 0, "s");
        out.number("people", 0.0, 0, "");
        out.number("vehicles", 0.0, 0, "");
        out.word("status", "online");
        return;
    }
    let activity = moment.traffic * busy * (1.0 + 0.25 * wander(key, moment.seconds, 240.0));
    let count = |mean: f64, salt: u64| (mean + mean.sqrt() * noise(key ^ salt, moment.tick)).max(0.0);
    out.number("fps", FRAMES_PER_S - 0.2 + 0.1 * noise(key ^ 3, moment.tick), 1, "1/s");
    out.number("bitrate", 900.0 + 3100.0 * activity + 60.0 * noise(key ^ 4, moment.tick), 0, "kbit/s");
    out.number("scene_change", (0.015 + 0.3 * activity + 0.01 * noise(key ^ 5, moment.tick)).max(0.004), 3, "");
    out.number("focus", focus + 0.004 * noise(key ^ 6, moment.tick), 3, "");
    out.number("frame_id", frames(moment.seconds), 0, "");
    out.slow_number("uptime", uptime, 0, "s");
    out.number("people", count(9.0 * activity, 7), 0, "");
    out.number("vehicles", count(24.0 * activity, 8), 0, "");
    out.word("status", "online");
}
